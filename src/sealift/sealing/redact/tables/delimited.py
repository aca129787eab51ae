"""Tables in a text of lines, as CSV and Markdown write them: their headings and cells."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final, NamedTuple

from sealift.sealing.redact.search.spans import Stretch
from sealift.sealing.redact.tables.records import cells_of, record_end

_LOOSE_COMMA: Final = b", "
_SEPARATORS: Final = (b"\t", b"|", b";", b",", _LOOSE_COMMA, "\u2502".encode())
_TIGHT_COMMA: Final = re.compile(rb",[^\s0-9]")
"""In prose a blank stands behind a comma; between headings mostly none does."""

_WORDS: Final = rb'(?:[\w"#./\x80-\xff-]{1,30}+ ?){1,4}'
_LINE_OF_WORDS: Final = re.compile(rb"[ \t]*+" + _WORDS + rb"(?:, " + _WORDS + rb")++\r?(?=\n)")
_LATER_LINE_OF_WORDS: Final = re.compile(b"\n" + _LINE_OF_WORDS.pattern)
"""Where it does, the whole line is made of few words at a time."""

_RULE: Final = re.compile(rb"[ \t|+:=>]*+--[ \t\r|+:=-]*+")
"""The line below the headings in Markdown, and in what databases print."""

_MAX_OTHER_LINES: Final = 2
_MAX_LINES_BEFORE: Final = 20

_MAX_HEADING_BYTES: Final = 80
_LETTER: Final = re.compile(rb"[A-Za-z\x80-\xff]")
_VALUE: Final = re.compile(
    rb"@|://|BLOCKED|\[[A-Z][A-Z0-9_~a-z-]*\]|\A(?:[^A-Za-z0-9\x80-\xff]*+[0-9]){5}[^A-Za-z\x80-\xff]*+\Z"
)
"""What stands in no heading: an address, a replacement, a long number."""

_DIGIT: Final = re.compile(rb"[0-9]")
_DIGITS: Final = re.compile(rb"[0-9]{3}|@")

_LOOKED_AT_CELLS: Final = 2000
_SAMPLED_CELLS: Final = 3
_NOTHING: Final = frozenset((b"n/a", b"na", b"none", b"null", b"nil", b"unknown", b"tbd", b"nan"))
_SOMETHING: Final = re.compile(rb"[A-Za-z1-9\x80-\xff]")


class Cell(NamedTuple):
    """A cell that is not empty."""

    heading: bytes
    """What stands above its column."""

    start: int
    """Where it stands in the text, without blanks and quotation marks around it."""

    end: int


def cells_below(headings: list[bytes], row: Iterable[Stretch]) -> Iterator[Cell]:
    """Yield the cells of a row that stand below a heading and are not empty."""
    for heading, (start, end) in zip(headings, row, strict=False):
        if heading and start < end:
            yield Cell(heading, start, end)


@dataclass(frozen=True, slots=True)
class Table:
    """The cells below headings, in order; each time anew, as there may be many."""

    text: bytes
    separator: bytes
    headings: list[bytes]
    lines: list[Stretch]
    """Where the lines below the headings stand in the text."""

    def __iter__(self) -> Iterator[Cell]:
        for start, end in self.lines:
            yield from cells_below(self.headings, cells_of(self.text, start, end, self.separator))


def sampled(text: bytes, cells: Iterable[Cell], headings: Iterable[bytes]) -> list[Cell]:
    """Return the first different cells below each heading, of those that hold something."""
    most = len(set(headings) - {b""}) * _SAMPLED_CELLS
    seen: dict[bytes, set[bytes]] = {}
    sample: list[Cell] = []
    for cell in islice(cells, _LOOKED_AT_CELLS):
        known = seen.setdefault(cell.heading, set())
        if len(known) == _SAMPLED_CELLS:
            continue
        value = text[cell.start : cell.end].strip(b'"')
        if value not in known and _holds_something(value):
            known.add(value)
            sample.append(cell)
            if len(sample) == most:
                break
    return sample


def _holds_something(value: bytes) -> bool:
    return (
        _SOMETHING.search(value) is not None
        and value.lower() not in _NOTHING
        and not value.startswith((b"BLOCKED", b"["))
    )


def headings_of(cells: list[bytes]) -> list[bytes]:
    """Return what of a row may stand above columns; nothing if the row holds values."""
    if any(map(_VALUE.search, cells)):
        return []
    headings = [one if _may_head(one) else b"" for one in cells]
    return headings if any(headings) else []


def _may_head(cell: bytes) -> bool:
    return len(cell) <= _MAX_HEADING_BYTES and _LETTER.search(cell) is not None


def tables_in(text: bytes) -> Iterator[Table]:
    """Yield what may be tables: lines with cells below as many that may be headings."""
    for separator in _SEPARATORS:
        if separator in text:
            yield from _tables(text, separator)


def _tables(text: bytes, separator: bytes) -> Iterator[Table]:
    at = _first(text, separator, 0)
    while at >= 0:
        run = _Run(text, separator, text.rfind(b"\n", 0, at) + 1)
        yield from run.tables()
        at = _first(text, separator, run.end)


def _first(text: bytes, separator: bytes, start: int) -> int:
    """Return where the next separator stands; if it is a comma, one as in headings."""
    if separator == _LOOSE_COMMA:
        line = _LATER_LINE_OF_WORDS.search(text, start)
        if not start:
            line = _LINE_OF_WORDS.match(text) or line
        return text.find(separator, line.start()) if line else -1
    if separator == b",":
        comma = _TIGHT_COMMA.search(text, start)
        return comma.start() if comma else -1
    return text.find(separator, start)


class _Run:
    """Lines that have the same separator, with few others between, from the one at *start*."""

    def __init__(self, text: bytes, separator: bytes, start: int) -> None:
        self._text = text
        self._separator = separator
        self._lines: list[Stretch] = []
        self._may_begin: list[int] = []
        """Numbers of lines behind a gap."""

        self._ruled: set[int] = set()
        """Numbers of lines above a rule."""

        self.end = self._read(start)

    def _read(self, start: int) -> int:
        """Gather the lines; return where the last of them ends."""
        text, separator = self._text, self._separator
        others, last = 0, start
        is_gap = False
        while start <= len(text) and others <= _MAX_OTHER_LINES:
            end = text.find(b"\n", start)
            end = len(text) if end < 0 else end
            if text.find(b"--", start, end) >= 0 and _RULE.fullmatch(text, start, end):
                if self._lines and not is_gap:
                    self._ruled.add(len(self._lines) - 1)
                last = end
            elif text.find(separator, start, end) >= 0:
                if is_gap:
                    self._may_begin.append(len(self._lines))
                end = last = record_end(text, start, end, separator)
                self._lines.append((start, end))
                others, is_gap = 0, False
            else:
                is_gap = True
                others += bool(text[start:end].strip())
            start = end + 1
        return last

    def tables(self) -> Iterator[Table]:
        """Yield the lines below each that may be headings, up to the next such one."""
        if len(self._lines) < 2:
            return
        first = range(min(len(self._lines) - 1, _MAX_LINES_BEFORE, min(self._ruled, default=99)))
        heads: list[tuple[int, list[bytes]]] = []
        for number in sorted({*first, *self._may_begin, *self._ruled}):
            headings = self._headings(number, is_first=not heads)
            if headings:
                heads.append((number, headings))
        heads.append((len(self._lines), []))
        for (number, headings), (end, _) in pairwise(heads):
            yield Table(self._text, self._separator, headings, self._lines[number + 1 : end])

    def _headings(self, number: int, *, is_first: bool) -> list[bytes]:
        """Return the headings that a line has; none, if they are more of what is below them."""
        if number + 1 >= len(self._lines):
            return []
        if self._separator == _LOOSE_COMMA and not _LINE_OF_WORDS.match(
            self._text, self._lines[number][0]
        ):
            return []
        row, below = self._row(number), self._row(number + 1)
        headings = headings_of(row)
        if number in self._ruled or not headings:
            return headings
        if abs(len(row) - len(below)) > 1 or max(_filled(row), _filled(below)) < 2:
            return []
        return headings if is_first or (_are_words(row) and _differs(row, below)) else []

    def _row(self, number: int) -> list[bytes]:
        cells = cells_of(self._text, *self._lines[number], self._separator)
        return [self._text[start:end] for start, end in cells]


def _filled(row: list[bytes]) -> int:
    return sum(map(bool, row))


def _are_words(row: list[bytes]) -> bool:
    return all(_LETTER.search(cell) or not _DIGIT.search(cell) for cell in row)


def _differs(row: list[bytes], below: list[bytes]) -> bool:
    """Tell whether values stand below what holds none."""
    return any(
        bool(above) and _DIGITS.search(cell) is not None and _DIGITS.search(above) is None
        for above, cell in zip(row, below, strict=False)
    )
