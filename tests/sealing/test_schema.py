"""A JSON Schema is obeyed, and its errors tell places but no values."""

import importlib
import json

import pytest

from sealift.errors import ConfigError, InvalidContentError
from sealift.sealing.schema import SchemaCheck
from sealift.sealing.validate import Format, Limits, check

SCHEMA = {
    "type": "object",
    "required": ["messages"],
    "properties": {"messages": {"type": "array", "items": {"$ref": "#/$defs/message"}}},
    "$defs": {
        "message": {
            "type": "object",
            "required": ["role"],
            "properties": {"role": {"enum": ["user", "assistant"]}},
            "additionalProperties": {"type": "string", "maxLength": 8},
        }
    },
}


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return SchemaCheck(path)


def test_accepts_what_the_schema_accepts(schema):
    """A document that obeys passes, in JSON and in NDJSON."""
    data = b'{"messages":[{"role":"user","john":"short"}]}'
    check(data, Format.JSON, Limits(), schema)
    check(data + b"\n" + data, Format.NDJSON, Limits(), schema)


def test_tells_places_but_no_values(schema):
    """Names that only the document has are starred; rules are named."""
    data = (
        b'{"messages":[{"role":"canary-role"},'
        b'{"role":"user","canary-key":"canary-value"},"canary-item"]}'
    )
    with pytest.raises(InvalidContentError) as caught:
        check(data, Format.JSON, Limits(), schema)
    text = str(caught.value)
    assert "canary" not in text
    assert "3 of the schema's rules" in text
    assert "$.messages[0].role against 'enum'" in text
    assert "$.messages[1].* against 'maxLength'" in text
    assert "$.messages[2] against 'type'" in text


def test_tells_five_and_counts_the_rest(schema):
    """A hopeless document gives a short message."""
    data = b'{"messages":[' + b",".join([b"1"] * 12) + b"]}"
    with pytest.raises(InvalidContentError, match=r"12 of .*\[4\] against 'type' and 7 more"):
        check(data, Format.JSON, Limits(), schema)


def test_names_the_line(schema):
    """In NDJSON the line is named."""
    with pytest.raises(InvalidContentError, match=r"In line 2, 1 of .*: \$ against 'required'"):
        check(b'{"messages":[]}\n{}\n', Format.NDJSON, Limits(), schema)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1]",
        '{"type":"nope"}',
        '{"pattern":"("}',
        '{"$ref":"http://127.0.0.1:9/schema.json"}',
        '{"$ref":"#/$defs/none"}',
    ],
)
def test_a_schema_must_be_one_and_stand_on_its_own(tmp_path, text):
    """A bad schema, or one that refers elsewhere, is a configuration error."""
    path = tmp_path / "schema.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"schema\.json is no JSON Schema"):
        SchemaCheck(path)


def test_a_reference_to_a_file_is_refused(tmp_path):
    """Even a good schema beside it is not read: the one file is all that decides."""
    (tmp_path / "other.json").write_text('{"type":"object"}')
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"$ref": (tmp_path / "other.json").as_uri()}))
    with pytest.raises(ConfigError, match="put what it refers to into the same file"):
        SchemaCheck(path)


def test_a_missing_file_is_named(tmp_path):
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"none\.json cannot be read: No such file"):
        SchemaCheck(tmp_path / "none.json")


def test_the_missing_extra_is_named(tmp_path, monkeypatch):
    """Without the library the message says what to install."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'sealift\[schema\]'"):
        SchemaCheck(tmp_path / "any.json")
