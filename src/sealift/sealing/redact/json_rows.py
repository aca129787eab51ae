"""Tables that JSON holds as lists of lists: their headings say of each cell what keys would."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final

from sealift.sealing.redact.delimited import Cell, may_head, sampled
from sealift.sealing.redact.finder import Hit, joined
from sealift.sealing.redact.json_families import Search, Stretch, found_behind
from sealift.sealing.redact.tables import telling_headings

_BLANK: Final = rb"[ \t\r\n\0]*+"
_LISTS: Final = re.compile(rb"\[" + _BLANK + rb"(?=\[)")
_ELEMENT: Final = re.compile(
    _BLANK
    + rb'(?P<element>"[^"]*"|-?[0-9][0-9.eE+-]*|true|false|null)'
    + _BLANK
    + rb"(?P<after>[,\]])"
)
_HEADINGS: Final = re.compile(
    rb'"(?i:columns?|headers?|headings?|header_row|fields?|cols|names|keys|schema)"'
    + _BLANK
    + b":"
    + _BLANK
    + rb"(?=\["
    + _BLANK
    + b'")'
)
_NEXT: Final = re.compile(_BLANK + b"," + _BLANK + rb"(?=\[)")
_EMPTY: Final = (b'""', b"null", b"true", b"false")
_MAX_HEADINGS: Final = 20


def with_rows(document: bytes, plain: bytes, found: list[Hit], search: Search) -> list[Hit]:
    """
    Search the cells of lists of lists as if each stood alone behind its column's heading.

    The headings are the strings of the first list, or a list of as many behind a key such as
    `columns`. See `tables.table_hits` for the columns that are looked at.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        found: What was found without, in order.

        search: Asks again.

    Returns:
        What was found, in order, none overlapping another.
    """
    if plain.count(b"[") < 2:  # as usual, and sooner told
        return found
    more: list[Hit] = []
    named: list[list[bytes]] | None = None
    for opened in _LISTS.finditer(plain):
        rows = _rows(plain, opened.end())
        first = next(rows, None)
        if first is None:
            continue
        if named is None:
            named = [_texts(plain, row) for row in _heading_rows(plain)]
        headings = next((some for some in named if len(some) == len(first)), None)
        if headings is None:
            headings = _texts(plain, first)
            first = next(rows, None)
        if first is not None and all(headings) and all(map(may_head, headings)):
            more += _below(document, headings, chain([first], rows), search)
    return joined([*found, *more]) if more else found


def _heading_rows(plain: bytes) -> Iterator[list[Stretch]]:
    """Yield the first lists of strings behind keys that say that they are headings."""
    for key in islice(_HEADINGS.finditer(plain), _MAX_HEADINGS):
        yield from islice(_rows(plain, key.end()), 1)


def _rows(plain: bytes, start: int) -> Iterator[list[Stretch]]:
    """Yield the lists from *start*, as long as they hold nothing but strings, numbers and words."""
    while (row := _row(plain, start)) is not None:
        elements, end = row
        yield elements
        following = _NEXT.match(plain, end)
        if following is None:
            return
        start = following.end()


def _row(plain: bytes, start: int) -> tuple[list[Stretch], int] | None:
    elements: list[Stretch] = []
    position = start + 1
    while (element := _ELEMENT.match(plain, position)) is not None:
        elements.append(element.span("element"))
        position = element.end()
        if element["after"] == b"]":
            return elements, position
    return None


def _texts(plain: bytes, row: list[Stretch]) -> list[bytes]:
    """Return the strings of a list; nothing for what is none."""
    return [plain[a + 1 : b - 1] if plain.startswith(b'"', a) else b"" for a, b in row]


def _below(
    document: bytes, headings: list[bytes], rows: Iterable[list[Stretch]], search: Search
) -> Iterator[Hit]:
    """Yield what is found in the columns that their first cells tell of."""
    cells = [
        Cell(heading, *cell)
        for row in rows
        for heading, cell in zip(headings, row, strict=False)
        if document[slice(*cell)] not in _EMPTY
    ]
    sample = sampled(cells)
    telling = telling_headings(
        document, sample, [(hit, cell) for cell in sample for hit in _hits(document, cell, search)]
    )
    for cell in cells:
        if cell.heading in telling:
            yield from _hits(document, cell, search)


def _hits(document: bytes, cell: Cell, search: Search) -> Iterator[Hit]:
    return found_behind(b'"%b": ' % cell.heading, document, [(cell.start, cell.end)], search)
