"""Tables in the strings of JSON: CSV that a tool returned, a mail in HTML."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from sealift.sealing.redact.finder import Hit, joined
from sealift.sealing.redact.json_escapes import QUOTE, unescaped, written_positions
from sealift.sealing.redact.sweep import Sweep
from sealift.sealing.redact.tables import table_hits

_MARKS: Final = ((b"\\", b"\\n"), (b"<", b"<tr"), (b"<", b"<TR"))


def string_table_hits(document: bytes, plain: bytes, sweep: Sweep) -> Iterator[Hit]:
    """
    Search the strings in which a table stands by themselves, its cells behind their headings.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        sweep: Asks again.
    """
    for start, end in _strings(plain):
        written = document[start:end]
        text = unescaped(written)[0].replace(QUOTE, b'"')
        hits = joined(table_hits(text, sweep.find_in_bytes))
        ends = written_positions(written, chain.from_iterable(hit[:2] for hit in hits))
        for hit in hits:
            yield Hit(next(ends) + start, next(ends) + start, hit.rule)


def _strings(plain: bytes) -> Iterator[tuple[int, int]]:
    """Yield the strings in which a line ends, or a row of HTML begins."""
    seen: set[int] = set()
    for first, mark in _MARKS:
        # A single byte is looked for ten times as fast.
        position = plain.find(mark) if first in plain else -1
        while position >= 0:
            start, end = plain.rfind(b'"', 0, position) + 1, plain.index(b'"', position)
            if start not in seen:
                seen.add(start)
                yield start, end
            position = plain.find(mark, end)
