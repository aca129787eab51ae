"""Lines of cells: where each stands, though quotation marks hold separators and line ends."""

import re
from collections.abc import Iterator
from typing import Final

from sealift.sealing.redact.search.spans import Stretch

_QUOTED: Final = re.compile(rb'[ \t]*+"(?:[^"]|"")*+"[ \t\r]*+')
"""Source: https://www.rfc-editor.org/rfc/rfc4180 section 2"""

_OPEN: Final = re.compile(rb'[ \t]*+"')
_BLANKS: Final = b" \t*`"
_AT_END: Final = _BLANKS + b"\r"
_MAX_BYTES: Final = 8192
"""How far a cell may reach beyond its line."""


def record_end(text: bytes, start: int, end: int, separator: bytes) -> int:
    """
    Return where the record ends that begins with a line.

    Args:
        text: Lines.

        start: Where the line begins.

        end: Where it ends; the record goes on if a cell in quotation marks does.

        separator: What parts the cells.
    """
    while (opened := _open_quote(text, start, end, separator)) >= 0:
        limit = min(end + _MAX_BYTES, len(text))
        quoted = _QUOTED.match(text, opened, limit)
        if quoted is None or not _is_end(text, quoted.end(), limit, separator):
            break
        start, end = quoted.end(), _line_end(text, quoted.end())
    return end


def cells_of(text: bytes, start: int, end: int, separator: bytes) -> Iterator[Stretch]:
    """Yield where each cell of a record stands, without the blanks and quotes around it."""
    line = text[start:end]
    if b"\\" in line:
        line = line.replace(b"\\" + separator, b"\1" * (1 + len(separator)))
    if b'"' not in line:
        for cell in line.split(separator):
            without = cell.lstrip(_BLANKS)
            first = start + len(cell) - len(without)
            yield first, first + len(without.rstrip(_AT_END))
            start += len(cell) + len(separator)
        return
    position = 0
    while position <= len(line):
        close = _cell_end(line, position, len(line), separator)
        yield _trimmed(text, start + position, start + close)
        position = close + len(separator)


def _open_quote(text: bytes, start: int, end: int, separator: bytes) -> int:
    """Return where a cell begins whose quotation mark the line does not close, or -1."""
    if text.find(b'"', start, end) < 0:
        return -1
    position = start
    while position <= end:
        if _OPEN.match(text, position, end) and not _QUOTED.match(text, position, end):
            return position
        position = _cell_end(text, position, end, separator) + len(separator)
    return -1


def _cell_end(text: bytes, start: int, end: int, separator: bytes) -> int:
    quoted = _QUOTED.match(text, start, end)
    if quoted is not None and _is_end(text, quoted.end(), end, separator):
        return quoted.end()
    close = text.find(separator, start, end)
    return end if close < 0 else close


def _is_end(text: bytes, at: int, end: int, separator: bytes) -> bool:
    return at >= end or text.startswith((separator, b"\n"), at)


def _line_end(text: bytes, start: int) -> int:
    end = text.find(b"\n", start)
    return len(text) if end < 0 else end


def _trimmed(text: bytes, start: int, end: int) -> Stretch:
    cell = text[start:end].rstrip(_AT_END)
    end = start + len(cell)
    start = end - len(cell.lstrip(_BLANKS))
    if end - start > 1 and text.startswith(b'"', start) and text.endswith(b'"', start, end):
        return start + 1, end - 1
    return start, end
