"""Tables in the strings of JSON: CSV that a tool returned, a mail in HTML."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

import re2

from sealift.sealing.redact.documents.json_escapes import QUOTE, unescaped, written_positions
from sealift.sealing.redact.rules.rule import pattern_options
from sealift.sealing.redact.search.finder import Hit, joined
from sealift.sealing.redact.search.spans import Stretch
from sealift.sealing.redact.sweep import Sweep
from sealift.sealing.redact.tables.columns import table_hits

_WORDS: Final = r"(?:(?:[\w#./\x{80}-\x{10ffff}\x02-]|\\[u/])+ ?){1,4}"
_MAY_HOLD_ONE: Final = re2.compile(
    "|".join(
        (
            r'(?:\\t)[^"]*\\n[^"]*\\t',
            r'\|[^"]*\\n[^"]*\|',
            r';[^"]*\\n[^"]*;',
            r',(?:[^\s0-9"\\]|\\[^nrt])[^"]*\\n[^"]*,',
            rf'(?:"|\\n)(?: |\\t)*{_WORDS}(?:, {_WORDS})+(?:\\r)?\\n[^"]*, ',
            r'(?:\x{2502}|\\u2502)[^"]*\\n[^"]*(?:\x{2502}|\\u2502)',
            r'(?:<|\\u003[cC])[tT][rR][^"]*(?:<|\\u003[cC])[tT][rR]',
        )
    ).encode(),
    options=pattern_options(),
)
"""Two lines of a string with the same separator, of those of `delimited`, or two rows of HTML."""

_MARKS: Final = (b"\\n", b"<", rb"\u003")
"""One of them is in each such string; they are looked for ten times as fast."""


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


def _strings(plain: bytes) -> Iterator[Stretch]:
    """Yield the strings that may hold a table; most documents have none, and one look tells."""
    if not any(mark in plain for mark in _MARKS):
        return
    end = 0
    while (found := _MAY_HOLD_ONE.search(plain, end)) is not None:
        start = plain.rfind(b'"', 0, found.start() + 1) + 1
        end = plain.index(b'"', start)
        yield start, end
