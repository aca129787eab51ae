"""JSON is taken only if every reader would read the same."""

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.errors import InvalidContentError, TooLargeError
from sealift.sealing.strict_json import MAX_DEPTH, check_json

CANARY = "canary-4111"


def read(data, *, max_bytes=1 << 20, max_depth=1000):
    return check_json(data, max_bytes=max_bytes, max_depth=max_depth)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b' {"a": 1}\r\n',
        b'{"a":{"a":{"a":1}},"b":{"a":1}}',
        b'[{"a":1},{"a":1}]',
        b'"\\u0022\\u003a"',
        b'{"a\\u0022":1,"a":2}',
        b'{"":1}',
        b"0",
        b"1e-999",
        b'"\\ud83d\\ude00"',
        '{"\u00e9":1,"e\u0301":2}'.encode(),  # composed and decomposed: two keys
        b"123456789012345678901234567890",
    ],
)
def test_takes_what_is_strict(data):
    """Well-formed texts pass, and their value comes back."""
    assert read(data) == orjson.loads(data)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "line 1: there is no JSON value"),
        (b" \n ", "line 1: there is no JSON value"),
        (b"\xef\xbb\xbf{}", "line 1, column 1"),
        (b"NaN", "line 1, column 1"),
        (b"[Infinity]", "line 1, column 2"),
        (b'{"a":\n 1e999}', "line 2, column 2"),
        (b"[" + b"9" * 400 + b"]", "line 1, column 2"),
        (b'["\\ud800"]', "line 1, column 3"),
        (b'["\xed\xa0\x80"]', "line 1, column 3: it is not UTF-8"),
        (b'["\xc3\xa9",\n "\xff"]', "line 2, column 3: it is not UTF-8"),
        (b'{"a":1,}', "line 1, column 7"),
        (b"{'a':1}", "line 1, column 2"),
        (b'{"a":1} {"a":1}', "line 1, column 9"),
        (b'{"a":[1,2', "line 1"),
        (b'["\x01"]', "line 1, column 3"),
        ('["{}"]'.encode("utf-16").replace(b"{}", b""), "not UTF-8"),
    ],
)
def test_refuses_what_readers_disagree_on(data, where):
    """The message names line and column."""
    with pytest.raises(InvalidContentError) as caught:
        read(data)
    assert where in str(caught.value)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b'{"a":1,"a":1}', "line 1, column 8"),
        (b'{"a":1,\n "b":2,\n "a":1}', "line 3, column 2"),
        (b'{\n  "a": 1,\n  "a": 1\n}', "line 3, column 3"),
        (b'[[{"x":{"a":1,"b":[{"a":2}],"a":3}}]]', "column 29"),
        (b'{"a"\t :1,"a" \n:2}', "column 10"),
        (b'{"a":1,"\\u0061":2}', "column 8"),
        (b'{"\\u0022":1,"\\"":2}', "column 13"),
        (b'{"a":"\\u0022\\u0022","a":"\\u0022\\u0022"}', "column 21"),
        ('{"é":1,"\\u00e9":2}'.encode(), "column 8"),
        (b'{"a":"\\"\\"","a":{"b":"c"},"d":"}{][,:"}', "column 13"),
        (b'{"a":1,"a":' + b"[" * 300 + b"]" * 300 + b"}", "column 8"),
    ],
)
def test_refuses_a_key_twice(data, where):
    """A key twice in one object is found at any depth and in any spelling."""
    with pytest.raises(InvalidContentError, match="the same key twice") as caught:
        read(data)
    assert where in str(caught.value)


def test_counts_depth_exactly():
    """A nest as deep as the limit passes, one deeper does not, whichever way it is found out."""
    for limit in (1, 5, 253, 254, 255, 1000, MAX_DEPTH):
        read(b"[" * limit + b"]" * limit, max_depth=limit)
        with pytest.raises(InvalidContentError):
            read(b"[" * (limit + 1) + b"]" * (limit + 1), max_depth=limit)
    with pytest.raises(InvalidContentError, match="deeper than max_depth = 3"):
        read(b'[{"a":[[]]}]', max_depth=3)
    read(b'[{"a":[],"b":[],"c":{}},[],[],[],[]]', max_depth=3)
    read(b'["[[[[[[{{{{{{", 1]', max_depth=1)


def test_refuses_what_is_too_large_unread():
    """The size limit comes first, and the message names the setting."""
    assert read(b"[1]", max_bytes=3) == [1]
    with pytest.raises(TooLargeError, match="max_document_bytes = 3"):
        read(b"nope", max_bytes=3)


def test_a_long_string_is_scanned_without_way_back():
    """A text of ten million escapes neither overflows a stack nor takes minutes."""
    data = b'{"a":"' + b"\\u0022" * 2_000_000 + b'","b":1}'
    assert len(read(data, max_bytes=1 << 30)["a"]) == 2_000_000


@given(st.text(), st.integers(0, 200))
def test_no_message_shows_text(noise, cut):
    """Nothing of a refused document is in its error, nor in an exception behind it."""
    data = json.dumps({CANARY: noise, "b": CANARY}).encode()[:cut] + b'"' + CANARY.encode()
    with pytest.raises(InvalidContentError) as caught:
        read(data)
    assert CANARY not in repr(caught.value)
    assert caught.value.__context__ is None


def refuse_twice(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise KeyError
    return dict(pairs)


def has_key_twice(text: str) -> bool:
    """The slow and plain way, by another parser."""
    try:
        json.loads(text, object_pairs_hook=refuse_twice)
    except KeyError:
        return True
    return False


space = st.sampled_from(["", "", "", " ", "\n", "\t \r\n"])
letters = st.sampled_from(
    [
        *("a", "b", ":", "{", "}", "[", "]", ",", " ", "é"),
        *('\\"', "\\\\", "\\n", "\\u0022", "\\u003a", "\\u003A", "\\u0061", "\\u005c", "u0022"),
    ]
)
strings = st.lists(letters, max_size=4).map(lambda parts: '"' + "".join(parts) + '"')


def objects(values):
    member = st.tuples(strings, space, space, values).map(lambda m: f"{m[0]}{m[1]}:{m[2]}{m[3]}")
    return st.tuples(st.lists(member, max_size=4), space, space).map(
        lambda parts: "{" + parts[1] + f",{parts[2]}".join(parts[0]) + "}"
    )


def arrays(values):
    return st.lists(values, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")


texts = st.recursive(
    strings | st.sampled_from(["1", "-0.5", "null", "true"]),
    lambda values: objects(values) | arrays(values),
    max_leaves=12,
)


@given(texts)
@example('{"a":1,"a":"\\u0022\\u0022"}')
@example('{"\\"":1,"\\u0022":1}')
@example('{"a\\\\u0022":1,"a\\\\u0022":1}')
def test_the_short_cut_agrees_with_the_plain_way(text):
    """The quick proof and the scan refuse exactly what a pair by pair reading refuses."""
    try:
        read(text.encode())
        refused = False
    except InvalidContentError as error:
        assert "the same key twice" in str(error)  # noqa: PT017 (either outcome is right)
        refused = True
    assert refused == has_key_twice(text)


@given(texts, st.integers(1, 6))
def test_depth_agrees_with_the_plain_way(text, limit):
    """Depth is what walking the value gives."""

    def depth(value):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    if has_key_twice(text):
        return
    try:
        read(text.encode(), max_depth=limit)
        refused = False
    except InvalidContentError:
        refused = True
    assert refused == (depth(json.loads(text)) > limit)
