"""Turns a document into another format on its way: XML into JSON, or a JSON array into lines."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sealift.errors import InvalidContentError
from sealift.sealing.validate import Format
from sealift.sealing.xml_to_json import xml_to_json

_STRING: Final = rb'"(?:[^"\\]|\\.)*+"'
_BLANKS: Final = re.compile(rb"(" + _STRING + rb")|[ \t\r\n]+", re.DOTALL)
_TOKEN: Final = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)


class Conversion(StrEnum):
    """What becomes of a document."""

    NONE = "none"
    """It stays what it is."""

    XML_TO_JSON = "xml-to-json"
    """An XML document becomes a JSON object by the conventions of xmltodict."""

    NDJSON = "ndjson"
    """Each value of a JSON array becomes a line; another document becomes one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What a conversion takes and gives."""

    takes: Format
    gives: Format
    suffix: str
    """What the name of the result ends with, besides that of the source."""

    content_type: str


FORMS: Final = {
    Conversion.XML_TO_JSON: Forms(
        takes=Format.XML, gives=Format.JSON, suffix=".json", content_type="application/json"
    ),
    Conversion.NDJSON: Forms(
        takes=Format.JSON,
        gives=Format.NDJSON,
        suffix=".ndjson",
        content_type="application/x-ndjson",
    ),
}


def json_of(data: bytes) -> bytes:
    """Give a well-formed XML document as JSON, see `xml_to_json`.

    Raises:
        InvalidContentError: It is nested too deep.
    """
    try:
        return xml_to_json(data)
    except ValueError:
        pass
    raise InvalidContentError(
        "The XML document cannot be written as JSON: it is nested too deep.",
        hint="Deliver it without convert.",
    )


def lines_of(data: bytes) -> bytes:
    """Give a well-formed JSON document as NDJSON; numbers and strings stay as they are spelled.

    Raises:
        InvalidContentError: It is an empty array, which has no line.
    """
    compact = _BLANKS.sub(rb"\1", data)
    if not compact.startswith(b"["):
        return compact + b"\n"
    if compact == b"[]":
        raise InvalidContentError(
            "The JSON array is empty, so there is no line to deliver.",
            hint="Write the file only when there is something in it.",
        )
    pieces = []
    start, depth = 1, 0
    for token in _TOKEN.finditer(compact):
        character = token[0]
        if character in b"[{":
            depth += 1
        elif character in b"]}":
            depth -= 1
        elif character == b"," and depth == 1:
            pieces.append(compact[start : token.start()])
            start = token.end()
    pieces += (compact[start:-1], b"")
    return b"\n".join(pieces)
