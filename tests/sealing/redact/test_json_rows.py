"""Lists of lists in JSON: what the heading of a column says, it says of each cell."""

import json
import time

import pytest

from sealift.sealing.redact import Redactor


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(["pii", "secrets"], "label")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            '{"rows": [["Name", "SSN"], ["Ann Lee", "078051120"], ["", null], ["Bo", 219099999]]}',
            '{"rows": [["Name", "SSN"], ["[NAME]", "[SSN]"], ["", null], ["[NAME]", "[SSN]"]]}',
        ),
        (
            '{"columns":["id","ssn"],"index":[0],"data":[[1,"0780\\u0035112\\u0030"],[2,219099999]]}',
            '{"columns":["id","ssn"],"index":[0],"data":[[1,"[SSN]"],[2,"[SSN]"]]}',
        ),
        (
            '{"data":[["Linz","078051120"]],"meta":{"fields":["city","ssn"]}}',
            '{"data":[["Linz","[SSN]"]],"meta":{"fields":["city","ssn"]}}',
        ),
        (
            '[{"cols":["id","ssn"],"x":[[1,"078051120"]]},{"cols":["id","no"],"x":[[1,"219099999"]]}]',
            '[{"cols":["id","ssn"],"x":[[1,"[SSN]"]]},{"cols":["id","no"],"x":[[1,"219099999"]]}]',
        ),
        (
            '{"columns":["a","b"],"t":[["id","ssn"],[1,"078051120"]]}',
            '{"columns":["a","b"],"t":[["id","ssn"],[1,"[SSN]"]]}',
        ),
        ('[[null,"ssn"],[0,"078051120"]]', '[[null,"ssn"],[0,"[SSN]"]]'),
        (
            '[["\\u0438\\u043c\\u044f","x"],["Anna Schmidt",1]]',
            '[["\\u0438\\u043c\\u044f","x"],["[NAME]",1]]',
        ),
        (
            '[["id","ssn","tags"],[1,"078051120",{"a":[]}],[0,"219099999",["x"]]]',
            '[["id","ssn","tags"],[1,"[SSN]",{"a":[]}],[0,"[SSN]",["x"]]]',
        ),
    ],
)
def test_lists_of_lists_are_tables(redactor: Redactor, document: str, expected: str) -> None:
    assert redactor.redact(document.encode(), "json").data.decode() == expected
    assert redactor.redact(expected.encode(), "json").data.decode() == expected


@pytest.mark.parametrize(
    "document",
    [
        '{"products": [["name", "price"], ["Silver Lake", 12]]}',
        "[[1.5, 2], [3, 4], [true, null]]",
        '[["a"], []]',
        "[[], [[]], [[[1]]]]",
        '{"link": "[[\\"x\\", \\"y\\"], [[Page]]"}',
        '{"columns": ["ssn"], "data": [[{"a": 1}]]}',
        '{"columns": [], "data": [[]]}',
        '{"pairs":[["password","string"],["age","integer"],["city","string"]]}',
        '{"keys":["lat","phone"],"path":[[1234567,7654321]]}',
    ],
)
def test_other_lists_of_lists_stay(redactor: Redactor, document: str) -> None:
    assert redactor.redact(document.encode(), "json").data.decode() == document


def test_long_lists_of_lists_take_linear_time(redactor: Redactor) -> None:
    def seconds(rows: int) -> float:
        document = json.dumps([["ssn", "n"], *[["078051120", n] for n in range(rows)]]).encode()
        start = time.process_time()
        redactor.redact(document, "json")
        return time.process_time() - start

    small, large = min(seconds(250) for _ in range(3)), seconds(1_000)
    assert large < 9 * small + 0.01, (small, large)


def test_deep_lists_take_linear_time(redactor: Redactor) -> None:
    def seconds(depth: int) -> float:
        document = b"[" * depth + b",".join([b'["a"]'] * 4_000) + b"]" * depth
        start = time.process_time()
        redactor.redact(document, "json")
        return time.process_time() - start

    flat, deep = min(seconds(2) for _ in range(3)), seconds(200)
    assert deep < 9 * flat + 0.01, (flat, deep)


def test_lines_of_json_do_not_share_their_headings(redactor: Redactor) -> None:
    lines = (
        b'{"columns":["id","city"],"data":[[1,"Linz"]]}\n'
        b'{"columns":["id","ssn"],"data":[[1,"078051120"]]}\n{"data":[[1,"219099999"]]}\n'
    )
    assert redactor.redact(lines, "ndjson").data == lines.replace(b"078051120", b"[SSN]")
