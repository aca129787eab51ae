"""One rule's search through a text: every value that passes the check, none hiding another."""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sealift.sealing.redact.checks.given_names import begins_with_given
from sealift.sealing.redact.checks.people import cut_short, given_name
from sealift.sealing.redact.checks.validators import VALIDATORS
from sealift.sealing.redact.rules.rule import OF_ANY_FORM, WORDED, Rule
from sealift.sealing.redact.rules.typography import plainly

_MAX_SHRUNK_BYTES: Final = 96
_GAP: Final = re.compile(rb"[ \t\r\n.,/-]+")
_FINE_GAP: Final = re.compile(rb"(?:[ \t\r\n.,/-]|\xc2\xa0|\xe2\x80[\x93\x94])+")
"""What stands between words and groups of digits, in UTF-8."""

_MAX_WORDS_BYTES: Final = 200
_DIGIT: Final = re.compile(r"[0-9]")
_OF_LABELS: Final = frozenset(("announced", "labelled", "keyed"))
"""Validators of names that stand behind a label."""

_BY_THEIR_FIRST_WORD: Final = frozenset(("given-name", "of-role"))
"""Validators that refuse whatever does not begin with a given name."""

_AND: Final = re.compile(
    rb"(?:,? (?:and|or|und|oder|et|ou|y|o|e|en|i|og|och|as well as|&|plus) |[,;/] ?\r?\n?[ \t]*"
    rb"|\r?\n[ \t]{0,8}(?:(?:[-*+]|\xe2\x80\xa2|[0-9]{1,2}[.)])[ \t]{1,3})?)(?=[^\s,;])",
)
"""What stands between things of one kind in a row, and at the beginning of a list's lines."""


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
            position = end
        else:
            start, position = _shrunk(rule, valid, data, (whole, start, end))
            if start < 0:
                continue
        values.append((start, position, number))
        if start > whole and rule.label not in OF_ANY_FORM:
            for more in _enumerated(search, data, (whole, start, position)):
                values.append((*more, number))
                position = more[1]


def _enumerated(
    search: Search, data: bytes, found: tuple[int, int, int]
) -> Iterator[tuple[int, int]]:
    """Yield where more values follow one that words announce, each as if they stood before it.

    "SSNs: 078051120, 219099999 and 457555462". What comes next may also be something else, so a
    number must have a digit, and a name be a known one; and behind "I am" a comma ends it.
    """
    rule, spans, group, valid = search
    whole, start, end = found
    before = data[max(whole, start - _MAX_WORDS_BYTES) : start]
    while (gap := _AND.match(data, end)) is not None:
        begin = gap.end()
        text = before + data[begin : begin + _MAX_SHRUNK_BYTES]
        first, last = spans(text, 0, len(text))[group]
        if first != len(before):
            return
        value = _text(text, first, last)
        if rule.label not in WORDED:
            is_one = _DIGIT.search(value) is not None
        else:
            is_one = given_name(value) and (rule.validator in _OF_LABELS or b"," not in gap[0])
        if not is_one or (valid is not None and not valid(value)):
            return
        end = begin + last - first
        yield begin, end


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
    by_first_word = rule.validator in _BY_THEIR_FIRST_WORD and start > whole
    if by_first_word and not begins_with_given(_text(data, start, end)):
        return -1, start
    gaps = list((_GAP if value.isascii() else _FINE_GAP).finditer(value))
    for gap in reversed(gaps):
        last = start + gap.start()
        text = _text(data, start, last)
        if not valid(text) or (rule.label == "NAME" and cut_short(_text(data, start, end), text)):
            continue
        match = rule.regexp.match(data, whole, last)
        if match is not None and match.span(rule.group) == (start, last):
            return start, last
    if start > whole:
        return -1, start
    return -1, start + gaps[0].end() if gaps else end
