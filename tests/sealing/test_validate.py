"""Formats are told by name, and checked the same whole or in pieces."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import InvalidContentError, ItemError, TooLargeError
from sealift.sealing.validate import Format, Limits, check, checker, checking, format_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
LIMITS = Limits()
SMALL = Limits(max_document_bytes=100, max_depth=4)


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        (b"a.json", Format.JSON),
        (b"a.JSON", Format.JSON),
        (b"folder.xml/a.jsonl", Format.NDJSON),
        (b"a.ndjson", Format.NDJSON),
        (b"a.xml", Format.XML),
        (b"a.json.gz", Format.ANY),
        (b"a.json.synced", Format.ANY),
        (b"folder.json/a", Format.ANY),
        (b"json", Format.ANY),
        (b"\xff.json", Format.JSON),
        (b"", Format.ANY),
    ],
)
def test_format_by_the_last_suffix(name, format_):
    """Only the last suffix counts."""
    assert format_of(name) is format_


def test_the_fixtures():
    """A conversation passes as it is; the events only with a root around them."""
    check((FIXTURES / "conversation.json").read_bytes(), Format.JSON, LIMITS)
    events = (FIXTURES / "events.xml").read_bytes()
    check(b"<EVENTS>" + events + b"</EVENTS>", Format.XML, LIMITS)
    with pytest.raises(InvalidContentError, match="junk after document element"):
        check(events, Format.XML, LIMITS)


def test_any_is_anything():
    """`any` checks nothing."""
    check(b"\x00\xff{", Format.ANY, SMALL)
    check(b"x" * 1000, Format.ANY, SMALL)


@pytest.mark.parametrize(
    "data",
    [b"{}", b"{}\n", b"\n\n{}\r\n\r\n[1]\n", b'{"a":1}\n{"a":1}', b"1\n" * 200],
)
def test_ndjson_takes_lines(data):
    """Blank lines and a missing last newline do not matter; only lines are limited in size."""
    check(data, Format.NDJSON, SMALL)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no record"),
        (b"\n \n", "no record"),
        (b'{}\n\n{"a":1,"a":2}\n{}', "line 3, column 8: the same key twice"),
        (b"{}\n{\n}\n", "line 2"),
        (b'{}\n["\xff"]\n', "line 2, column 3: it is not UTF-8"),
        (b"{} {}\n", "line 1, column 4"),
        (b"{}\n[[[[[]]]]]", "line 2, column 5: nested deeper"),
        (b"\xef\xbb\xbf{}\n", "line 1"),
    ],
)
def test_ndjson_refuses_a_bad_line(data, why):
    """The message names the line of the file."""
    with pytest.raises(InvalidContentError) as caught:
        check(data, Format.NDJSON, SMALL)
    assert why in str(caught.value)


def test_ndjson_limits_the_line():
    """A line over the limit is refused as soon as that is known, and named."""
    document = checker(Format.NDJSON, SMALL)
    document.feed(b"{}\n" + b'"' + b"x" * 90)
    with pytest.raises(TooLargeError, match=r"Line 2 .* max_document_bytes = 100"):
        document.feed(b"x" * 20)


def test_json_in_pieces_is_limited():
    """JSON can only be checked whole, so the limit stops it before its end."""
    document = checker(Format.JSON, SMALL)
    document.feed(b"[" + b" " * 99)
    with pytest.raises(TooLargeError, match="max_document_bytes = 100") as caught:
        document.feed(b" ")
    assert "max_document_bytes" in caught.value.hint


DOCUMENTS = st.sampled_from(
    [
        (Format.JSON, b'{"a": [1, 2, {"b": "\xc3\xa9"}]}'),
        (Format.JSON, b'{"a": 1, "a": 2}'),
        (Format.NDJSON, b'{"a": 1}\n\r\n{"b": 2}\n'),
        (Format.NDJSON, b'{"a": 1}\n{"b": 2'),
        (Format.XML, b'<?xml version="1.0"?><a b="c">\xc3\xa9<d/></a>'),
        (Format.XML, b"<a><b></a></b>"),
        (Format.XML, "<a/>".encode("utf-16")),
        (Format.ANY, b"anything"),
    ]
)


@given(DOCUMENTS, st.lists(st.integers(0, 50), max_size=6))
def test_pieces_do_not_change_the_verdict(document, cuts):
    """However a document is cut, it is accepted or refused as when whole."""
    kind, data = document
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]

    def verdict(read):
        try:
            read()
        except ItemError as error:
            return str(error)
        return None

    def in_pieces():
        assert b"".join(checking(pieces, checker(kind, LIMITS))) == data

    assert verdict(in_pieces) == verdict(lambda: check(data, kind, LIMITS))
