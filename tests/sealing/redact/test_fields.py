"""Field rules drop, redact or hash what is at a path, and nothing else."""

import json

import orjson
import pytest

from sealift.errors import ConfigError, InvalidContentError
from tests.sealing.redact.samples import EMAIL, redactor


def clean(text: str, /, **options: object) -> str:
    mine = redactor(fields=options.pop("fields"), key=b"key", **options)
    return mine.redact(text.encode(), "json").data.decode()


DOCUMENT = '{"a": 1, "b": {"a": [1, {"a": "x"}], "c": 2},\n "c": [3, 4]}'


@pytest.mark.parametrize(
    ("path", "action", "expected"),
    [
        ("$.a", "drop", '{"b": {"a": [1, {"a": "x"}], "c": 2},\n "c": [3, 4]}'),
        ("$.b", "drop", '{"a": 1,\n "c": [3, 4]}'),
        ("$.c", "drop", '{"a": 1, "b": {"a": [1, {"a": "x"}], "c": 2}}'),
        ("$.*", "drop", "{}"),
        ("$.c[*]", "drop", '{"a": 1, "b": {"a": [1, {"a": "x"}], "c": 2},\n "c": []}'),
        ("$.c[0]", "drop", '{"a": 1, "b": {"a": [1, {"a": "x"}], "c": 2},\n "c": [4]}'),
        ("$.c[1]", "drop", '{"a": 1, "b": {"a": [1, {"a": "x"}], "c": 2},\n "c": [3]}'),
        ("$..a", "drop", '{"b": {"c": 2},\n "c": [3, 4]}'),
        ("$.b.a[*].a", "drop", '{"a": 1, "b": {"a": [1, {}], "c": 2},\n "c": [3, 4]}'),
        ("$['b']['c']", "redact", DOCUMENT.replace('"c": 2', '"c": "BLOCKED"')),
        ("$.b", "redact", '{"a": 1, "b": "BLOCKED",\n "c": [3, 4]}'),
        ("$..c", "redact", DOCUMENT.replace("2}", '"BLOCKED"}').replace("[3, 4]", '"BLOCKED"')),
        ("$.a.b", "drop", DOCUMENT),
        ("$.c.x", "drop", DOCUMENT),
        ("$.a[0]", "drop", DOCUMENT),
    ],
)
def test_what_is_at_the_path_changes_and_nothing_else(
    path: str, action: str, expected: str
) -> None:
    assert clean(DOCUMENT, fields={path: action}) == expected
    if path != "$.c[0]":  # every array has a first element, until it is empty
        assert clean(expected, fields={path: action}) == expected


def test_a_hash_is_the_same_for_the_same_value_and_is_not_hashed_again() -> None:
    text = '{"m": [{"author": "Ann"}, {"author": "Bob"}, {"author": "ann"}, {"author": null}]}'
    fields = {"$.m[*].author": "hash"}
    once = clean(text, fields=fields)
    ann, bob, again, null = (one["author"] for one in orjson.loads(once)["m"])
    assert ann == again
    assert len({ann, bob, null}) == 3
    assert ann.startswith("[AUTHOR~")
    assert clean(once, fields=fields) == once


def test_field_rules_and_found_values_go_side_by_side() -> None:
    """What a field rule takes is not counted twice, and hides nothing beside it."""
    text = f'{{"x":"{EMAIL}","author":{{"{EMAIL}":"{EMAIL}"}},"{EMAIL}":"a {EMAIL}","n":1}}'
    mine = redactor(fields={"$.author": "redact", "$.x": "drop"})
    done = mine.redact(text.encode(), "json")
    assert done.data == b'{"author":"BLOCKED","BLOCKED":"a BLOCKED","n":1}'
    assert done.counts == {"field $.author": 1, "field $.x": 1, "email": 2}


def test_escaped_keys_and_each_line_of_ndjson() -> None:
    mine = redactor(fields={"$['a b'].é": "drop"})
    data = r'{"a\u0020b": {"\u00e9": "\"}", "x": 1}}' + "\n\n" + '{"a b": {"é": 1}}'
    done = mine.redact(data.encode(), "ndjson")
    assert done.data.decode() == r'{"a\u0020b": {"x": 1}}' + "\n\n" + '{"a b": {}}'


def test_deep_documents_need_no_deep_stack() -> None:
    text = '{"a":' * 1000 + "1" + "}" * 1000
    assert clean(text, fields={"$..b": "drop"}) == text


@pytest.mark.parametrize("drop", range(16))
def test_dropping_any_members_leaves_json(drop: int) -> None:
    """Whichever of four members go, the commas are right."""
    names = [name for bit, name in enumerate("abcd") if drop >> bit & 1]
    for indent in (None, 2):
        value = {key: [1] for key in "abcd"}
        text = json.dumps(value, indent=indent)
        fields = {f"$.{name}": "drop" for name in names} or {"$.x": "drop"}
        left = {name: one for name, one in value.items() if name not in names}
        done = redactor(fields=fields).redact(text.encode(), "json")
        assert json.loads(done.data) == left
        ends = [0, *(place for edit in done.edits for place in edit[:2])]
        assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("path", "action", "word"),
    [
        ("$", "drop", "cannot be understood"),
        ("a.b", "drop", "cannot be understood"),
        ("$.a[", "drop", "cannot be understood"),
        ("$.a.", "drop", "cannot be understood"),
        ("$.a[-1]", "drop", "cannot be understood"),
        ("$.a", "delete", "Use drop, redact, hash"),
        ("$.a", "hashed", "Did you mean hash"),
    ],
)
def test_wrong_rules_are_refused(path: str, action: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        redactor(fields={path: action}, key=b"key")


def test_a_hash_needs_a_key() -> None:
    with pytest.raises(ConfigError, match="redact_key"):
        redactor(fields={"$.a": "hash"})


@pytest.mark.parametrize("format", ["xml", "any"])
def test_what_has_no_fields_never_passes_by(format: str) -> None:  # noqa: A002
    with pytest.raises(InvalidContentError, match="Field rules"):
        redactor(fields={"$.a": "drop"}).redact(b"<a/>", format)
