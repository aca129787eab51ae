"""One rule's search through a text: every value that passes the check, none hiding another."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from sealift.sealing.redact.rule import Rule
from sealift.sealing.redact.typography import plainly
from sealift.sealing.redact.validators import VALIDATORS

_MAX_SHRUNK_BYTES: Final = 96
_GAP: Final = re.compile(rb"[ \t\n.,/-]+")
_FINE_GAP: Final = re.compile(rb"(?:[ \t\n.,/-]|\xc2\xa0|\xe2\x80[\x93\x94])+")
"""What stands between words and groups of digits, in UTF-8."""


class Search(NamedTuple):
    """What of a rule is asked for in each text."""

    rule: Rule
    spans: Callable[[bytes, int, int], list[tuple[int, int]]]
    """See `Rule.spans`."""

    group: int
    valid: Callable[[str], bool] | None


def search_of(rule: Rule) -> Search:
    """Look up what a search needs of *rule*."""
    valid = VALIDATORS[rule.validator] if rule.validator else None
    return Search(rule, rule.spans, rule.group, valid)


def matches(search: Search, data: bytes, number: int) -> list[tuple[int, int, int]]:
    """Return where the values are, each with *number*, each looked for behind the one before."""
    rule, spans, group, valid = search
    size = len(data)
    values: list[tuple[int, int, int]] = []
    position = 0
    while True:
        found = spans(data, position, size)
        whole, position = found[0]
        if whole < 0:
            return values
        start, end = found[group]
        if start < 0 or start == end:  # a look-alike, which stays
            continue
        if valid is None or valid(_text(data, start, end)):
            values.append((start, end, number))
            position = end
            continue
        start, position = _shrunk(rule, valid, data, (whole, start, end))
        if start >= 0:
            values.append((start, position, number))


def _text(data: bytes, start: int, end: int) -> str:
    return plainly(data[start:end].decode("utf-8", "replace"))


def _shrunk(
    rule: Rule, valid: Callable[[str], bool], data: bytes, found: tuple[int, int, int]
) -> tuple[int, int]:
    """Return the longest valid match with the same start, or -1 and where to search on.

    A greedy pattern may take a word too many: "John Smith Please", or the digits of the next
    number. The ends tried are those before a gap. If none will do, what was taken for a value
    may be what announces one: "passport number. Passport: C01X00T47".
    """
    whole, start, end = found
    value = data[start:end]
    if len(value) > _MAX_SHRUNK_BYTES:
        return -1, end
    gaps = list((_GAP if value.isascii() else _FINE_GAP).finditer(value))
    for gap in reversed(gaps):
        last = start + gap.start()
        if not valid(_text(data, start, last)):
            continue
        match = rule.regexp.match(data, whole, last)
        if match is not None and match.span(rule.group) == (start, last):
            return start, last
    if start > whole:
        return -1, start
    return -1, start + gaps[0].end() if gaps else end
