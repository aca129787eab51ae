"""JSON as RFC 8259 wants it and no looser: one reading, the same for everyone who reads it."""

import re
from typing import Any, Final

import orjson

from sealift.errors import InvalidContentError, TooLargeError

MAX_DEPTH: Final = 1024
"""Deepest nesting that the parser itself takes; a larger `max_depth` means this."""

_DUMP_DEPTH: Final = 254
"""`orjson.dumps` refuses what is nested deeper. Source: https://github.com/ijl/orjson"""

# Possessive repeats keep no way back, so a string of any length needs no memory.
_TOKEN: Final = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(?:[ \t\r\n]*+:)?|[\[\]{}]',
    re.DOTALL,
)


def check_json(data: bytes, *, max_bytes: int, max_depth: int, first_line: int = 1) -> Any:
    """Read one JSON text, and give its value only if every reader would read the same.

    Refused: what is not UTF-8, a byte order mark, `NaN`, `Infinity` and numbers too
    large for a double, lone surrogates, a key twice in one object, no value at all.

    Args:
        data: The whole text.

        max_bytes: Largest *data* in bytes.

        max_depth: Deepest nesting of arrays and objects; `[[]]` is 2 deep.

        first_line: Number of the line at which *data* begins, for messages.

    Raises:
        TooLargeError: *data* is over *max_bytes*; it was not read.
        InvalidContentError: It is refused; the message names the place, not the text.
    """
    if len(data) > max_bytes:
        raise too_large("The JSON document", max_bytes)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        fault = _place(data, error, first_line)
    else:
        if not _is_plain(data, value, max_depth):
            _scan(data, max_depth, first_line)
        return value
    # Outside the handler: the foreign error holds the document, and must not hang on ours.
    raise invalid("JSON", *fault)


def too_large(what: str, max_bytes: int) -> TooLargeError:
    """Say that something held in memory is over the setting `max_document_bytes`."""
    return TooLargeError(
        f"{what} is larger than max_document_bytes = {max_bytes}.",
        hint="Raise max_document_bytes in the route's seal section, or split the file.",
    )


def invalid(what: str, where: str, why: str) -> InvalidContentError:
    """Say that *what* is not well-formed, *where* and *why*, without a word of the text."""
    return InvalidContentError(
        f"The {what} is not valid at {where}: {why}.",
        hint="Mend it where it is written; nothing of it was sent.",
    )


def _is_plain(data: bytes, value: Any, max_depth: int) -> bool:
    """Prove cheaply that *data* has no duplicate key and is not too deep; False proves nothing.

    Of duplicate keys the parser keeps the last, so the value written again lacks at
    least the two quotation marks of a lost key. In both texts a mark stands either
    around a string or after a backslash, unless *data* spells one as an escape. So,
    without that escape, equal counts mean that nothing was lost. And a text that
    begins with what is written again is that, and space at most.
    """
    option = orjson.OPT_INDENT_2 if data[1:2] == b"\n" else None
    try:
        again = orjson.dumps(value, option=option)
    except TypeError:  # deeper than it writes
        return False
    shallow = max_depth >= _DUMP_DEPTH or data.count(b"[") + data.count(b"{") <= max_depth
    if not shallow or data.startswith(again):
        return shallow
    escaped = b"\\" in data and b"\\u0022" in data  # the search for one byte is far quicker
    return not escaped and again.count(b'"') == data.count(b'"')


def _scan(data: bytes, max_depth: int, first_line: int) -> None:
    """Go through the tokens of a well-formed text, and refuse a key twice or too deep a nest."""
    objects: list[set[str]] = []
    depth = 0
    for match in _TOKEN.finditer(data):
        token = match.group()
        if token == b"{" or token == b"[":  # noqa: PLR1714 (twice as fast as a set)
            depth += 1
            if depth > max_depth:
                raise invalid(
                    "JSON",
                    _line_and_column(data, match.start(), first_line),
                    f"nested deeper than max_depth = {max_depth}",
                )
            if token == b"{":
                objects.append(set())
        elif token == b"]":
            depth -= 1
        elif token == b"}":
            depth -= 1
            objects.pop()
        elif token.endswith(b":"):
            key = orjson.loads(token[:-1])
            if key in objects[-1]:
                where = _line_and_column(data, match.start(), first_line)
                raise invalid("JSON", where, "the same key twice in one object")
            objects[-1].add(key)


def _place(data: bytes, error: orjson.JSONDecodeError, first_line: int) -> tuple[str, str]:
    """Say where and why the parser gave up."""
    if not data.strip():
        return f"line {first_line}", "there is no JSON value"
    try:
        data.decode()
    except UnicodeDecodeError as encoding:
        return _line_and_column(data, encoding.start, first_line), "it is not UTF-8"
    return f"line {first_line + error.lineno - 1}, column {error.colno}", error.msg


def _line_and_column(data: bytes, offset: int, first_line: int) -> str:
    line = first_line + data.count(b"\n", 0, offset)
    start = data.rfind(b"\n", 0, offset) + 1
    return f"line {line}, column {len(data[start:offset].decode()) + 1}"
