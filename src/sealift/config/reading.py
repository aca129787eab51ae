"""Reads one table of the configuration into an options dataclass, by the types of its fields."""

import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Protocol, TypeVar, get_args, get_origin, get_type_hints

from sealift.config.complaints import SECRETS, Complaints, Where
from sealift.config.secrets import SecretError, secret

PATHS_AS_TEXT = frozenset({"ca_bundle"})
"""Settings of type str that name a file."""


class Options(Protocol):
    """An options dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


T = TypeVar("T", bound=Options)


class EnvText(str):
    """A value from the environment: text that may stand for a number, a list and so on."""

    __slots__ = ()


class _UnfitError(Exception):
    """The value is not of the field's type."""


class Reader:
    """Reads tables into dataclasses, and complains about all that is wrong on the way.

    Args:
        base: What relative paths are relative to.
        environ: Where secrets may come from; None to fetch none, and leave them empty.
        complaints: Where complaints go.
    """

    def __init__(
        self, base: Path, environ: Mapping[str, str] | None, complaints: Complaints
    ) -> None:
        self._base = base
        self._environ = environ
        self._complaints = complaints

    def read(
        self, kind: type[T], table: Mapping[str, object], where: Where, **given: object
    ) -> T | None:
        """Make a *kind* of what the table has of its fields; None if a needed one is missing.

        A wrong value is complained about and its default taken, so that the rest can
        be checked all the same.

        Args:
            kind: The dataclass.
            table: The table; keys that are no fields are left to others.
            where: The table's place.
            given: Fields whose value is known already.
        """
        hints = get_type_hints(kind)
        values = dict(given)
        whole = True
        for field in fields(kind):
            if field.name in given:
                continue
            here = (*where, field.name)
            if field.name not in table:
                if not _has_default(field):
                    whole = False
                    self._complaints.add(here, f"is missing. {field.metadata.get('help', '')}")
                continue
            try:
                values[field.name] = self._value(field, hints[field.name], table[field.name])
            except SecretError as error:
                whole = False
                self._complaints.add(here, str(error))
            except _UnfitError as error:
                whole = whole and _has_default(field)
                self._complaints.wrong_value(here, table[field.name], str(error))
        return kind(**values) if whole else None

    def refuse_unknown(
        self,
        table: Mapping[str, object],
        known: Collection[str],
        where: Where,
        elsewhere: Mapping[str, str],
    ) -> None:
        """Complain about the keys of *table* that are not *known*."""
        for key in table:
            if key not in known:
                self._complaints.unknown((*where, key), known, elsewhere)

    def _value(self, field: Field[Any], hint: Any, value: object) -> object:
        if field.name in SECRETS:
            if isinstance(value, EnvText):
                return str(value)
            if self._environ is None:
                return ""
            return secret(value, self._base, self._environ)
        read = self._convert(hint, value)
        if field.name in PATHS_AS_TEXT and read:
            return str(self._path(str(read)))
        return read

    def _convert(self, hint: Any, value: object) -> object:
        if isinstance(value, EnvText):
            value = _from_text(hint, value)
        if get_origin(hint) is UnionType:
            hint = next(h for h in get_args(hint) if h is not NoneType)
        if hint is Path:
            return self._path(_text(value))
        if hint == tuple[Path, ...]:
            return tuple(self._path(text) for text in _texts(value))
        for fits, read in _READERS:
            if fits(hint):
                return read(hint, value)
        raise AssertionError(f"no reader for {hint}")

    def _path(self, text: str) -> Path:
        if not text:
            raise _UnfitError("must not be empty.")
        return self._base / Path(text).expanduser()


def _has_default(field: Field[Any]) -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def names(*kinds: type[Options]) -> list[str]:
    """List the fields of dataclasses."""
    return [field.name for kind in kinds for field in fields(kind)]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _UnfitError("is not a text in quotes.")
    return str(value)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise _UnfitError("is neither true nor false.")
    return value


def _int(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _UnfitError("is not a whole number.")
    return value


def _float(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124  NaN
        raise _UnfitError("is not a number.")
    return float(value)


def _choice(value: object, choices: Iterable[object]) -> object:
    known = list(choices)
    if value not in known:
        shown = [str(choice) for choice in known if choice != ""]
        raise _UnfitError(f"is not known. Use {', '.join(shown[:-1])} or {shown[-1]}.")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _UnfitError('is not a list of texts, such as ["a", "b"].')
    return tuple(value)


def _table(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise _UnfitError('is not a table of texts, such as { team = "a" }.')
    return dict(value)


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, object], object]], ...] = (
    (_is_enum, lambda hint, value: hint(_choice(value, [member.value for member in hint]))),
    (lambda hint: hint is str, lambda _, value: _text(value)),
    (lambda hint: hint is bool, lambda _, value: _bool(value)),
    (lambda hint: hint is int, lambda _, value: _int(value)),
    (lambda hint: hint is float, lambda _, value: _float(value)),
    (
        lambda hint: get_origin(hint) is Literal,
        lambda hint, value: _choice(value, get_args(hint)),
    ),
    (lambda hint: get_origin(hint) is tuple, lambda _, value: _texts(value)),
    (lambda hint: get_origin(hint) is Mapping, lambda _, value: _table(value)),
)


def _from_text(hint: Any, text: str) -> object:
    """Read what an environment variable says as TOML would, where a text does not do."""
    if hint in (str, Path) or _is_enum(hint) or get_origin(hint) in (Literal, UnionType):
        return str(text)
    if get_origin(hint) is tuple and not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return str(text)
