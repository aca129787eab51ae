"""Tables that JSON holds as lists of lists: their headings say of each cell what keys would."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sealift.sealing.redact.documents.json_escapes import unescaped
from sealift.sealing.redact.documents.json_families import SearchParts, found_behind
from sealift.sealing.redact.search.finder import Hit
from sealift.sealing.redact.search.spans import Stretch
from sealift.sealing.redact.tables.columns import column_hits
from sealift.sealing.redact.tables.delimited import Cell, cells_below, headings_of

_BLANK: Final = rb"[ \t\r\n]*+"
_LISTS: Final = re.compile(rb"\[" + _BLANK + rb"(?=\[" + _BLANK + rb'["0-9tfn-])')
"""A list of lists, of which the first begins with a string, a number or a word."""

_ELEMENT: Final = re.compile(
    _BLANK
    + rb'(?:(?P<element>"[^"]*"|-?[0-9][0-9.eE+-]*|true|false|null)'
    + _BLANK
    + rb"(?P<after>[,\]])|(?P<nested>[\[{])|(?P<end>\]))"
)
_BRACKET: Final = re.compile(rb'"[^"]*"|(?P<open>[\[{])|(?P<close>[\]}])|\0')
_AFTER: Final = re.compile(_BLANK + rb"(?P<after>[,\]])")
_NEXT: Final = re.compile(_BLANK + b"," + _BLANK + rb"(?=\[)")
_HEADINGS: Final = re.compile(
    rb'"(?i:columns?|header(?:s|_?row)?|headings?|fields?|cols)"'
    + _BLANK
    + b":"
    + _BLANK
    + rb"(?=\["
    + _BLANK
    + b'")'
)
_EMPTY: Final = (b'""', b"null", b"true", b"false")


def row_hits(document: bytes, plain: bytes, search: SearchParts) -> Iterator[Hit]:
    """
    Search the cells of lists of lists as if each stood alone behind its column's heading.

    The headings are the strings of the first list, or the list of as many behind a key such as
    `columns` that is nearest before it, or else behind. See `columns.table_hits` for those
    that are looked at.

    Args:
        document: Well-formed JSON texts, a NUL between them.

        plain: The same, its escaped quotes and backslashes hidden.

        search: Asks again.
    """
    if plain.find(b"[", plain.find(b"[") + 1) < 0:  # as usual, and sooner told
        return
    named: _Named | None = None
    for opened in _LISTS.finditer(plain):
        first = _row(plain, opened.end())
        if first is None:
            continue
        named = named or _Named(document, plain)
        for headings, start in (
            (named.near(opened.start(), len(first[0])), opened.end()),
            (_headings(document, first[0]), _next_row(plain, first[1])),
        ):
            if headings and start >= 0:
                yield from _below(document, _Rows(plain, headings, start), search)


class _Named:
    """The lists of strings behind keys that say that they are headings."""

    def __init__(self, document: bytes, plain: bytes) -> None:
        self._plain = plain
        rows = [(key.end(), _row(plain, key.end())) for key in _HEADINGS.finditer(plain)]
        self._lists = [(at, row[0]) for at, row in rows if row is not None]
        self._starts = [at for at, _ in self._lists]
        self._document = document

    def near(self, position: int, size: int) -> list[bytes]:
        """Return those of a table's columns that begins at *position*, if there are as many."""
        at = bisect_right(self._starts, position)
        for start, row in (*self._lists[max(at - 1, 0) : at], *self._lists[at : at + 1]):
            between = self._plain.find(b"\0", min(start, position), max(start, position))
            if between < 0 and len(row) == size:
                return _headings(self._document, row)
        return []


@dataclass(frozen=True, slots=True)
class _Rows:
    """The cells below headings, in order; each time anew, as there may be many."""

    plain: bytes
    headings: list[bytes]
    start: int

    def __iter__(self) -> Iterator[Cell]:
        start = self.start
        while start >= 0 and (row := _row(self.plain, start)) is not None:
            for cell in cells_below(self.headings, row[0]):
                if self.plain[cell.start : cell.end] not in _EMPTY:
                    yield cell
            start = _next_row(self.plain, row[1])


def _row(plain: bytes, start: int) -> tuple[list[Stretch], int] | None:
    """Return where the elements of a list stand, and where it ends; lists in it count as empty."""
    elements: list[Stretch] = []
    position = start + 1
    while (element := _ELEMENT.match(plain, position)) is not None:
        if element["end"]:
            return elements, element.end()
        after: re.Match[bytes] | None = element
        if element["nested"]:
            after = _AFTER.match(plain, _nested_end(plain, element.start("nested")))
            elements.append((position, position))
        else:
            elements.append(element.span("element"))
        if after is None:
            return None
        position = after.end()
        if after["after"] == b"]":
            return elements, position
    return None


def _nested_end(plain: bytes, start: int) -> int:
    """Return where the list or object ends that begins at *start*."""
    depth = 0
    for bracket in _BRACKET.finditer(plain, start):
        if bracket["open"]:
            depth += 1
        elif bracket["close"]:
            depth -= 1
            if not depth:
                return bracket.end()
        elif bracket[0] == b"\0":
            break
    return len(plain)


def _next_row(plain: bytes, end: int) -> int:
    """Return where the next list begins behind one, or -1."""
    following = _NEXT.match(plain, end)
    return following.end() if following else -1


def _headings(document: bytes, row: list[Stretch]) -> list[bytes]:
    """Return the strings of a list, as they are written, that may be headings."""
    texts = [
        document[start + 1 : end - 1] if document.startswith(b'"', start, end) else b""
        for start, end in row
    ]
    meant = headings_of([unescaped(text)[0] for text in texts])
    return [text if may_head else b"" for text, may_head in zip(texts, meant, strict=False)]


def _below(document: bytes, rows: _Rows, search: SearchParts) -> Iterator[Hit]:
    """Yield what is found in the columns that their first cells tell of."""

    def hits(cells: Iterable[Cell]) -> Iterator[tuple[Hit, Cell]]:
        for cell in cells:
            before = b'"%b": ' % cell.heading
            for hit in found_behind(before, document, [(cell.start, cell.end)], search):
                yield hit, cell

    return column_hits(document, rows, hits)
