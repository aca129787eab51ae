"""Tables in HTML, as mails and pages hold them: their headings and cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sealift.sealing.redact.search.spans import Stretch
from sealift.sealing.redact.tables.delimited import Cell, cells_below, headings_of

_TAG: Final = re.compile(rb"<(?P<name>/?(?:table|tr|t[hd]))\b[^<>]*>", re.IGNORECASE)
_BEFORE: Final = re.compile(rb"(?:\s|&nbsp;|<[^<>]*>)*+")
_BLANKS: Final = b" \t\r\n"
_CLOSE: Final = ord(">")
_CELLS: Final = (b"td", b"th")


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """The cells below headings, in order."""

    headings: list[bytes]
    rows: list[list[Stretch]]
    """Where the cells of each row stand in the text."""

    def __iter__(self) -> Iterator[Cell]:
        for row in self.rows:
            yield from cells_below(self.headings, row)


def html_tables_in(text: bytes) -> Iterator[HtmlTable]:
    """Yield each table whose first row may be headings."""
    if b"<" not in text:
        return
    rows: list[list[Stretch]] = []
    opened = -1
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if opened >= 0 and rows:
            rows[-1].append(_without_tags(text, opened, tag.start()))
        opened = tag.end() if name in _CELLS else -1
        if name.endswith(b"table"):
            yield from _table(text, rows)
            rows = []
        elif name == b"tr":
            rows.append([])
    yield from _table(text, rows)


def _table(text: bytes, rows: list[list[Stretch]]) -> Iterator[HtmlTable]:
    if len(rows) < 2:
        return
    headings = headings_of([text[start:end] for start, end in rows[0]])
    if headings:
        yield HtmlTable(headings, rows[1:])


def _without_tags(text: bytes, start: int, end: int) -> Stretch:
    """Leave out the tags and blanks around what a cell holds."""
    before = _BEFORE.match(text, start, end)
    start = before.end() if before else start
    while end > start:
        if text[end - 1] in _BLANKS:
            end -= 1
        elif text[end - 1] == _CLOSE and (tag := text.rfind(b"<", start, end)) >= 0:
            end = tag
        else:
            break
    return start, end
