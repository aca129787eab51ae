"""Key templates: what a route says about the keys of its items."""

import difflib
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple, Self

from sealift.errors import ConfigError, KeyNameError
from sealift.naming.dates import compile_date
from sealift.naming.names import encode_name, encode_value, is_safe

MAX_KEY_BYTES: Final = 1024
"""Longest key in UTF-8 bytes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

_PIECE: Final = re.compile(r"\{([^{}]*)\}|[{}]|[^{}]+")
_SHA256_DIGITS: Final = 64
_TELLS_ITEMS_APART: Final = frozenset({"id", "name", "path", "stem", "sha256"})


class KeyFacts(NamedTuple):
    """All that a key can be made from."""

    name: bytes
    """Relative path as found, `/` between its segments."""

    id: str
    """The item's UUIDv7."""

    time: datetime
    """The item's time, aware."""

    sha256: str = ""
    """SHA-256 of the sealed body, 64 hexadecimal digits; needed only if the template names it."""

    route: str = ""
    device_id: str = ""
    host: str = ""

    name_suffix: str = ""
    """What sealing appends to the name, such as `.gz`."""


class KeyTemplate:
    """A key template, parsed and checked once; may be used from many threads.

    Get one from `parse`.
    """

    def __init__(self, text: str, parts: list["_Part"], fields: frozenset[str]) -> None:
        self._text = text
        self._parts = tuple(parts)
        self._fields = fields

    def __repr__(self) -> str:
        return f"KeyTemplate.parse({self._text!r})"

    @property
    def fields(self) -> frozenset[str]:
        """Names of the fields that the template uses."""
        return self._fields

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a template such as `{device_id}/{date:%Y/%m/%d}/{name}`.

        `{dir}/` vanishes, slash and all, for an item that is in no folder.

        Raises:
            ConfigError: It cannot give valid keys, or gives every item the same one.
        """
        parts: list[_Part] = []
        fields: set[str] = set()
        shape = ""  # the template with an x for each field
        pieces = _pieces(text)
        for number, (literal, inside) in enumerate(pieces):
            if inside is None:
                after_dir = number > 0 and (pieces[number - 1][1] == "dir")
                parts.append(_literal(literal.removeprefix("/") if after_dir else literal))
                shape += literal
            else:
                field, _, form = inside.partition(":")
                follows = pieces[number + 1][0] if number + 1 < len(pieces) else ""
                parts.append(_part(field, form, slash=follows.startswith("/")))
                fields.add(field)
                shape += "x"
        _refuse_shape(text, shape, fields)
        return cls(text, parts, frozenset(fields))

    def expand(self, facts: KeyFacts) -> str:
        """Make the key of one item.

        Raises:
            KeyNameError: It would be no valid key: too long, or with an empty segment,
                `.` or `..`; or a fact that the template names is not known.
        """
        key = "".join([part(facts) for part in self._parts])
        _refuse_key(key)
        return key


def prefixed(prefix: str, key: str) -> str:
    """Put a destination's prefix before a key.

    Raises:
        KeyNameError: The whole is longer than 1,024 UTF-8 bytes.
    """
    full = prefix + key
    _refuse_long(full)
    return full


_Part = Callable[[KeyFacts], str]


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """Cut a template into literals and fields: `(text, None)` or `("", what is in braces)`."""
    pieces: list[tuple[str, str | None]] = []
    for match in _PIECE.finditer(text):
        if match[1] is not None:
            pieces.append(("", match[1]))
        elif match[0] in "{}":
            raise ConfigError(
                f"The key template '{text}' has a brace without its partner.",
                hint="Write fields as {name}; a key cannot have other braces.",
            )
        else:
            pieces.append((unicodedata.normalize("NFC", match[0]), None))
    return pieces


def _part(field: str, form: str, *, slash: bool) -> _Part:
    """Make the function that fills in one field; *slash* if a slash follows it."""
    if field == "dir" and not form:
        return _dir_and_slash if slash else _dir
    if field in _DATE_FORMS:
        return _date(form or _DATE_FORMS[field])
    if field == "sha256":
        return _sha256(form)
    if field not in _FIELDS:
        near = difflib.get_close_matches(field, _KNOWN, n=1, cutoff=0.4)
        raise ConfigError(
            f"The key template has the unknown field {{{field}}}.",
            hint=f"Did you mean {{{near[0]}}}?" if near else f"Known are: {', '.join(_KNOWN)}.",
        )
    if form:
        raise ConfigError(
            f"The key template's field {{{field}}} takes no format.", hint=f"Write {{{field}}}."
        )
    return _FIELDS[field]


def _literal(text: str) -> _Part:
    return lambda _facts: text


def _date(form: str) -> _Part:
    if not is_safe(form):
        raise ConfigError("The key template's date format has a control character.")
    write = lru_cache(maxsize=16)(compile_date(form))
    return lambda facts: write(facts.time if facts.time.tzinfo is UTC else _in_utc(facts.time))


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("KeyFacts.time must be aware")
    return time.astimezone(UTC)


def _sha256(form: str) -> _Part:
    digits = int(form) if form.isascii() and form.isdigit() else 0 if form else _SHA256_DIGITS
    if not 1 <= digits <= _SHA256_DIGITS:
        raise ConfigError(
            f"The key template has {{sha256:{form}}}.", hint="Use 1 to 64 digits: {sha256:16}."
        )
    return lambda facts: _known(facts.sha256, "SHA-256")[:digits]


def _known(fact: str, what: str) -> str:
    if not fact:
        raise KeyNameError(f"The key template names the item's {what}, which is not known.")
    return fact


def _path(facts: KeyFacts) -> str:
    return encode_name(facts.name) + facts.name_suffix


def _name(facts: KeyFacts) -> str:
    return encode_name(facts.name).rpartition("/")[2] + facts.name_suffix


def _dir(facts: KeyFacts) -> str:
    return encode_name(facts.name).rpartition("/")[0]


def _dir_and_slash(facts: KeyFacts) -> str:
    folder, slash, _ = encode_name(facts.name).rpartition("/")
    return folder + slash


def _stem(facts: KeyFacts) -> str:
    return _split(facts)[0]


def _suffix(facts: KeyFacts) -> str:
    return _split(facts)[1] + facts.name_suffix


def _split(facts: KeyFacts) -> tuple[str, str]:
    """Cut the name before its last dot, unless that begins or ends the name."""
    name = encode_name(facts.name).rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem.strip(".") and suffix else (name, "")


_FIELDS: Final[dict[str, _Part]] = {
    "device_id": lambda facts: encode_value(_known(facts.device_id, "device id")),
    "dir": _dir,
    "host": lambda facts: encode_value(_known(facts.host, "host")),
    "id": lambda facts: _known(facts.id, "id"),
    "name": _name,
    "path": _path,
    "route": lambda facts: encode_value(_known(facts.route, "route")),
    "stem": _stem,
    "suffix": _suffix,
}

_DATE_FORMS: Final = {"time": "%Y-%m-%dT%H-%M-%SZ", "date": "%Y/%m/%d"}

_KNOWN: Final = sorted({*_FIELDS, *_DATE_FORMS, "sha256"})


def _refuse_shape(text: str, shape: str, fields: set[str]) -> None:
    """Refuse a template that cannot give valid keys, whatever the facts are."""
    fault = ""
    if not text:
        fault = "is empty"
    elif not is_safe(text):
        fault = "has a control character or another that cannot be seen"
    elif shape.startswith("/") or shape.endswith("/"):
        fault = "begins or ends with a slash"
    elif not _SEGMENTS_REFUSED.isdisjoint(shape.split("/")):
        fault = "has an empty segment, '.' or '..'"
    elif fields.isdisjoint(_TELLS_ITEMS_APART):
        fault = "gives every item the same key: it names neither name, path, stem, id nor sha256"
    elif len(shape.encode()) > MAX_KEY_BYTES:
        fault = f"is longer than the {MAX_KEY_BYTES} bytes that a key may have"
    if fault:
        raise ConfigError(
            f"The key template '{_printable(text)}' {fault}.",
            hint="Try {device_id}/{date:%Y/%m/%d}/{id}_{name}.",
        )


_SEGMENTS_REFUSED: Final = frozenset({"", ".", ".."})


def _refuse_key(key: str) -> None:
    _refuse_long(key)
    suspect = "//" in key or "/." in key or key[:1] in {"", "/", "."} or key.endswith("/")
    if suspect and not _SEGMENTS_REFUSED.isdisjoint(key.split("/")):
        raise KeyNameError(
            "The item's key would have an empty segment, '.' or '..'.",
            hint="Rename the file, or change the route's key template.",
        )


def _refuse_long(key: str) -> None:
    if 4 * len(key) > MAX_KEY_BYTES and (length := len(key.encode())) > MAX_KEY_BYTES:
        raise KeyNameError(
            f"The item's key would have {length} bytes; S3 takes {MAX_KEY_BYTES}.",
            hint="Shorten the file's name or the route's key template.",
        )


def _printable(text: str) -> str:
    return text if text.isprintable() and len(text) <= 200 else repr(text[:200])
