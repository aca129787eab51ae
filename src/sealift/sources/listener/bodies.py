"""Reads the events out of the body of an HTTP request."""

import json
from dataclasses import dataclass
from enum import StrEnum

from sealift.errors import ItemError
from sealift.sealing.strict_json import check_json
from sealift.sources.listener.framing import Bad
from sealift.sources.listener.framing_lines import LineFraming
from sealift.sources.listener.framing_xml import XmlFraming

_NOT_WHOLE = "the body ended in the middle of it"
_BLANKS = " \t\r\n"
# Numbers stay text: only where values end matters here.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


class BodyKind(StrEnum):
    """What a body holds."""

    XML = "xml"
    JSON = "json"
    """One object, or an array of objects."""

    NDJSON = "ndjson"


_KINDS = {
    "application/xml": BodyKind.XML,
    "text/xml": BodyKind.XML,
    "application/json": BodyKind.JSON,
    "application/x-ndjson": BodyKind.NDJSON,
    "application/ndjson": BodyKind.NDJSON,
    "application/jsonl": BodyKind.NDJSON,
}


def kind_of(content_type: str) -> BodyKind | None:
    """Tell what a body holds by its media type; None if it is not one that is taken."""
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.lower().partition("charset=")[2].strip(" \"'")
    if charset not in ("", "utf-8", "utf8"):
        return None
    return _KINDS.get(media_type.strip().lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Reads bodies; what it needs to know of events."""

    element: str
    root: str
    max_event_bytes: int
    max_depth: int

    def events(self, body: bytes, kind: BodyKind) -> tuple[list[bytes], list[Bad]]:
        """Give the good events of a body, as they came, and what was refused."""
        most = {"max_bytes": self.max_event_bytes, "max_depth": self.max_depth}
        match kind:
            case BodyKind.XML:
                xml = XmlFraming(element=self.element, root=self.root, **most)
                good = xml.feed(body)
                xml.end(_NOT_WHOLE)
                return good, xml.bad
            case BodyKind.NDJSON:
                lines = LineFraming(**most)
                return lines.feed(body + b"\n"), lines.bad
            case BodyKind.JSON:
                return self._json(body)

    def _json(self, body: bytes) -> tuple[list[bytes], list[Bad]]:
        try:
            value = check_json(body, max_bytes=len(body), max_depth=self.max_depth + 1)
        except ItemError as error:
            return [], [Bad(body, error.message)]
        elements = _elements(body.decode()) if isinstance(value, list) else [body.strip()]
        values = value if isinstance(value, list) else [value]
        good: list[bytes] = []
        bad: list[Bad] = []
        for text, one in zip(elements, values, strict=True):
            if not isinstance(one, dict):
                bad.append(Bad(text, "it is JSON, but no object"))
            elif len(text) > self.max_event_bytes:
                bad.append(Bad(text, f"the event is larger than {self.max_event_bytes} bytes"))
            else:
                good.append(text)
        return good, bad


def _elements(array: str) -> list[bytes]:
    """Cut a valid JSON array into its elements, each as it is written."""
    at = array.index("[") + 1
    found: list[bytes] = []
    while True:
        while array[at] in _BLANKS or array[at] == ",":
            at += 1
        if array[at] == "]":
            return found
        _value, end = _DECODER.raw_decode(array, at)
        found.append(array[at:end].encode())
        at = end
