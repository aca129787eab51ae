"""What holds for any document: see each test's sentence."""

import json
import xml.etree.ElementTree as ET
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.sealing.redact import Redactor
from sealift.sealing.redact.documents.json_escapes import QUOTE, unescaped, written_positions
from tests.sealing.redact.samples import redactor

MINE = redactor()
WAYS = {
    how: redactor(replacement=how, key=b"key", fields=fields)
    for how, fields in (("label", {}), ("hash", {}), ("BLOCKED", {"$..secret": "drop"}))
}

PACKS = Redactor(["pii", "secrets", "hipaa"])

UNHURRIED = settings(deadline=None)
"""The machine may be busy: no example fails for the time it takes."""

VALUES = ("john@example.com", "4111 1111 1111 1111", "4111111111111111", "Zoë.K@mail.example.org")
plain_texts = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="@0123456789"), max_size=12
)
planted = st.sampled_from(VALUES)
texts = st.one_of(
    plain_texts,
    st.tuples(plain_texts, planted, plain_texts).map(" ".join),
)


def documents(strings: st.SearchStrategy[str], numbers: list[Any]) -> st.SearchStrategy[Any]:
    leaves = strings | st.sampled_from([*numbers, 1, 0.5, None, True, 10**25])
    return st.recursive(
        leaves,
        lambda inside: st.lists(inside, max_size=4) | st.dictionaries(strings, inside, max_size=4),
        max_leaves=20,
    )


dirty = documents(texts, [4111111111111111])
clean = documents(plain_texts, [])
layouts = st.sampled_from([(None, (",", ":")), (None, (" , ", " : ")), (1, (",", ": "))])


def written(value: Any, layout: Any, *, ascii_only: bool) -> bytes:
    indent, separators = layout
    text = json.dumps(value, indent=indent, separators=separators, ensure_ascii=ascii_only)
    return text.encode()


def shape(value: Any) -> Any:
    """The structure: kinds and sizes, with numbers and texts as leaves."""
    if isinstance(value, dict):
        return [shape(one) for one in value.values()]
    if isinstance(value, list):
        return (len(value), [shape(one) for one in value])
    return None


odd_texts = st.text(st.sampled_from([*'\\u"x', "é", "\U0001f600"]), max_size=9) | st.text(
    st.sampled_from([*'\\"{}[]|,;\n\t x\x1f']), max_size=90
)
contexts = st.sampled_from(
    [
        {"type": "passport", "number": "{}"},
        {"m": ["{}" * 3 + " What is your passport number?", "it is C01X00T47{}"]},
        {"m": ["{}" * 40 + "what is your passport number?", "C01X00T47"]},
        {"t": "a{},ssn\n1{},078051120\n"},
        {"t": "| SSN | {} |\n|---|---|\n| 078051120 | {} |"},
        {"rows": [["ssn", "{}"], ["078051120", "{}"]]},
        {"columns": ["ssn{}", "b"], "data": [["078051120", "{}"]]},
        {"passports": ["C01X00T47{}", "C01X00T48"]},
    ]
)


def filled(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {key: filled(one, text) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, text) for one in value]
    return value.replace("{}", text)


@UNHURRIED
@given(contexts, odd_texts, st.booleans())
def test_what_stands_around_a_context_never_stops_a_document(
    context: Any, text: str, ascii_only: bool
) -> None:
    """Contexts are cut and put together anew for the search: no character may be cut in two."""
    document = filled(context, text)
    done = PACKS.redact(written(document, (None, None), ascii_only=ascii_only), "json")
    assert shape(orjson.loads(done.data)) == shape(document)


@UNHURRIED
@given(dirty, layouts, st.booleans())
def test_json_is_clean_whole_and_done_once(value: Any, layout: Any, ascii_only: bool) -> None:
    """The output parses, its structure is the same, nothing planted is left, and it is final."""
    data = written(value, layout, ascii_only=ascii_only)
    done = MINE.redact(data, "json")
    parsed = orjson.loads(done.data)
    assert shape(parsed) == shape(value)
    decoded = json.dumps(parsed, ensure_ascii=False)
    assert not any(planted in decoded for planted in VALUES)
    again = MINE.redact(done.data, "json")
    assert again.data is done.data
    assert again.counts == {}
    assert (done.data is data) == (not done.edits)


@UNHURRIED
@given(clean, layouts, st.booleans())
def test_json_without_anything_to_find_is_the_same_bytes(
    value: Any, layout: Any, ascii_only: bool
) -> None:
    data = written(value, layout, ascii_only=ascii_only)
    assert MINE.redact(data, "json").data is data


@UNHURRIED
@given(dirty, layouts)
def test_what_is_not_removed_stays_where_it_is(value: Any, layout: Any) -> None:
    """The edits tell the whole difference."""
    data = written(value, layout, ascii_only=True)
    done = MINE.redact(data, "json")
    left: list[bytes] = []
    position = 0
    for start, end, new in done.edits:
        assert position <= start < end
        left += (data[position:start], new)
        position = end
    assert b"".join((*left, data[position:])) == done.data


@pytest.mark.parametrize("how", WAYS)
@UNHURRIED
@given(value=dirty)
def test_every_replacement_is_final(how: str, value: Any) -> None:
    data = written({"secret": value, "x": value}, (None, (",", ":")), ascii_only=False)
    done = WAYS[how].redact(data, "json")
    orjson.loads(done.data)
    assert WAYS[how].redact(done.data, "json").data == done.data


@UNHURRIED
@given(st.lists(dirty, min_size=1, max_size=4))
def test_lines_together_are_as_each_alone(values: list[Any]) -> None:
    lines = [written(value, (None, (",", ":")), ascii_only=False) + b"\n" for value in values]
    together = MINE.redact(b"".join(lines), "ndjson")
    alone = [MINE.redact(line, "json") for line in lines]
    assert together.data == b"".join(one.data for one in alone)
    assert sum(together.counts.values()) == sum(sum(one.counts.values()) for one in alone)


@UNHURRIED
@given(st.text(st.characters(exclude_categories=("Cs",))), st.data())
def test_escapes_are_decoded_and_traced_back(text: str, data: st.DataObject) -> None:
    """However each character is spelled, it is seen as itself, at its place."""
    spelled, places, position = [b'"'], [], 1
    for character in text:
        ways = [json.dumps(character)[1:-1], json.dumps(character, ensure_ascii=False)[1:-1]]
        if character < "\uffff":
            ways.append(f"\\u{ord(character):04X}")
        way = data.draw(st.sampled_from(ways)).encode()
        places.append((position, position + len(way)))
        position += len(way)
        spelled.append(way)
    raw = b"".join((*spelled, b'"'))
    plain, _ = unescaped(raw)
    seen = plain[1:-1].replace(QUOTE, b'"').decode()
    assert seen == text.replace("\x02", '"')
    ends, at = [], 1
    for character in text:
        ends += (at, at + len(character.encode()))
        at = ends[-1]
    assert list(written_positions(raw, ends)) == [end for place in places for end in place]


xml_texts = st.one_of(
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="@0123456789\x7f"),
        max_size=9,
    ),
    planted,
)


@UNHURRIED
@given(st.lists(st.tuples(st.sampled_from("tacC"), xml_texts), max_size=8))
def test_xml_is_clean_whole_and_done_once(parts: list[tuple[str, str]]) -> None:
    """Texts, attributes, CDATA and comments: well-formed, the same structure, and final."""
    pieces = ["<r>"]
    for kind, text in parts:
        pieces.append(
            {
                "t": f"<t>{escape(text)}</t>",
                "a": f"<a x={quoteattr(text)}/>",
                "c": f"<!--{text.replace('-', '')}-->",
                "C": f"<![CDATA[{text.replace(']', '')}]]>",
            }[kind]
        )
    data = "".join((*pieces, "</r>")).encode()
    done = MINE.redact(data, "xml")
    before, after = ET.fromstring(data), ET.fromstring(done.data)
    assert [one.tag for one in before.iter()] == [one.tag for one in after.iter()]
    decoded = done.data.decode() + "".join(after.itertext()) + str([o.attrib for o in after.iter()])
    assert not any(planted in decoded for planted in VALUES)
    assert MINE.redact(done.data, "xml").data is done.data


@UNHURRIED
@given(st.lists(st.one_of(plain_texts, planted)))
def test_text_is_clean_and_done_once(parts: list[str]) -> None:
    text = " ; ".join(parts)
    done = MINE.redact_text(text)
    assert not any(planted in done.data for planted in VALUES)
    assert MINE.redact_text(done.data).data is done.data
