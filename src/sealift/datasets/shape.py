"""Checks plain documents, an array of flat records, many times faster than a general validator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final

from sealift.datasets.violations import Path, Violations, kind_of

_KINDS: Final[Mapping[str, frozenset[type]]] = {
    "number": frozenset({int, float}),
    "integer": frozenset({int}),
    "string": frozenset({str}),
    "boolean": frozenset({bool}),
    "null": frozenset({NoneType}),
}
_WORDS: Final[Mapping[str, str]] = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
_NOTES: Final = frozenset({"$schema", "$id", "$comment", "title", "description", "examples"})
_OBJECT: Final = frozenset({"type", "properties", "required", "additionalProperties"})
_MOST_PATTERNS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of an object that holds plain values only."""

    kinds: Mapping[str, frozenset[type]]
    words: Mapping[str, str]
    """What each field must be, in words."""

    required: tuple[str, ...]
    open: bool
    """Fields that are not named are let through."""

    def check(self, value: Mapping[str, Any], where: Path, found: Violations) -> None:
        """Note everything that is wrong with the object *value*, which lies at *where*."""
        for name in self.required:
            if name not in value:
                found.add((*where, name), "is missing")
        for name, one in value.items():
            if name in self.kinds:
                if type(one) not in self.kinds[name]:
                    found.add((*where, name), f"must be {self.words[name]}, and is {_is(one)}")
            elif not self.open:
                found.add((*where, name), "is not a known field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An object with one array of flat records, and plain values beside it."""

    array: str
    array_required: bool
    least: int
    """Fewest records."""

    top: Fields
    record: Fields

    def check(self, document: Any, found: Violations) -> None:
        """Note everything that is wrong with *document*, in the order of its fields."""
        if type(document) is not dict:
            found.add((), f"must be an object, and is {kind_of(document)}")
            return
        rest = {name: value for name, value in document.items() if name != self.array}
        self.top.check(rest, (), found)
        if self.array not in document:
            if self.array_required:
                found.add((self.array,), "is missing")
            return
        records = document[self.array]
        if type(records) is not list:
            found.add((self.array,), f"must be an array, and is {kind_of(records)}")
            return
        if len(records) < self.least:
            found.add((self.array,), f"must have {self.least} or more records")
        self._records(records, found)

    def _records(self, records: list[Any], found: Violations) -> None:
        # Most records have the same fields of the same types: each such pattern is
        # checked once, and known again by one look into a set.
        good: set[tuple[tuple[str, ...], tuple[type, ...]]] = set()
        for index, record in enumerate(records):
            if type(record) is not dict:
                found.add((self.array, index), f"must be an object, and is {kind_of(record)}")
                continue
            pattern = tuple(record), tuple(map(type, record.values()))
            if pattern in good:
                continue
            before = found.count
            self.record.check(record, (self.array, index), found)
            if found.count == before and len(good) < _MOST_PATTERNS:
                good.add(pattern)


def shape_of(schema: Mapping[str, Any], array: str) -> Shape | None:
    """Make the check of a plain *schema*; None if it says more than a shape can.

    A whole number must be written as one: other than in JSON Schema, 1.0 is none.
    """
    properties = schema.get("properties", {})
    records = properties.get(array)
    if not isinstance(records, Mapping) or records.get("type") != "array":
        return None
    if _more_than(records, {"type", "minItems", "items"}):
        return None
    rest = {name: one for name, one in properties.items() if name != array}
    top = _fields({**schema, "properties": rest})
    record = _fields(records.get("items", {}))
    if top is None or record is None:
        return None
    return Shape(
        array=array,
        array_required=array in schema.get("required", ()),
        least=records.get("minItems", 0),
        top=Fields(
            kinds=top.kinds,
            words=top.words,
            required=tuple(name for name in top.required if name != array),
            open=top.open,
        ),
        record=record,
    )


def _fields(schema: Any) -> Fields | None:
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return None
    more = schema.get("additionalProperties", True)
    if _more_than(schema, _OBJECT) or not isinstance(more, bool):
        return None
    kinds, words = {}, {}
    for name, one in schema.get("properties", {}).items():
        if not isinstance(one, Mapping) or "type" not in one or _more_than(one, {"type"}):
            return None
        types = [one["type"]] if isinstance(one["type"], str) else one["type"]
        if not all(kind in _KINDS for kind in types):
            return None
        kinds[name] = frozenset[type]().union(*(_KINDS[kind] for kind in types))
        words[name] = " or ".join(_WORDS[kind] for kind in types)
    required = tuple(schema.get("required", ()))
    return Fields(kinds=kinds, words=words, required=required, open=more)


def _more_than(schema: Mapping[str, Any], known: Iterable[str]) -> bool:
    return bool(set(schema) - set(known) - _NOTES)


def _is(value: Any) -> str:
    return "a number with a fraction" if type(value) is float else kind_of(value)
