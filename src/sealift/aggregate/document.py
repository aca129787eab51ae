"""The day's file: read entry by entry, and written so that what is not touched stays as it is."""

import codecs
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NoReturn

PROFILES: Final = "profiles"
HEAD: Final = '{"profiles": ['
TAIL: Final = "]}"
_WINDOW_BYTES: Final = 1 << 20
_SPACE: Final = " \t\r\n"
_NUMBER: Final = "0123456789+-.eE"
_REV_BITS: Final = 16


class ShapeError(ValueError):
    """The file is not one that an aggregate can add to; says why, without a word of its text."""


class Entry:
    """One item of `profiles`: its text, and its value."""

    __slots__ = ("raw", "value")

    def __init__(self, raw: str, value: dict[str, Any]) -> None:
        self.raw = raw
        self.value = value


class DayReader:
    """Reads a day's file from beginning to end, once, with little of it decoded at a time.

    Args:
        body: The whole file; empty if there is none yet.

    Raises:
        ShapeError: It does not begin as a day's file does.
    """

    def __init__(self, body: bytes) -> None:
        self.head = HEAD
        """What stands before the first entry; other fields are kept in it."""

        self.tail = TAIL
        """What stands after the last entry; right only when all were read."""

        self._text = _Text(body) if body else None
        if self._text:
            self.head = _read_head(self._text)

    def __iter__(self) -> Iterator[Entry]:
        """Give the entries.

        Raises:
            ShapeError: The file is not well-formed, or an entry is none.
        """
        if not self._text:
            return
        text = self._text
        if text.peek() == "]":
            text.skip("]")
        else:
            while True:
                value, raw = text.value()
                yield _entry(value, raw)
                if text.skip(",]") == "]":
                    break
        self.tail = _read_tail(text)


class DayText:
    """A day's file that is read several times, and then written anew."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._last = DayReader(body)

    def read(self) -> DayReader:
        """Read it from the beginning."""
        self._last = DayReader(self._body)
        return self._last

    def written(self, entries: Iterable[str], *, rev: int) -> bytes:
        """Write it with other *entries*, which come of what `read` gave last; see `write_day`."""
        return write_day(self._last.head, entries, lambda: self._last.tail, rev=rev)


def write_day(head: str, entries: Iterable[str], tail: Callable[[], str], *, rev: int) -> bytes:
    """Write a day's file, one entry a line.

    Equal bytes have equal ETags, and a delayed request could take a later file for
    the one it was made from. So the file ends with white space that counts *rev*:
    the same bytes do not come again within 65,536 versions.

    Args:
        head: What stands before the entries.
        entries: The text of each.
        tail: What stands after the last; asked for when they are all written.
        rev: Number of this version.
    """
    out = io.BytesIO()
    out.write(head.encode())
    before = b"\n"
    for entry in entries:
        out.write(before)
        out.write(entry.encode())
        before = b",\n"
    out.write(b"\n")
    out.write(tail().encode())
    out.write(b"\n")
    out.write(bytes(b" \t"[rev >> bit & 1] for bit in range(_REV_BITS)))
    return out.getvalue()


class _Text:
    """A window that moves over UTF-8, and takes JSON values from its beginning."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._at = 0
        self._step = _WINDOW_BYTES
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._decode = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite).raw_decode
        self._text = ""
        self._pos = 0

    def peek(self) -> str:
        """Give the next character that is not white space; empty at the end."""
        while True:
            text, pos = self._text, self._pos
            while pos < len(text) and text[pos] in _SPACE:
                pos += 1
            self._pos = pos
            if pos < len(text):
                return text[pos]
            if not self._more():
                return ""

    def skip(self, wanted: str) -> str:
        """Step over one of the *wanted* characters, and say which it was."""
        found = self.peek()
        if not found or found not in wanted:
            raise ShapeError("it is not well-formed JSON")
        self._pos += 1
        return found

    def value(self) -> tuple[Any, str]:
        """Take the next value, with its text."""
        self.peek()
        self._step = _WINDOW_BYTES
        while True:
            try:
                value, end = self._decode(self._text, self._pos)
            except json.JSONDecodeError:
                if self._more():
                    continue
                raise ShapeError("it is not well-formed JSON") from None
            except RecursionError:
                raise ShapeError("it is nested too deep") from None
            closed = isinstance(value, dict | list | str)
            if not (closed or self._text[end:].lstrip(_NUMBER)) and self._more():
                continue  # a number may go on behind the window
            raw = self._text[self._pos : end]
            self._pos = end
            return value, raw

    def _more(self) -> bool:
        """Move the window on; False at the end."""
        if self._at >= len(self._body):
            return False
        piece = self._body[self._at : self._at + self._step]
        self._at += len(piece)
        # A value longer than the window is read in ever larger steps.
        self._step *= 2
        try:
            more = self._utf8.decode(piece, final=self._at >= len(self._body))
        except UnicodeDecodeError:
            raise ShapeError("it is not UTF-8") from None
        self._text = self._text[self._pos :] + more
        self._pos = 0
        return True


def _read_head(text: _Text) -> str:
    kept = [text.skip("{")]
    if text.peek() == "}":
        raise ShapeError('it has no "profiles"')
    while True:
        name, raw = text.value()
        kept += (raw, text.skip(":"), " ")
        if name == PROFILES:
            if text.peek() != "[":
                raise ShapeError('its "profiles" is not a list')
            return "".join((*kept, text.skip("[")))
        if not isinstance(name, str):
            raise ShapeError("it is not well-formed JSON")
        kept.append(text.value()[1])
        if text.skip(",}") == "}":
            raise ShapeError('it has no "profiles"')
        kept.append(", ")


def _read_tail(text: _Text) -> str:
    kept = ["]"]
    while text.skip(",}") == ",":
        name, raw = text.value()
        if name == PROFILES or not isinstance(name, str):
            raise ShapeError('it has "profiles" twice, or is not well-formed JSON')
        kept += (", ", raw, text.skip(":"), " ", text.value()[1])
    if text.peek():
        raise ShapeError("something follows its end")
    return "".join((*kept, "}"))


def _entry(value: Any, raw: str) -> Entry:
    if not isinstance(value, dict):
        raise ShapeError('an entry of "profiles" is not an object')
    if not isinstance(value.get("segments"), list | None):
        raise ShapeError('the "segments" of an entry is not a list')
    return Entry(raw, value)


def _refuse(_: str) -> NoReturn:
    raise ShapeError("it holds NaN or Infinity, which JSON does not know")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ShapeError("it holds a number that is too large")
    return number
