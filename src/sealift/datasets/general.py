"""Checks documents against any JSON Schema, a part of the records at a time."""

from collections.abc import Mapping
from typing import Any, Final

from sealift.datasets.violations import Violations, kind_of
from sealift.sealing.schema import validator_of

_AT_ONCE: Final = 1000
"""The validator gathers all errors before it tells the first, so it is given few records."""


class GeneralCheck:
    """A JSON Schema, compiled once.

    Args:
        schema: It must stand on its own.
        array: The field that holds the records.
        name: Whose schema it is, for messages.

    Raises:
        ConfigError: It is no schema, or the extra is missing.
    """

    def __init__(self, schema: Mapping[str, Any], array: str, name: str) -> None:
        self._validator = validator_of(dict(schema), f"The schema of the dataset {name}")
        self._array = array

    def check(self, document: Any, found: Violations) -> None:
        """Note everything that is wrong with *document*."""
        if self._validator.is_valid(document):
            return
        records = _records(document, self._array)
        for offset in range(0, len(records), _AT_ONCE):
            part = document | {self._array: records[offset : offset + _AT_ONCE]}
            for error in self._validator.iter_errors(part):
                path = list(error.instance_path)
                if len(path) > 1 and path[0] == self._array:
                    path[1] += offset
                    found.add(path, _problem(error))
        self._around(document, records, found)

    def _around(self, document: Any, records: list[Any], found: Violations) -> None:
        """Note what lies in no record: fields beside the array, or its length."""
        few = document | {self._array: records[:1]} if records else document
        whole = few if found.count else document
        for error in self._validator.iter_errors(whole):
            path = list(error.instance_path)
            if not (len(path) > 1 and path[0] == self._array):
                found.add(path, _problem(error))


def _records(document: Any, array: str) -> list[Any]:
    records = document.get(array) if type(document) is dict else None
    return records if type(records) is list else []


def _problem(error: Any) -> str:
    """Say what is wrong without a word of the value."""
    kind, rule = error.kind, error.kind.name
    if rule == "type":
        return f"must be {' or '.join(kind.types)}, and is {kind_of(error.instance)}"
    if rule == "required":
        return f"lacks {kind.property!r}"
    if rule == "additionalProperties":
        return f"has unknown fields: {', '.join(map(repr, kind.unexpected[:5]))}"
    return f"is against the schema's {rule!r}"
