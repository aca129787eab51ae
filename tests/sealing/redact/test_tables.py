"""What the heading of a column says, it says of each cell: CSV, Markdown, what databases print."""

import json
import time
from itertools import chain

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.sealing.redact import Redactor
from sealift.sealing.redact.documents.json_escapes import softened
from sealift.sealing.redact.documents.json_tables import _strings
from sealift.sealing.redact.tables.delimited import tables_in
from sealift.sealing.redact.tables.html_tables import html_tables_in

CSV = """\
id,full_name,ssn,phone,city
1,Temperance Aldous,078051120,2125551234,Berlin
2,Anselm Vogt,219099999,4144346990,Linz
"""


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(["pii", "secrets"], "label")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_bare_values_are_found_by_their_columns_heading(redactor: Redactor, separator: str) -> None:
    done = redactor.redact_text(CSV.replace(",", separator)).data
    assert done.replace(separator, ",") == (
        "id,full_name,ssn,phone,city\n1,[NAME],[SSN],[PHONE],Berlin\n2,[NAME],[SSN],[PHONE],Linz\n"
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            "| Name | Passport no. | Floor |\n|:--|---|--:|\n| Xi Lu | U09113384 | 3 |\n"
            "| Ana Ng | | 4 |\n| Bo Ek | EP771204 | 5 |",
            "| Name | Passport no. | Floor |\n|:--|---|--:|\n| [NAME] | [PASSPORT] | 3 |\n"
            "| [NAME] | | 4 |\n| [NAME] | [PASSPORT] | 5 |",
            id="markdown",
        ),
        pytest.param(
            " id | ssn\n----+-----------\n  1 | 078051120\n  2 | 219099999\n",
            " id | ssn\n----+-----------\n  1 | [SSN]\n  2 | [SSN]\n",
            id="what a database prints",
        ),
        pytest.param(
            '"ssn","remark"\r\n"078051120","a, b"\r\n"219099999","two\r\nlines, here"\r\n'
            '"457555462",""\r\n',
            '"ssn","remark"\r\n"[SSN]","a, b"\r\n"[SSN]","two\r\nlines, here"\r\n"[SSN]",""\r\n',
            id="quoted cells",
        ),
        pytest.param(
            "city, ssn\nLinz, 078051120\nRom, 219099999\n",
            "city, ssn\nLinz, [SSN]\nRom, [SSN]\n",
            id="blanks behind commas",
        ),
        pytest.param(
            "Hi,\nhere, at last.\ncity, ssn no\nLinz, 078051120\n",
            "Hi,\nhere, at last.\ncity, ssn no\nLinz, [SSN]\n",
            id="blanks behind commas and lines before it",
        ),
        pytest.param(
            "<table><tr><th>City</th><th>SSN</th></tr><tr><td>Linz</td><td>078051120</td></tr>"
            "<TR><TD>Rom<TD class='x'>\n<b>219099999 </b></TR></table>",
            "<table><tr><th>City</th><th>SSN</th></tr><tr><td>Linz</td><td>[SSN]</td></tr>"
            "<TR><TD>Rom<TD class='x'>\n<b>[SSN] </b></TR></table>",
            id="html",
        ),
        pytest.param(
            "| # | SSN | 2023 | > |\n|---|---|---|---|\n| 1 | 078051120 | 5 | 6 |",
            "| # | SSN | 2023 | > |\n|---|---|---|---|\n| 1 | [SSN] | 5 | 6 |",
            id="headings that are none",
        ),
        pytest.param(
            "| a | b |\n|---|---|\n| 1 | 2 |\n\nYou:\n| id | ssn |\n|---|---|\n| 1 | 078051120 |\n",
            "| a | b |\n|---|---|\n| 1 | 2 |\n\nYou:\n| id | ssn |\n|---|---|\n| 1 | [SSN] |\n",
            id="close behind another",
        ),
        pytest.param(
            "a,b\n" + "1,2\n" * 30 + "\nid,ssn\n1,078051120\n",
            "a,b\n" + "1,2\n" * 30 + "\nid,ssn\n1,[SSN]\n",
            id="far behind another",
        ),
        pytest.param(
            "a,ssn\n1,-\n2,n/a\n3,0\n4,BLOCKED\n5,[SSN]\n6,000000000\n7,x\n8,078051120",
            "a,ssn\n1,-\n2,n/a\n3,0\n4,BLOCKED\n5,[SSN]\n6,000000000\n7,x\n8,[SSN]",
            id="placeholders",
        ),
        pytest.param(
            'remark,ssn\nx,219099999\n"he said ""hi"", ok",078051120\n',
            'remark,ssn\nx,[SSN]\n"he said ""hi"", ok",[SSN]\n',
            id="quotes in quotes",
        ),
        pytest.param(
            'size,ssn\n5",219099999\n6",078051120\n', 'size,ssn\n5",[SSN]\n6",[SSN]\n', id="inches"
        ),
        pytest.param(
            "| Remark | SSN |\n|---|---|\n| a \\| b | 078051120 |\n",
            "| Remark | SSN |\n|---|---|\n| a \\| b | [SSN] |\n",
            id="escaped pipes",
        ),
        pytest.param("a,ssn\n1,078051120,\n", "a,ssn\n1,[SSN],\n", id="one more separator"),
        pytest.param(
            "> | id | ssn |\n> |---|---|\n> | 1 | 078051120 |\n",
            "> | id | ssn |\n> |---|---|\n> | 1 | [SSN] |\n",
            id="quoted in a mail",
        ),
        pytest.param(
            "\u2502 id \u2502 ssn \u2502\n\u2502 1 \u2502 078051120 \u2502\n",
            "\u2502 id \u2502 ssn \u2502\n\u2502 1 \u2502 [SSN] \u2502\n",
            id="drawn",
        ),
        pytest.param(
            "user,password\nann,hunter22x\nbo,trustno1y\n",
            "user,password\nann,[PASSWORD]\nbo,[PASSWORD]\n",
            id="passwords",
        ),
        pytest.param(
            "Hello, here it is:\nas of 1,Monday\nssn,city\n078051120,Linz\n",
            "Hello, here it is:\nas of 1,Monday\nssn,city\n[SSN],Linz\n",
            id="lines before it",
        ),
        pytest.param(
            "a,ssn\n1,078051120\n\nnote\n2,219099999\n",
            "a,ssn\n1,[SSN]\n\nnote\n2,[SSN]\n",
            id="lines between",
        ),
        pytest.param(
            "a,ssn\n" + "1,\n" * 9 + "2,078051120\n",
            "a,ssn\n" + "1,\n" * 9 + "2,[SSN]\n",
            id="cells that are empty",
        ),
        pytest.param(
            'a,ssn\n"x,078051120\ny,219099999', 'a,ssn\n"x,[SSN]\ny,[SSN]', id="a quote left open"
        ),
        pytest.param('ssn,"b"\n078051120,"', 'ssn,"b"\n[SSN],"', id="ends in a quote"),
        pytest.param('ssn,"b"\n078051120,', 'ssn,"b"\n[SSN],', id="ends in a separator"),
    ],
)
def test_however_the_table_is_written(redactor: Redactor, table: str, expected: str) -> None:
    assert redactor.redact_text(table).data == expected
    assert redactor.redact_text(expected).data == expected
    for write in (json.dumps, _in_letters, _as_go_does, _by_number):
        done = redactor.redact(write({"rows": table, "note": "a, b"}).encode(), "json").data
        assert done.decode() == write({"rows": expected, "note": "a, b"})


PIECES = (
    *("\t", "|", ";", ",", ", ", "\u2502", "\n", "\r\n", '"', "\\", "/", " ", "-", "--", "#"),
    *("a", "Ssn", "é", "078051120", "\u2028", "\x07", "<tr>", "<TR", "<td>", "b."),
)


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=30,
    ).map("".join),
    st.sampled_from(range(4)),
)
@example("a\tb\n1\t2", 3)
@example("a|b\n1|2", 3)
@example("a,b\n1,2", 3)
@example("a b, c d\n1, 2", 3)
def test_no_string_with_a_table_is_passed_over(text: str, way: int) -> None:
    """Whatever wrote the JSON: one look at the document decides which strings are decoded."""
    write = (json.dumps, _in_letters, _as_go_does, _by_number)[way]
    document = write({"x": text}).encode()
    plain = softened(document)
    tables = chain(tables_in(text.encode()), html_tables_in(text.encode()))
    if any(True for table in tables for _ in table):
        start = document.index(b": ") + 3
        assert (start, len(document) - 2) in _strings(plain)


def _by_number(members: dict[str, str]) -> str:
    """Write as some do who trust nothing but letters, digits and a few marks."""
    written = (f'"{key}": "{"".join(map(_numbered, text))}"' for key, text in members.items())
    return "{" + ", ".join(written) + "}"


def _numbered(character: str) -> str:
    if (character.isascii() and character.isalnum()) or character in " -.[]":
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _in_letters(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _as_go_does(value: object) -> str:
    return json.dumps(value).replace("<", r"\u003c").replace(">", r"\u003e")


@pytest.mark.parametrize(
    "text",
    [
        "name,price\nSilver Lake,12\nBlue Moon,3\n",
        "| Name | Price |\n|---|---|\n| Silver Lake | 12 |\n| Blue Moon | 3 |\n",
        "order,total\n8100339075793834,12.50\n",
        "ssn,city\nnone,Linz\n",
        "class User {\n  private String name;\n  private String password;\n  private int age;\n}\n",
        "import password;\nimport os2;\nimport json;\n",
        "all:\n\techo password\n\tmake build2\n\tmake test\n",
        "cat x | grep password\ncat y | grep foobar1\ncat z | sort\n",
        "from x import user,password\nfrom y import foo,bar2\n",
        "The password, please\nthe button, next\n",
        "1. Enter password, click OK\n2. Go home, sleep\n3. Eat, drink\n",
        "Category,Owner\nPassword,Team A\nBilling,Team B\n",
        "| Method | Password | Passkey |\n|---|---|---|\n| Ease | Medium | High |\n",
    ],
)
def test_what_is_harmless_under_its_heading_stays(redactor: Redactor, text: str) -> None:
    assert redactor.redact_text(text).data == text


def test_a_file_of_csv_is_redacted_as_its_text_is(redactor: Redactor) -> None:
    done = redactor.redact(CSV.encode(), "any")
    assert done.data.decode() == redactor.redact_text(CSV).data
    assert dict(done.counts) == {"name-announced": 2, "ssn-announced": 2, "phone-of-key": 2}


@pytest.mark.parametrize(
    "line",
    [
        "1,2,3\n",
        "ab,cd,ef\n",
        'a,"b\n',
        "a|b\n\n\n\n",
        "aa bb, cc dd\n",
        "aa bb cc dd ee, ",
        "<tr><td>a",
        "<td><b>",
        '"a","b","c"\n',
        "ssn,a\n,078051120\n",
    ],
)
def test_time_grows_with_the_length_and_no_faster(redactor: Redactor, line: str) -> None:
    """Four times the text takes far less than the sixteen times of a quadratic search."""

    def seconds(length: int) -> float:
        text = line * (length // len(line))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            redactor.redact_text(text)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(20_000), seconds(80_000)
    assert large < 9 * small + 0.01, (small, large)


def test_a_wide_rule_or_row_takes_linear_time(redactor: Redactor) -> None:
    def seconds(text: str) -> float:
        start = time.process_time()
        redactor.redact_text(text)
        return time.process_time() - start

    for wide in ("a|b\n{}|x\n", "a,b\n{}\n"):
        small, large = (
            min(seconds(wide.format(one * size)) for _ in range(3))
            for one in ("-" if "|" in wide else '"a,',)
            for size in (4_000, 16_000)
        )
        assert large < 9 * small + 0.01, (wide, small, large)


@pytest.mark.parametrize(
    "cells",
    [("Alexandria", "Violet", "Oslo"), ("Claude", "Gemini", "Mistral"), ("Katrina", "Ida", "Nova")],
)
def test_a_column_of_things_called_like_people_stays(
    redactor: Redactor, cells: tuple[str, ...]
) -> None:
    text = "name,size,year\n" + "".join(f"{cell},{n},19{n}0\n" for n, cell in enumerate(cells, 3))
    assert redactor.redact_text(text).data == text
