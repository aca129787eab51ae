"""Cuts a stream into records that each have their length before them."""

from typing import Final

from sealift.sources.listener.framing import Bad
from sealift.sources.listener.framing_lines import json_fault
from sealift.sources.listener.framing_xml import XmlFraming

_PREFIX_BYTES: Final = 4


class LengthFraming:
    """Cuts by lengths: four bytes, the highest first, and then so many bytes of one event.

    An event that begins with `<` is XML, and must be one element called *element*;
    any other must be a JSON object.

    Args:
        element: Name of the element that is one event.
        root: Name of an element that may be wrapped around it; its tags are skipped.
        max_bytes: Largest event in bytes; a greater length is taken for no length at
            all, and the stream is lost.
        max_depth: Deepest nesting.
    """

    def __init__(self, *, element: str, root: str, max_bytes: int, max_depth: int) -> None:
        self._element = element
        self._root = root
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._buffer = bytearray()
        self.bad: list[Bad] = []
        self.lost = ""
        self.ended = 0

    @property
    def held(self) -> int:
        """Bytes of an event that is not whole yet, its length included."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the good events that are whole now."""
        if self.lost:
            return []
        self._buffer += data
        good: list[bytes] = []
        start = 0
        while len(self._buffer) - start >= _PREFIX_BYTES:
            inside = start + _PREFIX_BYTES
            length = int.from_bytes(self._buffer[start:inside], "big")
            if length > self._max_bytes:
                self.lost = f"a length of {length} is over the {self._max_bytes} bytes of an event"
                break
            if len(self._buffer) < inside + length:
                break
            start = inside + length
            self._take(bytes(self._buffer[inside:start]), good)
        del self._buffer[:start]
        if self.lost:
            self._refuse_rest(self.lost)
        return good

    def end(self, reason: str) -> None:
        """Refuse an event that did not come whole."""
        self._refuse_rest(reason)

    def _take(self, event: bytes, good: list[bytes]) -> None:
        self.ended += 1
        found, bad = read_document(
            event,
            element=self._element,
            root=self._root,
            max_bytes=self._max_bytes,
            max_depth=self._max_depth,
        )
        if bad or len(found) != 1:
            reason = bad[0].reason if bad else f"it is {len(found)} events instead of one"
            self.bad.append(Bad(event, reason))
        else:
            good += found

    def _refuse_rest(self, reason: str) -> None:
        if self._buffer:
            self.bad.append(Bad(bytes(self._buffer), reason))
            self._buffer.clear()


def read_document(
    text: bytes, *, element: str, root: str, max_bytes: int, max_depth: int
) -> tuple[list[bytes], list[Bad]]:
    """Read the events of a whole document: XML if it begins with `<`, else one JSON object.

    Returns:
        The good events, and what was refused.
    """
    if not text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        fault = json_fault(text, max_bytes, max_depth)
        return ([], [Bad(text, fault)]) if fault else ([text.strip()], [])
    framing = XmlFraming(element=element, root=root, max_bytes=max_bytes, max_depth=max_depth)
    found = framing.feed(text)
    framing.end("it is not whole")
    return found, framing.bad
