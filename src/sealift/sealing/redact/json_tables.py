"""Tables in the strings of JSON: CSV that a tool returned, Markdown that an assistant wrote."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from sealift.sealing.redact.finder import Hit, joined
from sealift.sealing.redact.json_escapes import QUOTE, unescaped, written_positions
from sealift.sealing.redact.sweep import Sweep
from sealift.sealing.redact.tables import table_hits

_LINE: Final = b"\\n"


def with_tables(document: bytes, plain: bytes, found: list[Hit], sweep: Sweep) -> list[Hit]:
    """
    Search the strings in which a table stands by themselves, its cells behind their headings.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        found: What was found without, in order.

        sweep: Asks again.

    Returns:
        What was found, in order, none overlapping another.
    """
    more: list[Hit] = []
    for start, end in _strings_of_lines(plain):
        written = document[start:end]
        text = unescaped(written)[0].replace(QUOTE, b'"')
        hits = joined(table_hits(text, sweep.find_in_bytes))
        ends = written_positions(written, chain.from_iterable(hit[:2] for hit in hits))
        more += [Hit(next(ends) + start, next(ends) + start, hit.rule) for hit in hits]
    return joined([*found, *more]) if more else found


def _strings_of_lines(plain: bytes) -> Iterator[tuple[int, int]]:
    """Yield the strings that have lines."""
    position = plain.find(_LINE)
    while position >= 0:
        start, end = plain.rfind(b'"', 0, position) + 1, plain.index(b'"', position)
        yield start, end
        position = plain.find(_LINE, end)
