"""Cuts a stream into lines, each of which is one JSON object (NDJSON)."""

from sealift.errors import ItemError
from sealift.sealing.strict_json import check_json
from sealift.sources.listener.framing import Bad


class LineFraming:
    """Cuts at line feeds; blank lines are skipped.

    The next line is always found, so nothing makes it `lost`.

    Args:
        max_bytes: Largest line in bytes; of a longer one the beginning is refused, and
            the rest passed over.
        max_depth: Deepest nesting; the object itself is 1 deep.
    """

    def __init__(self, *, max_bytes: int, max_depth: int) -> None:
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._held = bytearray()
        self._passing_over = False
        self.bad: list[Bad] = []
        self.lost = ""
        self.ended = 0

    @property
    def held(self) -> int:
        """Bytes of a line that is not whole yet."""
        return len(self._held)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the good lines that are whole now, without their ends."""
        good: list[bytes] = []
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._held += piece
            line = bytes(self._held)
            self._held.clear()
            if self._passing_over:
                self._passing_over = False
            elif line.strip(b" \t\r"):
                self._take(line, good)
        if not self._passing_over:
            self._held += rest
            if len(self._held) > self._max_bytes:
                self._refuse_long(bytes(self._held))
                self._held.clear()
                self._passing_over = True
        return good

    def end(self, reason: str) -> None:
        """Refuse a line that has no end, unless it is blank."""
        if self._held.strip():
            self.bad.append(Bad(bytes(self._held), reason))
        self._held.clear()

    def _take(self, line: bytes, good: list[bytes]) -> None:
        self.ended += 1
        if len(line) > self._max_bytes:
            self._refuse_long(line)
            return
        reason = json_fault(line, self._max_bytes, self._max_depth)
        if reason:
            self.bad.append(Bad(line, reason))
        else:
            good.append(line.strip(b" \t\r"))

    def _refuse_long(self, line: bytes) -> None:
        reason = f"the line is larger than {self._max_bytes} bytes; only its beginning is kept"
        self.bad.append(Bad(line[: self._max_bytes], reason))


def json_fault(text: bytes, max_bytes: int, max_depth: int) -> str:
    """Say why *text* is not one JSON object that every reader reads alike; empty if it is."""
    try:
        value = check_json(text, max_bytes=max_bytes, max_depth=max_depth)
    except ItemError as error:
        return error.message
    return "" if isinstance(value, dict) else "it is JSON, but no object"
