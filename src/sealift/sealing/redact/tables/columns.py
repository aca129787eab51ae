"""What the heading of a table's column says, it says of each cell below."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Final, Protocol, TypeAlias

from sealift.sealing.redact.checks.people import given_name, of_role
from sealift.sealing.redact.rules.rule import OF_ANY_FORM, WORDED, Rule
from sealift.sealing.redact.search.finder import SEPARATOR, Hit
from sealift.sealing.redact.tables.delimited import Cell, sampled, tables_in
from sealift.sealing.redact.tables.html_tables import html_tables_in

_SEPARATOR: Final = SEPARATOR.encode()
_OF_THINGS_TOO: Final = "announced"
"""The validator of names behind labels that things have, too: one must be listed."""

_LIKE_A_SECRET: Final = re.compile(rb'"?(?=\S*[0-9])(?=\S*[A-Za-z])\S{6,}')

_AT_ONCE: Final = 200

Find: TypeAlias = Callable[[bytes], list[Hit]]
"""Finds what must go from a text, by its bytes."""


class Columns(Protocol):
    """A table: its headings, and its cells as often as they are asked for."""

    @property
    def headings(self) -> list[bytes]:
        """What stands above the columns."""
        ...

    def __iter__(self) -> Iterator[Cell]: ...


def table_hits(text: bytes, find: Find) -> Iterator[Hit]:
    """
    Search the cells of tables as if each stood alone behind its column's heading.

    Only in columns whose first cells hold something that is found so: a heading `ssn` tells of
    bare digits below it. Where words are found, as names are, they must be in half of those cells,
    and a column of names must hold a known full one, or mostly given names; what is told by its
    label alone, as a password, must look like one.

    Args:
        text: Decoded, in UTF-8.

        find: Asks for each cell.
    """
    tables: Iterator[Columns] = chain(tables_in(text), html_tables_in(text))
    for table in tables:
        yield from column_hits(text, table, lambda cells: _hits(text, cells, find))


def column_hits(
    text: bytes,
    columns: Columns,
    hits: Callable[[Iterable[Cell]], Iterator[tuple[Hit, Cell]]],
) -> Iterator[Hit]:
    """
    Yield what is found in those columns of a table whose first cells hold something.

    Args:
        text: In which the cells stand.

        columns: The table.

        hits: Searches cells behind their headings.
    """
    sample = sampled(text, columns, columns.headings)
    telling = _telling(text, sample, hits(sample))
    if telling:
        yield from (hit for hit, _ in hits(cell for cell in columns if cell.heading in telling))


def _telling(text: bytes, sample: list[Cell], hits: Iterable[tuple[Hit, Cell]]) -> frozenset[bytes]:
    """Return the headings of the columns in which something is found."""
    cells = Counter(cell.heading for cell in sample)
    found: dict[bytes, list[tuple[Rule, bytes]]] = {}
    for hit, cell in hits:
        found.setdefault(cell.heading, []).append((hit.rule, text[cell.start : cell.end]))
    return frozenset(heading for heading, some in found.items() if _tells(some, cells[heading]))


def _tells(found: list[tuple[Rule, bytes]], cells: int) -> bool:
    """Tell whether what was found in some cells of a column is there because of its heading."""
    rules = [rule for rule, _ in found]
    if any(rule.label not in WORDED | OF_ANY_FORM for rule in rules):
        return True
    if 2 * len(found) < cells:
        return False
    if any(rule.label in OF_ANY_FORM for rule in rules):
        return all(_LIKE_A_SECRET.fullmatch(value) for _, value in found)
    if any(rule.validator != _OF_THINGS_TOO for rule in rules):
        return True
    values = [value.decode(errors="replace").strip('"') for _, value in found]
    if any(" " in value and given_name(value) for value in values):
        return True
    return 2 * sum(map(of_role, values)) > cells  # "Violet", "Claude" and "Alexandria" are none


def _hits(text: bytes, cells: Iterable[Cell], find: Find) -> Iterator[tuple[Hit, Cell]]:
    """Search each cell behind its heading, as a member of JSON has it."""
    remaining = iter(cells)
    while some := list(islice(remaining, _AT_ONCE)):
        pieces: list[bytes] = []
        begins: list[int] = []
        at = 0
        for heading, start, end in some:
            before = b'"%b": "' % heading
            begins.append(at + len(before))
            pieces.append(b'%b%b"' % (before, text[start:end]))
            at += len(pieces[-1]) + len(_SEPARATOR)
        for hit in find(_SEPARATOR.join(pieces)):
            number = bisect_right(begins, hit.end - 1) - 1
            cell, moved = some[number], some[number].start - begins[number]
            start, end = max(hit.start + moved, cell.start), min(hit.end + moved, cell.end)
            if number >= 0 and start < end:
                yield Hit(start, end, hit.rule), cell
