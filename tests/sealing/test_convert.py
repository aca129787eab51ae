"""A document changes its format on the way, and nothing else of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import InvalidContentError, TooLargeError
from sealift.sealing.compress import Compression
from sealift.sealing.convert import Conversion, lines_of
from sealift.sealing.parcel import Parcel
from sealift.sealing.seal import Sealer, SealOptions

EVENTS = Path(__file__).parents[1] / "fixtures" / "events.xml"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=20,
)


class Pieces:
    """A body that comes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def chunks(self):
        yield from self.pieces


def sealer(conversion: Conversion, **options: object) -> Sealer:
    return Sealer(SealOptions(convert=conversion, **options))


def body_of(parcel: Parcel) -> bytes:
    return parcel.body if isinstance(parcel.body, bytes) else b"".join(parcel.body.chunks())


@given(st.lists(VALUES, min_size=1), st.sampled_from([None, 0, 2]))
def test_each_value_of_an_array_is_a_line(values: list[object], indent: int | None) -> None:
    lines = lines_of(json.dumps(values, indent=indent, ensure_ascii=False).encode()).splitlines()
    assert [json.loads(line) for line in lines] == values


def test_numbers_and_strings_stay_as_they_are_spelled() -> None:
    written = b'[ 1.0, 1e400, 123456789012345678901234567890,\n "a , \\u0041 ]\\"" , {"k" : [ ] } ]'
    assert lines_of(written).splitlines() == [
        *(b"1.0", b"1e400", b"123456789012345678901234567890"),
        *(b'"a , \\u0041 ]\\""', b'{"k":[]}'),
    ]


def test_what_is_no_array_becomes_one_line() -> None:
    parcel = sealer(Conversion.NDJSON).seal(b'{\n "a": [1,\r\n 2]\n}\n', b"a.json")
    assert parcel.body == b'{"a":[1,2]}\n'
    assert parcel.content_type == "application/x-ndjson"


def test_an_array_without_a_value_is_refused() -> None:
    with pytest.raises(InvalidContentError, match="no line to deliver"):
        sealer(Conversion.NDJSON).seal(b" [\n] ", b"a.json")


def test_events_become_json() -> None:
    whole = b"<EVENTS>" + EVENTS.read_bytes() + b"</EVENTS>"
    parcel = sealer(Conversion.XML_TO_JSON).seal(whole, b"a.xml")
    found = json.loads(body_of(parcel))
    assert len(found["EVENTS"]["EVENT"]) == 24
    assert parcel.content_type == "application/json"
    assert parcel.size == len(body_of(parcel))


def test_attributes_texts_and_empty_elements_keep_their_place() -> None:
    body = sealer(Conversion.XML_TO_JSON).seal(b'<a x="1"><b>t</b><b/>s</a>', b"a.xml").body
    assert body == b'{"a":{"@x":"1","b":["t",null],"#text":"s"}}'


@pytest.mark.parametrize(
    "written",
    [
        b"<a>ana<!-- x -->@example.com</a>",
        b"<a>ana@<![CDATA[example]]>.com</a>",
        b"<a>ana&#64;example.com</a>",
        b'<a mail="ana@example.com"/>',
    ],
)
def test_what_conversion_brings_together_is_redacted(written: bytes) -> None:
    parcel = sealer(Conversion.XML_TO_JSON, redact=("pii",)).seal(written, b"a.xml")
    assert b"example" not in body_of(parcel)
    assert parcel.redactions == {"email": 1}


def test_lines_are_redacted_by_the_paths_of_the_document() -> None:
    fields = {"$[*].author": "drop"}
    sealing = sealer(Conversion.NDJSON, redact=("pii",), redact_fields=fields)
    parcel = sealing.seal(b'[{"author": "Ana", "t": "ana@example.com"}, {"t": 1}]', b"a.json")
    lines = body_of(parcel).splitlines()
    assert b"Ana" not in body_of(parcel)
    assert json.loads(lines[0])["t"] == "BLOCKED"
    assert lines[1] == b'{"t":1}'


@pytest.mark.parametrize("conversion", [Conversion.XML_TO_JSON, Conversion.NDJSON])
@pytest.mark.parametrize("compress", [Compression.NONE, Compression.GZIP])
def test_a_large_body_becomes_the_same(conversion: Conversion, compress: Compression) -> None:
    is_xml = conversion is Conversion.XML_TO_JSON
    data, name = (b"<a><b>1</b></a>", b"a.xml") if is_xml else (b'[1, {"a": 2}]', b"a.json")
    sealing = sealer(conversion, compress=compress)
    small = sealing.seal(data, name)
    large = sealing.seal_large(Pieces(data[:4], data[4:]), name)
    assert (large.sha256, large.size) == (small.sha256, small.size)
    assert body_of(large) == small.body


def test_names_get_the_new_ending_besides_their_own() -> None:
    assert sealer(Conversion.XML_TO_JSON).suffix == ".json"
    assert sealer(Conversion.NDJSON, compress=Compression.GZIP).suffix == ".ndjson.gz"


def test_other_formats_are_refused() -> None:
    with pytest.raises(InvalidContentError, match="takes xml, and by its name the file is json"):
        sealer(Conversion.XML_TO_JSON).seal(b"{}", b"a.json")
    with pytest.raises(InvalidContentError, match="takes json"):
        sealer(Conversion.NDJSON).seal(b"{}\n", b"a.ndjson")


def test_what_is_too_deep_for_json_is_refused() -> None:
    deep = b"<a>" * 900 + b"</a>" * 900
    with pytest.raises(InvalidContentError, match="nested too deep"):
        sealer(Conversion.XML_TO_JSON).seal(deep, b"a.xml")


def test_what_must_be_held_as_a_whole_has_a_limit() -> None:
    sealing = sealer(Conversion.NDJSON, max_document_bytes=20)
    with pytest.raises(TooLargeError):
        sealing.seal_large(Pieces(b"[" + b"1, " * 10, b"1]"), b"a.json")


def test_the_policy_tells_the_conversion() -> None:
    assert len({sealer(one).policy for one in Conversion}) == len(Conversion)
