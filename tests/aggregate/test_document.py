"""A day's file is read in any layout, and what is not touched stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.aggregate import document
from sealift.aggregate.document import DayReader, DayText, ShapeError

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
entries = st.dictionaries(
    st.text().filter(lambda name: name != "segments"), values, max_size=3
) | st.fixed_dictionaries({"smi_uid": st.text(), "segments": st.lists(values, max_size=3)})


@given(
    profiles=st.lists(entries, max_size=5),
    others=st.dictionaries(st.text().filter(lambda name: name != "profiles"), values, max_size=3),
    first=st.booleans(),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    window=st.integers(1, 40),
)
def test_reading_and_writing_changes_no_value(
    profiles: list[Any],
    others: dict[str, Any],
    first: bool,
    indent: int | None,
    ascii_only: bool,
    window: int,
) -> None:
    mine = {"profiles": profiles}
    whole = mine | others if first else others | mine
    body = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "_WINDOW_BYTES", window)
        text = DayText(body.encode("utf-8", "surrogatepass" if ascii_only else "strict"))
        again = text.written((one.raw for one in text.read()), rev=7)
        assert [one.value for one in DayText(again).read()] == profiles
    assert json.loads(again) == whole
    assert [*json.loads(again)] == [*whole]


def test_numbers_keep_their_spelling_in_what_is_not_touched() -> None:
    body = b'{"n":1.10,"profiles":[{"smi_uid":"a","big":123456789012345678901234567890,"f":1.50}]}'
    text = DayText(body)
    again = text.written((one.raw for one in text.read()), rev=1)
    assert b'"big":123456789012345678901234567890,"f":1.50' in again
    assert b'"n": 1.10' in again


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "well-formed"),
        (b"[]", "well-formed"),
        (b"null", "well-formed"),
        (b"{}", 'no "profiles"'),
        (b'{"a": 1}', 'no "profiles"'),
        (b'{"profiles": {}}', "not a list"),
        (b'{"profiles": [1]}', "not an object"),
        (b'{"profiles": [{"segments": "x"}]}', "not a list"),
        (b'{"profiles": [{"a": NaN}]}', "NaN"),
        (b'{"profiles": [{"a": 1e999}]}', "too large"),
        (b'{"profiles": [{}', "well-formed"),
        (b'{"profiles": [{}]', "well-formed"),
        (b'{"profiles": [{},]}', "not an object|well-formed"),
        (b'{"profiles": []}x', "follows"),
        (b'{"profiles": [], "profiles": []}', "twice"),
        (b'{"profiles": [{"a": "\xff"}]}', "UTF-8"),
        (b'\xef\xbb\xbf{"profiles": []}', "well-formed"),
        (b'{"profiles": [' + b'{"a":' * 100_000, "deep|well-formed"),
        (b" ", "well-formed"),
    ],
)
def test_52_another_shape_is_told_without_its_text(body: bytes, why: str) -> None:
    with pytest.raises(ShapeError, match=why):
        [*DayReader(body)]


def test_no_file_is_an_empty_day() -> None:
    text = DayText(b"")
    assert [*text.read()] == []
    assert json.loads(text.written(["{}"], rev=1)) == {"profiles": [{}]}


def test_the_bytes_do_not_come_again() -> None:
    """Otherwise a late request could meet the ETag of an earlier version."""
    text = DayText(b"")
    seen = {text.written((one.raw for one in text.read()), rev=rev) for rev in range(2000)}
    assert len(seen) == 2000
    assert {len(body) for body in seen} == {len(next(iter(seen)))}
