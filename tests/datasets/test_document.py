"""Documents are read strictly, and everything that is wrong with one is told with its place."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.datasets.dataset import Dataset
from sealift.datasets.document import DocumentReader, digest_of, fingerprint
from sealift.datasets.general import GeneralCheck
from sealift.datasets.shape import shape_of
from sealift.datasets.tow_and_go import tow_and_go
from sealift.datasets.violations import InvalidDocumentError, Violations
from sealift.errors import ConfigError, InvalidContentError, TooLargeError
from tests.datasets.rig import links

READER = DocumentReader(tow_and_go(), 1_000_000)


def told(text: bytes, reader: DocumentReader = READER) -> list[str]:
    with pytest.raises(InvalidDocumentError) as caught:
        reader.read(text, "FILE")
    assert caught.value.exit_code == 3
    assert caught.value.count >= len(caught.value.violations)
    return [str(one) for one in caught.value.violations]


def document(*records: str, last_modified: str = "1") -> bytes:
    return f'{{"last_modified": {last_modified}, "tow_and_go": [{", ".join(records)}]}}'.encode()


KEPT = "no database keeps it as it is written"
GOOD = '{"link_id": 1, "segment_id": null}'


def test_a_good_document_tells_its_version_count_and_hash() -> None:
    read = READER.read(links(3), "FILE")
    assert (read.version, read.count) == (1_684_216_515, 3)
    assert len(read.sha256) == 64


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"[]", ["$ must be an object, and is an array"]),
        (b"{}", ["$.last_modified is missing", "$.tow_and_go is missing"]),
        (document(), ["$.tow_and_go must have 1 or more records"]),
        (
            document(GOOD, last_modified="1.0"),
            ["$.last_modified must be a whole number, and is a number with a fraction"],
        ),
        (
            document(GOOD, last_modified='"1"'),
            ["$.last_modified must be a whole number, and is text"],
        ),
        (
            document(GOOD, last_modified="true"),
            ["$.last_modified must be a whole number, and is true or false"],
        ),
        (
            document('{"link_id": "1", "segment_id": true}', "3", "{}"),
            [
                "$.tow_and_go[0].link_id must be a number, and is text",
                "$.tow_and_go[0].segment_id must be a number or null, and is true or false",
                "$.tow_and_go[1] must be an object, and is a number",
                "$.tow_and_go[2].link_id is missing",
                "$.tow_and_go[2].segment_id is missing",
            ],
        ),
        (
            document('{"link_id": 1, "segment_id": 2, "more": 3}'),
            ["$.tow_and_go[0].more is not a known field"],
        ),
        (
            document(GOOD, '{"link_id": 2, "segment_id": 1}', '{"link_id": 1.0, "segment_id": 1}'),
            ["$.tow_and_go[2].link_id is the same as in record 0"],
        ),
        (
            document(f'{{"link_id": {"9" * 300}, "segment_id": 1}}'),
            [f"line 1, column 49: a number of 300 characters; {KEPT}"],
        ),
        (
            document('{"link_id": 9223372036854775808, "segment_id": 1}').replace(b' "t', b'\n "t'),
            [f"line 2, column 29: a whole number of more than 64 bits; {KEPT}"],
        ),
        (
            document('{"link_id": null, "segment_id": 1}'),
            ["$.tow_and_go[0].link_id must be a number, and is null"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_path(text: bytes, wanted: list[str]) -> None:
    assert told(text) == wanted


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"", "there is no JSON value"),
        (b'{"last_modified": 1', "unexpected end"),
        (document(GOOD, last_modified="NaN"), "no NaN"),
        (document('{"link_id": -Infinity, "segment_id": 1}'), "no NaN and no Infinity"),
        (document(f'{{"link_id": {"9" * 400}, "segment_id": 1}}'), "infinity"),
        (b'{"last_modified": 1, "last_modified": 2}', "the same key twice"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_json_is_told_in_words(text: bytes, word: str) -> None:
    with pytest.raises(InvalidContentError, match=word) as caught:
        READER.read(text, "FILE")
    assert str(caught.value).startswith("FILE")


def test_a_hundred_errors_are_told_and_all_are_counted() -> None:
    text = document(*(f'{{"link_id": "{n}", "segment_id": 1}}' for n in range(250)))
    with pytest.raises(InvalidDocumentError, match="and 150 more") as caught:
        READER.read(text, "FILE")
    assert (len(caught.value.violations), caught.value.count) == (100, 250)


def test_numbers_that_fit_are_let_through() -> None:
    text = document(
        '{"link_id": 9223372036854775807, "segment_id": -9223372036854775808}',
        '{"link_id": 1.5, "segment_id": 1e3}',
    )
    assert READER.read(text, "FILE").count == 2


def test_digits_in_texts_are_no_numbers() -> None:
    dataset = Dataset(name="x", schema={"type": "object"}, array="a", record_key="k")
    text = b'{"a": [{"k": "' + b"9" * 300 + b'\\"' + b"9" * 300 + b'"}]}'
    assert DocumentReader(dataset, 10_000).read(text, "FILE").count == 1


def test_too_large_a_document_is_not_read() -> None:
    with pytest.raises(TooLargeError, match="max_document_bytes = 10"):
        DocumentReader(tow_and_go(), 10).read(links(3), "FILE")


def test_unknown_fields_may_be_allowed() -> None:
    reader = DocumentReader(tow_and_go().allowing_unknown_fields(), 10_000)
    text = (
        b'{"last_modified": 1, "by": "x", "tow_and_go": [{"link_id": 1, "segment_id": 2, "n": 3}]}'
    )
    assert reader.read(text, "FILE").records == [{"link_id": 1, "segment_id": 2, "n": 3}]
    bad = b'{"last_modified": 1, "tow_and_go": [{"link_id": 1, "segment_id": 2, "_id": 3}]}'
    assert told(bad, reader) == ["$.tow_and_go[0]._id is MongoDB's own field"]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer()),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=1),
)
RECORDS = st.one_of(
    SCALARS, st.dictionaries(st.sampled_from(["link_id", "segment_id", "other"]), SCALARS)
)
DOCUMENTS = st.one_of(
    SCALARS,
    st.fixed_dictionaries(
        {},
        optional={
            "last_modified": SCALARS,
            "tow_and_go": st.one_of(SCALARS, st.lists(RECORDS, max_size=4)),
            "more": SCALARS,
        },
    ),
)


@settings(max_examples=120, deadline=None)
@given(DOCUMENTS)
def test_the_quick_check_says_what_the_json_schema_says(value: object) -> None:
    dataset = tow_and_go()
    quick, general = Violations(), Violations()
    shape = shape_of(dataset.schema, dataset.array)
    assert shape
    shape.check(value, quick)
    GeneralCheck(dataset.schema, dataset.array, "x").check(value, general)
    assert bool(quick.count) == bool(general.count), (quick.told, general.told)


STRICT = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "maxItems": 2500,
            "items": {"type": "object", "properties": {"id": {"type": "integer", "minimum": 1}}},
        },
        "by": {"enum": ["a", "b"]},
    },
}
GENERAL = Dataset(name="rows", schema=STRICT, array="rows", record_key="id")


def test_any_json_schema_is_checked_record_by_record() -> None:
    reader = DocumentReader(GENERAL, 10_000_000)
    rows = [{"id": n + 1} for n in range(2400)]
    assert reader.read(json.dumps({"rows": rows}).encode(), "FILE").count == 2400
    rows[2100] = {"id": 0}
    rows[5] = {"id": "x"}
    assert told(json.dumps({"rows": rows, "by": "c"}).encode(), reader) == [
        "$.rows[5].id must be integer, and is text",
        "$.rows[2100].id is against the schema's 'minimum'",
        "$.by is against the schema's 'enum'",
    ]
    many = json.dumps({"rows": [{"id": n + 1} for n in range(2501)]}).encode()
    assert told(many, reader) == ["$.rows is against the schema's 'maxItems'"]


def test_a_schema_that_is_none_is_a_configuration_error() -> None:
    broken = Dataset(name="x", schema={"type": 5, "x": {}}, array="a", record_key="k")
    with pytest.raises(ConfigError, match="schema of the dataset x"):
        DocumentReader(broken, 100)


@pytest.mark.parametrize(
    "wrong",
    [{"name": "A b"}, {"array": ""}, {"record_key": "_id"}, {"version": "$x"}, {"indexes": ("",)}],
)
def test_a_dataset_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    good = {"name": "x", "schema": {}, "array": "a", "record_key": "k"}
    with pytest.raises(ConfigError, match="cannot be"):
        Dataset(**good | wrong)


def test_fingerprints_ignore_the_order_of_fields_and_records() -> None:
    one = [fingerprint({"a": 1, "b": None}), fingerprint({"a": 2})]
    other = [fingerprint({"a": 2}), fingerprint({"b": None, "a": 1})]
    assert digest_of(one) == digest_of(other)
    assert fingerprint({"a": 1}) != fingerprint({"a": 1.0})
    assert fingerprint({"a": math.pi}) == fingerprint({"a": math.pi})
