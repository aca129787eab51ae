"""Cuts a stream of XML fragments into elements of one name, each checked by expat."""

import re
from typing import Final
from xml.parsers import expat

from sealift.errors import ItemError
from sealift.sealing.strict_xml import XmlChecker
from sealift.sources.listener.between import ENDS, read_between
from sealift.sources.listener.framing import Bad

MOST_TAG_BYTES: Final = 65_536
"""Longest tag of an event; a longer one would be looked through too often."""

MOST_BETWEEN_BYTES: Final = 4_096
"""What stands after an event is looked at again with every read, up to so many bytes."""

_SAME_AS_UTF8: Final = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
_KEEPS_ASCII: Final = re.compile(rb"iso-8859-\d+|latin-?\d|windows-125\d|cp125\d")
_TAG_END: Final = re.compile(rb"(?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+>")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_SLASH: Final = ord("/")


class XmlFraming:
    """Cuts out every element called *element*; between them, only blanks and comments are right.

    Where an event ends is told by its tags alone, outside comments, CDATA sections
    and instructions: in XML, a `<` is a tag everywhere else. So a malformed event is
    refused and the next one still found. Only a DTD, another encoding, or an end
    that does not come make that impossible; then `lost` says why.

    Args:
        element: Name of the element that is one event.
        root: Name of an element that may be wrapped around events; its tags are skipped.
        max_bytes: Largest event in bytes.
        max_depth: Deepest nesting; the event itself is 1 deep.
    """

    def __init__(self, *, element: str, root: str, max_bytes: int, max_depth: int) -> None:
        name = element.encode()
        self._open = b"<" + name
        self._plain_open = self._open + b">"
        self._plain_close = b"</" + name + b">"
        self._token = re.compile(
            rb"<!--|<!\[CDATA\[|<\?|<![A-Za-z]|</?" + re.escape(name) + rb"(?=[ \t\r\n/>])"
        )
        self._wrapper = re.compile(rb"</?" + re.escape(root.encode()) + rb"(?:[ \t\r\n][^<>]*+)?>")
        self._longest_token = max(9, len(name) + 3)
        self._max_bytes = max_bytes
        self._max_depth = max_depth
        self._buffer = bytearray()  # begins where the event, or what is between events, begins
        self._scan = 0  # up to where the buffer has been looked through
        self._inside = False  # an event has begun
        self._depth = 0  # of elements called like the event, up to `_scan`
        self._ends = b""  # what ends the comment, CDATA section or instruction at `_scan`
        self._begun = False
        self._foreign = ""  # why the next event is refused, whatever it is
        self._spans: list[tuple[int, int]] = []  # plain events that are not checked yet
        self.bad: list[Bad] = []
        self.lost = ""
        self.ended = 0

    @property
    def held(self) -> int:
        """Bytes of an event that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the good events that are whole now, as they came."""
        if self.lost:
            return []
        self._buffer += data
        good: list[bytes] = []
        if not self._begun and not self._begin():
            return good
        start = self._cut(good)
        self._check_spans(good)
        del self._buffer[:start]
        self._scan = max(0, self._scan - start)
        if not self.lost and len(self._buffer) > self._max_bytes:
            self.lost = f"an event is larger than {self._max_bytes} bytes"
        if self.lost:
            self._refuse_rest(self.lost)
        return good

    def end(self, reason: str) -> None:
        """Refuse what is held, if it is an event's beginning or nothing known."""
        if not self.lost and (self._inside or not self._is_harmless(bytes(self._buffer))):
            self._refuse_rest(reason)

    def _begin(self) -> bool:
        """Look at the first bytes for a mark of the encoding; False if there are too few yet."""
        first = bytes(self._buffer[:3])
        if first[:2] in (b"\xfe\xff", b"\xff\xfe") or 0 in first[:2]:
            self.lost = "it is not UTF-8"
            self._refuse_rest(self.lost)
            return False
        if first == _UTF8_MARK:
            del self._buffer[:3]
        self._begun = first == _UTF8_MARK or not _UTF8_MARK.startswith(first)
        return self._begun

    def _cut(self, good: list[bytes]) -> int:
        """Find whole events; give where what is left begins."""
        start = 0
        while True:
            fresh = not self._inside
            if fresh:
                start = self._next_event(start, good)
                if not self._inside:
                    return start
            end = self._end_of_plain(start) if fresh else -1
            if end < 0:
                end = self._end_of_any()
                if end < 0:
                    return start
                self._check_spans(good)
                self._check_one(start, end, good)
            elif self._foreign:
                self._check_one(start, end, good)
            else:
                self._spans.append((start, end))
            self._inside, self._scan = False, end
            self.ended += 1
            start = end

    # Where events begin and end ---------------------------------------------------------------

    def _next_event(self, start: int, good: list[bytes]) -> int:
        """Find where the next event begins, and refuse what is before it.

        Returns:
            Where it begins, and `_inside` is true; or where what must be held begins.
        """
        at, token = self._next_token()
        while token and token != self._open and token[:2] != b"<!":
            self._scan = at + len(token)  # an end without a beginning
            at, token = self._next_token()
        if token[:2] == b"<!":
            self.lost = "a DTD is not taken"
            return start
        between = bytes(self._buffer[start : at if token else None])
        if not token and (len(between) > MOST_BETWEEN_BYTES or not self._is_harmless(between)):
            return start
        if between and not between.isspace():
            self._check_spans(good)
            self._look_at(between)
            if self.lost:
                return start
        self._inside = bool(token)
        self._scan = at if token else len(self._buffer)
        return self._scan

    def _end_of_plain(self, start: int) -> int:
        """Give the end of an event that has no comments and the like; -1 if it is not so."""
        buffer = self._buffer
        if not buffer.startswith(self._plain_open, start):
            return -1
        end = buffer.find(self._plain_close, start)
        inside = start + len(self._plain_open)
        plain = (
            end >= 0
            and buffer.find(b"<!", inside, end) < 0
            and buffer.find(b"<?", inside, end) < 0
            and buffer.find(self._open, inside, end) < 0
            and end - start < self._max_bytes - len(self._plain_close)
            # So few tags cannot be nested too deep.
            and buffer.count(b"<", start, end) <= 2 * self._max_depth
        )
        return end + len(self._plain_close) if plain else -1

    def _end_of_any(self) -> int:
        """Go on through an event's tokens to its end; -1 if that has not come yet."""
        while True:
            at, token = self._next_token()
            if token[:2] == b"<!":
                self.lost = "a DTD is not taken"
            if not token or self.lost:
                return -1
            tag = _TAG_END.match(self._buffer, at + len(token), at + MOST_TAG_BYTES)
            if tag is None:
                if len(self._buffer) - at >= MOST_TAG_BYTES:
                    self.lost = f"a tag is larger than {MOST_TAG_BYTES} bytes"
                self._scan = at
                return -1
            self._scan = tag.end()
            if token[1:2] == b"/":
                self._depth -= 1
            elif self._buffer[self._scan - 2] != _SLASH:
                self._depth += 1
            if self._depth <= 0:
                self._depth = 0
                return self._scan

    def _next_token(self) -> tuple[int, bytes]:
        """Find the next tag of an event, or a declaration, outside comments and the like.

        Returns:
            Where it is, and how it begins; empty if there is none yet.
        """
        buffer = self._buffer
        while True:
            if self._ends:
                at = buffer.find(self._ends, self._scan)
                if at < 0:
                    self._scan = max(self._scan, len(buffer) - len(self._ends) + 1)
                    return -1, b""
                self._scan = at + len(self._ends)
                self._ends = b""
            match = self._token.search(buffer, self._scan)
            if match is None:
                self._scan = max(self._scan, len(buffer) - self._longest_token)
                return -1, b""
            token = match.group()
            if token not in ENDS:
                return match.start(), token
            self._scan = match.end()
            self._ends = ENDS[token]

    # What is right and what is refused --------------------------------------------------------

    def _check_spans(self, good: list[bytes]) -> None:
        """Let expat read the plain events together; if one is bad, each by itself.

        Each of them has as many starts as ends of an event, so that together they are
        well-formed only if each one is.
        """
        if not self._spans:
            return
        spans, self._spans = self._spans, []
        view = memoryview(self._buffer)
        try:
            parser = expat.ParserCreate("UTF-8")
            parser.Parse(b"<r>", False)
            parser.Parse(view[spans[0][0] : spans[-1][1]], False)
            parser.Parse(b"</r>", True)
            good += [bytes(view[start:end]) for start, end in spans]
        except expat.ExpatError:
            pass
        else:
            return
        finally:
            view.release()
        for start, end in spans:
            self._check_one(start, end, good)

    def _check_one(self, start: int, end: int, good: list[bytes]) -> None:
        """Let one event through, or refuse it."""
        event = bytes(self._buffer[start:end])
        reason, self._foreign = self._foreign, ""
        if not reason and len(event) > self._max_bytes:
            reason = f"the event is larger than {self._max_bytes} bytes"
        if not reason:
            checker = XmlChecker(max_bytes=self._max_bytes, max_depth=self._max_depth)
            try:
                checker.feed(event)
                checker.close()
            except ItemError as error:
                reason = error.message
        if reason:
            self.bad.append(Bad(event, reason))
        else:
            good.append(event)

    def _look_at(self, between: bytes) -> None:
        """Refuse what stands between two events, unless it is harmless."""
        is_harmless, encoding = read_between(between, self._wrapper)
        if encoding not in _SAME_AS_UTF8:
            # Such an encoding hides no tag, so that only this one event is lost.
            self._foreign = "it declares another encoding than UTF-8"
            if not _KEEPS_ASCII.fullmatch(encoding):
                self.lost = self._foreign
        if not self.lost and not is_harmless:
            self.bad.append(Bad(between.strip(), "text or markup that belongs to no event"))

    def _is_harmless(self, between: bytes) -> bool:
        return between.isspace() or read_between(between, self._wrapper)[0]

    def _refuse_rest(self, reason: str) -> None:
        """Refuse all that is held."""
        rest = bytes(self._buffer) if self._inside else bytes(self._buffer.strip())
        self._buffer.clear()
        self._scan = self._depth = 0
        self._inside = False
        if rest:
            self.bad.append(Bad(rest, reason))
