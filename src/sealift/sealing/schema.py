"""Holds JSON values against a JSON Schema, and tells of violations without telling the values."""

import importlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from sealift.errors import ConfigError, InvalidContentError

_SHOWN: Final = 5


class SchemaCheck:
    """A JSON Schema, compiled once; may be used from many threads.

    It must stand on its own: references to other files or to the network are refused.

    Args:
        path: The schema file, UTF-8 JSON.

    Raises:
        ConfigError: The file cannot be read or is no schema, or the extra is missing.
    """

    def __init__(self, path: Path) -> None:
        library()
        try:
            schema = orjson.loads(path.read_bytes())
        except OSError as error:
            raise ConfigError(
                f"The schema file {path} cannot be read: {error.strerror}.",
                hint="Correct the path or the file's rights.",
            ) from None
        except ValueError as error:
            raise _no_schema(path, error) from None
        self._validator = validator_of(schema, path)

    def check(self, value: Any, where: str) -> None:
        """Accept *value* if the schema does.

        Args:
            value: What a JSON parser made of the text.

            where: Which part of the item this is, for messages.

        Raises:
            InvalidContentError: It is against the schema. The message shows up to five
                places: names that the schema itself spells, `*` for any other key.
        """
        if self._validator.is_valid(value):
            return
        errors = self._validator.iter_errors(value)
        shown = [_describe(error) for error in islice(errors, _SHOWN)]
        count = len(shown) + sum(1 for _ in errors)
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        raise InvalidContentError(
            f"In {where}, {count} of the schema's rules do not hold: {'; '.join(shown)}{more}.",
            hint="Mend the document where it is written, or correct the schema.",
        )


def validator_of(schema: Any, where: object) -> Any:
    """Compile a JSON Schema that stands on its own.

    Args:
        schema: The schema, as a JSON parser makes it.
        where: Where it comes from, for messages.

    Raises:
        ConfigError: It is no schema, or the extra is missing.
    """
    try:
        return library().validator_for(schema, offline=True)
    except ValueError as error:
        raise _no_schema(where, error) from None


def library() -> Any:
    """Give the library that checks. Raises ConfigError if it is not installed."""
    try:
        return importlib.import_module("jsonschema_rs")
    except ImportError:
        raise ConfigError(
            "A JSON Schema is set, but the library that checks it is not installed.",
            hint="Run: pip install 'sealift[schema]'",
        ) from None


def _no_schema(where: object, error: ValueError) -> ConfigError:
    return ConfigError(
        f"{where} is no JSON Schema that stands on its own: {_first_line(error)}.",
        hint="Correct the schema; put what it refers to into the same file.",
    )


def _describe(error: Any) -> str:
    """Name the place and the rule. Keys are shown only if they are words of the schema."""
    known = set(map(str, error.evaluation_path))
    return f"{_render(error.instance_path, known)} against {str(error.schema_path[-1])!r}"


def _render(path: Sequence[str | int], known: set[str]) -> str:
    place = "$"
    for step in path:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            place += f".{step}" if step in known else ".*"
    return place


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["unknown reason"])[0].rstrip(".")
