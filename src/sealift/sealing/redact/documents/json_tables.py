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

_LINE_END: Final = r"(?:\\n|\\u000[aA])"
_WORDS: Final = r"(?:(?:[\w#./\x{80}-\x{10ffff}\x02-]|\\[u/])+ ?){1,4}"
"""As `delimited` has them between commas, and as they may be escaped."""


def _in_two_lines(separator: str, first: str = "") -> str:
    """Return the pattern of a separator, or of its first form, that a later line has again."""
    return rf'(?:{first or separator})[^"]*{_LINE_END}[^"]*(?:{separator})'


_COMMA: Final = r",|\\u002[cC]"
_MAY_HOLD_ONE: Final = re2.compile(
    "|".join(
        (
            _in_two_lines(r"\\t|\\u0009"),
            _in_two_lines(r"\||\\u007[cC]"),
            _in_two_lines(r";|\\u003[bB]"),
            _in_two_lines(_COMMA, first=rf'(?:{_COMMA})(?:[^\s0-9"\\]|\\[^nrt])'),
            _in_two_lines(
                f"(?:{_COMMA}) ",
                first=rf'(?:"|{_LINE_END})(?: |\\t)*{_WORDS}(?:(?:{_COMMA}) {_WORDS})+(?:\\r)?',
            ),
            _in_two_lines(r"\x{2502}|\\u2502"),
            r'(?:<|\\u003[cC])[tT][rR][^"]*(?:<|\\u003[cC])[tT][rR]',
        )
    ).encode(),
    options=pattern_options(),
)
"""A string with one of `delimited`'s separators in two lines, or with two rows of HTML."""

_MARKS: Final = (b"\\n", b"<", rb"\u00")
"""One of them is in each such string; they are looked for ten times as fast."""


def string_table_hits(document: bytes, plain: bytes, sweep: Sweep) -> Iterator[Hit]:
    """
    Search by itself each string that may hold a table, its cells behind their headings.

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
