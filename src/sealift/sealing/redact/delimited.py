"""Tables in a text of lines, as CSV and Markdown write them: their headings and cells."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

_LOOSE_COMMA: Final = b", "
_SEPARATORS: Final = (b"\t", b"|", b";", b",", _LOOSE_COMMA)
_TIGHT_COMMA: Final = re.compile(rb",[^\s0-9]")
"""In prose a blank stands behind a comma; between headings mostly none does."""

_WORDS: Final = rb"(?:[\w#./()\x80-\xff-]{1,30}+ ?){1,4}"
_LINE_OF_WORDS: Final = re.compile(rb"[ \t]*+" + _WORDS + rb"(?:, " + _WORDS + rb")++\r?(?=\n)")
_LATER_LINE_OF_WORDS: Final = re.compile(b"\n" + _LINE_OF_WORDS.pattern)
"""Where it does, the whole line is made of few words at a time."""

_MAX_HEADING_BYTES: Final = 60
_DIGITS: Final = re.compile(rb"[0-9]{3}")
_LETTER: Final = re.compile(rb"[A-Za-z\x80-\xff]")
_RULE: Final = re.compile(rb"[ \t|+:=-]*-[ \t|+:=-]*")
"""The line below the headings in Markdown, and in what databases print."""

_BLANKS: Final = b" \t*`"
_AT_END: Final = _BLANKS + b"\r"
_MAX_CELL_LINES: Final = 50
_MAX_OTHER_LINES: Final = 2
_MAX_LINES_BEFORE: Final = 20
_MAX_HEADINGS: Final = 3
_LOOKED_AT_CELLS: Final = 2000
_SAMPLED_CELLS: Final = 3

Stretch: TypeAlias = tuple[int, int]


class Cell(NamedTuple):
    """A cell that is not empty."""

    heading: bytes
    """What stands above its column."""

    start: int
    """Where it stands in the text, without blanks and quotation marks around it."""

    end: int


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
            for heading, (first, last) in zip(
                self.headings, _cells(self.text, start, end, self.separator), strict=False
            ):
                if heading and first < last:
                    yield Cell(heading, first, last)


def sampled(cells: Iterable[Cell]) -> list[Cell]:
    """Return the first cells of each column."""
    counts: Counter[bytes] = Counter()
    sample: list[Cell] = []
    for cell in islice(cells, _LOOKED_AT_CELLS):
        if counts[cell.heading] < _SAMPLED_CELLS:
            counts[cell.heading] += 1
            sample.append(cell)
    return sample


def tables_in(text: bytes) -> Iterator[Table]:
    """Yield what may be tables: lines with cells below as many that may be headings."""
    for separator in _SEPARATORS:
        if separator in text:
            yield from _tables(text, separator)


def _tables(text: bytes, separator: bytes) -> Iterator[Table]:
    """Yield runs of lines that have the same separator, few others between."""
    at = _first(text, separator, 0)
    while at >= 0:
        start = text.rfind(b"\n", 0, at) + 1
        run, end = _run(text, start, separator)
        if len(run) > 1:
            yield from _table(text, run, separator)
        at = _first(text, separator, end)


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


def _run(text: bytes, start: int, separator: bytes) -> tuple[list[Stretch], int]:
    """Return the lines from *start* that have a separator, and where the last of them ends."""
    run: list[Stretch] = []
    others = last = 0
    while start <= len(text) and others <= _MAX_OTHER_LINES:
        end = _line_end(text, start)
        if text.find(separator, start, end) < 0:
            others += 1
        else:
            if b'"' in text[start:end]:
                end = _end_of_quoted(text, start, end)
            run.append((start, end))
            others, last = 0, end
        start = end + 1
    return run, last


def _end_of_quoted(text: bytes, start: int, end: int) -> int:
    """Return where the last line ends that a quoted cell reaches; *end*, if none closes it."""
    close = end
    is_open = text.count(b'"', start, end) & 1
    for _ in range(_MAX_CELL_LINES):
        if not is_open or close >= len(text):
            break
        after = _line_end(text, close + 1)
        is_open ^= text.count(b'"', close, after) & 1
        close = after
    return end if is_open else close


def _line_end(text: bytes, start: int) -> int:
    end = text.find(b"\n", start)
    return len(text) if end < 0 else end


def _table(text: bytes, run: list[Stretch], separator: bytes) -> Iterator[Table]:
    """Yield what stands in a run of lines, under each of the first that may be its headings."""
    left = _MAX_HEADINGS
    for number in range(min(len(run) - 1, _MAX_LINES_BEFORE)):
        headings = [text[a:b] for a, b in _cells(text, *run[number], separator)]
        if not all(map(may_head, headings)) or not any(headings):
            continue
        below = run[number + 1 :]
        if _RULE.fullmatch(text[slice(*below[0])].strip()):
            del below[0]
            left = 1
        if below and sum(1 for _ in _cells(text, *below[0], separator)) == len(headings):
            yield Table(text, separator, headings, below)
            left -= 1
        if not left:
            return


def may_head(heading: bytes) -> bool:
    """Tell whether *heading* may stand above a column: nothing, or a word or some."""
    if not heading:
        return True
    return (
        len(heading) <= _MAX_HEADING_BYTES
        and _LETTER.search(heading) is not None
        and _DIGITS.search(heading) is None
    )


def _cells(text: bytes, start: int, end: int, separator: bytes) -> Iterator[Stretch]:
    """Yield where each cell of a line stands, without the blanks and quotation marks around it."""
    line = text[start:end]
    if b'"' not in line:
        for cell in line.split(separator):
            without = cell.lstrip(_BLANKS)
            first = start + len(cell) - len(without)
            yield first, first + len(without.rstrip(_AT_END))
            start += len(cell) + len(separator)
        return
    while start <= end:
        close = start
        if text.startswith(b'"', start, end):
            close = text.find(b'"' + separator, start + 1, end)
            if close < 0:
                close = end if line.rstrip(_AT_END).endswith(b'"') else start
        close = text.find(separator, close, end)
        close = end if close < 0 else close
        yield _trimmed(text, start, close)
        start = close + len(separator)


def _trimmed(text: bytes, start: int, end: int) -> Stretch:
    cell = text[start:end].rstrip(_AT_END)
    end = start + len(cell)
    start = end - len(cell.lstrip(_BLANKS))
    if end - start > 1 and text.startswith(b'"', start) and text.endswith(b'"', start, end):
        return start + 1, end - 1
    return start, end
