"""Checks that content is what its format says, in memory or piece by piece."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from sealift.errors import InvalidContentError
from sealift.sealing.schema import SchemaCheck
from sealift.sealing.strict_json import check_json, too_large
from sealift.sealing.strict_xml import XmlChecker


class Format(StrEnum):
    """What the content must be."""

    JSON = "json"
    """One JSON text."""

    NDJSON = "ndjson"
    """One JSON text on each line that is not blank, and at least one."""

    XML = "xml"
    """One XML document."""

    ANY = "any"
    """Anything; nothing is checked."""


_FORMATS: Final = {
    b"json": Format.JSON,
    b"ndjson": Format.NDJSON,
    b"jsonl": Format.NDJSON,
    b"xml": Format.XML,
}

_PIECE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a document is held in memory, and how deep it may be."""

    max_document_bytes: int = 64 * 1024 * 1024
    """Largest piece that is checked as a whole: a JSON text, a line of NDJSON, one XML tag."""

    max_depth: int = 1000
    """Deepest nesting of arrays and objects, or of elements; at most 1,024 for JSON."""


class Checker(Protocol):
    """Checks one document that comes piece by piece."""

    def feed(self, chunk: bytes) -> None:
        """Check the next piece as far as can be told yet.

        Raises:
            ItemError: The document is refused; the checker is spent.
        """
        ...

    def close(self) -> None:
        """Check that the document is complete.

        Raises:
            ItemError: The document is refused; the checker is spent.
        """
        ...


def format_of(name: bytes) -> Format:
    """Tell the format by the last suffix of a file name, in any case; `any` if unknown."""
    _, dot, suffix = name.rpartition(b".")
    return _FORMATS.get(suffix.lower(), Format.ANY) if dot else Format.ANY


def check(data: bytes, format: Format, limits: Limits, schema: SchemaCheck | None = None) -> None:  # noqa: A002 (the word of the trade)
    """Accept *data* if it is well-formed, within its limits and as its schema says.

    Raises:
        InvalidContentError: It is not; the message names line and column, never the text.
        TooLargeError: A piece that must be held in memory is over the limit.
    """
    if format is Format.JSON:
        value = check_json(data, max_bytes=limits.max_document_bytes, max_depth=limits.max_depth)
        if schema is not None:
            schema.check(value, "the document")
        return
    document = checker(format, limits, schema)
    for start in range(0, len(data), _PIECE_BYTES):
        document.feed(data[start : start + _PIECE_BYTES])
    document.close()


def checking(chunks: Iterable[bytes], document: Checker) -> Iterator[bytes]:
    """Yield *chunks* as they come, each one checked first, and all of them at the end."""
    for chunk in chunks:
        document.feed(chunk)
        yield chunk
    document.close()


def checker(format: Format, limits: Limits, schema: SchemaCheck | None = None) -> Checker:  # noqa: A002
    """Make a checker for one document; what it holds in memory is within *limits*."""
    match format:
        case Format.JSON:
            return _JsonChecker(limits, schema)
        case Format.NDJSON:
            return _NdjsonChecker(limits, schema)
        case Format.XML:
            return XmlChecker(max_bytes=limits.max_document_bytes, max_depth=limits.max_depth)
        case Format.ANY:
            return _AnyChecker()


class _AnyChecker:
    """Accepts anything."""

    def feed(self, chunk: bytes) -> None:
        """Accept."""

    def close(self) -> None:
        """Accept."""


class _JsonChecker:
    """Gathers a JSON text, which can only be checked whole."""

    def __init__(self, limits: Limits, schema: SchemaCheck | None) -> None:
        self._limits = limits
        self._schema = schema
        self._held = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._held += chunk
        if len(self._held) > self._limits.max_document_bytes:
            raise too_large("The JSON document", self._limits.max_document_bytes)

    def close(self) -> None:
        check(bytes(self._held), Format.JSON, self._limits, self._schema)


class _NdjsonChecker:
    """Checks each line as soon as it is whole."""

    def __init__(self, limits: Limits, schema: SchemaCheck | None) -> None:
        self._limits = limits
        self._schema = schema
        self._held = bytearray()
        self._line = 1
        self._records = 0

    def feed(self, chunk: bytes) -> None:
        first, *rest = chunk.split(b"\n")
        self._hold(first)
        for piece in rest:
            self._end_line()
            self._hold(piece)

    def close(self) -> None:
        self._end_line()
        if not self._records:
            raise InvalidContentError(
                "The NDJSON has no record.",
                hint="Mend it where it is written; nothing of it was sent.",
            )

    def _hold(self, piece: bytes) -> None:
        self._held += piece
        if len(self._held) > self._limits.max_document_bytes:
            raise too_large(f"Line {self._line} of the NDJSON", self._limits.max_document_bytes)

    def _end_line(self) -> None:
        line = bytes(self._held)
        self._held.clear()
        if line.strip(b" \t\r"):
            self._check(line)
            self._records += 1
        self._line += 1

    def _check(self, line: bytes) -> None:
        value: Any = check_json(
            line,
            max_bytes=self._limits.max_document_bytes,
            max_depth=self._limits.max_depth,
            first_line=self._line,
        )
        if self._schema is not None:
            self._schema.check(value, f"line {self._line}")
