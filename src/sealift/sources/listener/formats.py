"""The formats in which events leave: XML with one root, a JSON array, or NDJSON."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sealift.sealing.compress import Compression
from sealift.sealing.xml_to_json import xml_to_json


class OutputFormat(StrEnum):
    """What a closed file is."""

    XML = "xml"
    """One XML document; its root holds the events as they came."""

    JSON = "json"
    """One JSON array."""

    NDJSON = "ndjson"
    """One JSON object on each line."""


class CannotWriteError(ValueError):
    """The event cannot be written in this format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """How events are put together to a file."""

    suffix: str
    """What the file's name ends with, dot included."""

    head: bytes
    between: bytes
    tail: bytes
    event: Callable[[bytes], bytes]
    """Gives an event as it stands in the file. Raises CannotWriteError."""

    as_it_came: bool
    """Whether an event takes as many bytes in the file as it came in."""


def is_xml(event: bytes) -> bool:
    """Tell whether an accepted event is XML; it is JSON otherwise."""
    return event.startswith(b"<")


def writer(output: OutputFormat, *, root: str, pretty: bool) -> Writer:
    """Give the writer of a format.

    Args:
        output: The format.
        root: Name of the root element of XML.
        pretty: Spread the JSON array's events over lines; JSON that came as such stays.
    """
    match output:
        case OutputFormat.XML:
            name = root.encode()
            return Writer(
                suffix=".xml",
                head=b'<?xml version="1.0" encoding="UTF-8"?>\n<' + name + b">\n",
                between=b"\n",
                tail=b"\n</" + name + b">\n",
                event=_as_xml,
                as_it_came=True,
            )
        case OutputFormat.JSON:
            return Writer(
                suffix=".json",
                head=b"[\n  " if pretty else b"[\n",
                between=b",\n  " if pretty else b",\n",
                tail=b"\n]\n",
                event=_as_pretty_json if pretty else _as_json,
                as_it_came=False,
            )
        case OutputFormat.NDJSON:
            return Writer(
                suffix=".ndjson",
                head=b"",
                between=b"\n",
                tail=b"\n",
                event=_as_line,
                as_it_came=False,
            )


def _as_xml(event: bytes) -> bytes:
    if not is_xml(event):
        raise CannotWriteError("it is JSON")
    return event


def _as_json(event: bytes) -> bytes:
    if not is_xml(event):
        return event
    try:
        return xml_to_json(event)
    except ValueError as error:
        raise CannotWriteError(str(error)) from None


def _as_pretty_json(event: bytes) -> bytes:
    if not is_xml(event):
        return event
    try:
        return xml_to_json(event, pretty=True).replace(b"\n", b"\n  ")
    except ValueError as error:
        raise CannotWriteError(str(error)) from None


def _as_line(event: bytes) -> bytes:
    # In JSON, a line feed can only stand between tokens.
    return _as_json(event).replace(b"\r", b" ").replace(b"\n", b" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What closed files look like."""

    output: OutputFormat
    root: str = "EVENTS"
    pretty: bool = False
    compression: Compression = Compression.NONE
    """What the route's seal does afterwards; it counts for the size."""

    def writer(self, output: OutputFormat) -> Writer:
        """Give the writer of a format with these settings."""
        return writer(output, root=self.root, pretty=self.pretty)
