"""Finds what the rules remove: one pass tells which rules matter, then only those look."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.disguise import Offsets, disguised, plain, untypeset
from sealift.sealing.redact.positions import byte_positions
from sealift.sealing.redact.rule import Rule, pattern_options
from sealift.sealing.redact.validators import VALIDATORS

SEPARATOR: Final = "\n\x00\n"
"""Stands between texts that are searched in one call: no built-in rule matches across it."""

_MAX_SHRUNK_BYTES: Final = 96
_MAX_SET_BYTES: Final = 32 << 20
_SEPARATOR: Final = SEPARATOR.encode()
_STRETCH_BYTES: Final = 1024
_ALWAYS: Final = rb"\z"
_GAP: Final = re.compile(rb"[ \t\n.,/-]+")
_TOKEN: Final = re.compile(rb"\[[A-Z][A-Z0-9_-]{0,40}(?:[:~][b-df-hj-np-tv-z]{8,32})?\]")
_LETTER: Final = re.compile(r"\w")

_Span: TypeAlias = tuple[int, int, int]
"""Start, end (bytes of the folded text) and number of the rule."""


class Hit(NamedTuple):
    """One stretch of a text that has to go."""

    start: int
    """First character of it."""

    end: int
    """Character after its last."""

    rule: Rule
    """The rule that found it; of several that overlap, the one that found most."""


class Finder:
    """
    All rules of a policy, ready to search.

    Safe to share between threads. Time is linear in the length of the text.

    Args:
        rules: In order of rank: of two rules that find the same, the first is named.
        allow: Texts that stay, compared without case and disguise. `*` stands
            for any characters but spaces.

    Raises:
        ConfigError: Two rules have one name, or the set takes too much memory.
    """

    def __init__(self, rules: Sequence[Rule], *, allow: Sequence[str] = ()) -> None:
        self.rules: Final = tuple(rules)
        if len({rule.name for rule in rules}) < len(self.rules):
            names = [rule.name for rule in rules]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ConfigError(f"two redaction rules are named {', '.join(twice)}")
        self._set = _one_pass(self.rules)
        self._allowed = _allowed(allow)

    def find(self, text: str, only: Sequence[int] | None = None) -> list[Hit]:
        """
        Return what must go from *text*, in order, none overlapping another.

        Args:
            text: Decoded text. Several may be joined by `SEPARATOR`.
            only: Numbers of the rules that search; all, if it is None.
        """
        seen, offsets = plain(text)
        data = seen.encode("utf-8", "surrogatepass")
        spans = self._all_spans(data, only)
        if not spans:
            return []
        wanted = _characters(list(self._wanted(_merged(spans), data)), data)
        return [
            Hit(*_written(start, end, offsets), self.rules[number]) for start, end, number in wanted
        ]

    def find_in_bytes(self, data: bytes) -> list[Hit]:
        """
        Return the same as `find` of the decoded *data*, with positions in bytes.

        Args:
            data: UTF-8 text.
        """
        simple = untypeset(data)
        numbers: list[int] = self._set.Match(simple) or []
        if len(numbers) == 1 and numbers[0] == len(self.rules):
            return []
        if len(self.rules) not in numbers or len(self.rules) + 1 in numbers:
            text = data.decode()
            return in_bytes(text, self.find(text))
        spans = self._all_spans(simple, tuple(n for n in numbers if n < len(self.rules)))
        if not spans:
            return []
        wanted = self._wanted(_merged(spans), simple)
        if simple is data:
            return [Hit(start, end, self.rules[number]) for start, end, number in wanted]
        characters = _characters(list(wanted), simple)
        return in_bytes(data.decode(), [Hit(a, b, self.rules[n]) for a, b, n in characters])

    def is_announced(self, number: int, text: str) -> bool:
        """Return whether the first pass lets rule *number* look at *text*."""
        return number in self._possible(plain(text)[0].encode("utf-8", "surrogatepass"))

    def _all_spans(self, data: bytes, rules: Sequence[int] | None = None) -> list[_Span]:
        """Search stretch by stretch, each by *rules* or by those that may match there."""
        spans: list[_Span] = []
        start = 0
        while start < len(data):
            end = data.find(_SEPARATOR, start + _STRETCH_BYTES)
            end = len(data) if end < 0 else end + len(_SEPARATOR)
            stretch = data[start:end] if end - start < len(data) else data
            numbers = self._possible(stretch) if rules is None else rules
            for number in numbers:
                spans += [
                    (first + start, last + start, number)
                    for first, last in self._spans(self.rules[number], stretch)
                ]
            start = end
        return spans

    def _possible(self, data: bytes) -> Sequence[int]:
        """Return the rules that match somewhere, or all if the one pass ran out of memory."""
        numbers = self._set.Match(data) or ()
        if len(self.rules) not in numbers:
            return range(len(self.rules))
        return [number for number in numbers if number < len(self.rules)]

    def _spans(self, rule: Rule, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield what one rule finds, restarted behind each value so that none hides the next."""
        finditer, group = rule.regexp.finditer, rule.group
        valid = VALIDATORS[rule.validator] if rule.validator else None
        position = 0
        while position >= 0:
            matches, position = finditer(data, position), -1
            for match in matches:
                start, end = match.span(group)
                if start < 0 or start == end:
                    continue
                resume = end
                if valid is None or valid(data[start:end].decode("utf-8", "replace")):
                    yield start, end
                else:
                    start, resume = _shrunk(rule, data, match.start(), start, end)
                    if start >= 0:
                        yield start, resume
                if resume != match.end():
                    position = resume
                    break

    def _wanted(self, spans: list[_Span], data: bytes) -> Iterator[_Span]:
        """Leave out what is allowed, and what an earlier sealing put there."""
        tokens = [match.span() for match in _TOKEN.finditer(data)] if b"[" in data else []
        for start, end, number in spans:
            text = data[start:end].decode("utf-8", "surrogatepass")
            if self._allowed is not None and self._allowed.fullmatch(text.casefold().strip()):
                continue
            if "BLOCKED" in text or tokens:
                rest = _TOKEN.sub(b"", data[start:end]).decode("utf-8", "surrogatepass")
                rest = rest.replace("BLOCKED", "")
                if not _LETTER.search(rest) or any(a <= start and end <= b for a, b in tokens):
                    continue
            yield start, end, number


def in_bytes(text: str, hits: list[Hit]) -> list[Hit]:
    """Turn positions in *text* into positions in its UTF-8 bytes."""
    ends = iter(byte_positions(text, chain.from_iterable((hit.start, hit.end) for hit in hits)))
    return [Hit(next(ends), next(ends), hit.rule) for hit in hits]


def _shrunk(rule: Rule, data: bytes, whole: int, start: int, end: int) -> tuple[int, int]:
    """Return the longest valid match with the same start, or -1 and where to search on.

    A greedy pattern may take a word too many: "John Smith Please", or the digits of the next
    number. The ends tried are those before a gap.
    """
    value = data[start:end]
    gaps = list(_GAP.finditer(value)) if len(value) <= _MAX_SHRUNK_BYTES else []
    valid = VALIDATORS[rule.validator]
    for gap in reversed(gaps):
        if not valid(value[: gap.start()].decode("utf-8", "replace")):
            continue
        last = start + gap.start()
        match = rule.regexp.match(data, whole, last)
        if match is not None and match.span(rule.group) == (start, last):
            return start, last
    return -1, start + gaps[0].end() if gaps else max(end, whole + 1)


def _merged(spans: list[_Span]) -> list[_Span]:
    """Join what overlaps, named after the longest: nothing that a rule found is left over."""
    spans.sort(key=lambda span: (span[0], -span[1], span[2]))
    merged: list[_Span] = []
    longest = 0
    for span in spans:
        start, end, number = span
        if not merged or start >= merged[-1][1]:
            merged.append(span)
            longest = end - start
            continue
        first, last, name = merged[-1]
        if end - start > longest:
            longest, name = end - start, number
        merged[-1] = (first, max(last, end), name)
    return merged


def _characters(spans: list[_Span], data: bytes) -> list[_Span]:
    """Turn positions in UTF-8 bytes into positions in characters, in one pass."""
    if data.isascii():
        return spans
    counted: list[_Span] = []
    at_byte = at_character = 0
    for start, end, number in spans:
        first = at_character + len(data[at_byte:start].decode("utf-8", "surrogatepass"))
        last = first + len(data[start:end].decode("utf-8", "surrogatepass"))
        counted.append((first, last, number))
        at_byte, at_character = end, last
    return counted


def _written(start: int, end: int, offsets: Offsets | None) -> tuple[int, int]:
    return (start, end) if offsets is None else (offsets.start(start), offsets.end(end))


def _one_pass(rules: Sequence[Rule]) -> Any:
    """Compile all patterns into one automaton.

    A set that runs out of memory answers as if nothing matched. The pattern behind the rules
    matches every text, so that such an answer is told from a true one; the last tells of
    disguises.
    """
    options = pattern_options()
    options.max_mem = _MAX_SET_BYTES
    patterns = re2.Set.SearchSet(options)
    try:
        for rule in rules:
            patterns.Add((rule.hint or rule.pattern).encode())
        patterns.Add(_ALWAYS)
        patterns.Add(disguised())
        patterns.Compile()
    except re2.error as error:
        raise ConfigError(f"the {len(rules)} redaction rules are too large together") from error
    return patterns


def _allowed(allow: Sequence[str]) -> Any | None:
    if not allow:
        return None
    texts = (plain(text)[0].casefold().strip() for text in allow)
    return re2.compile("|".join(re2.escape(text).replace(r"\*", r"\S*") for text in texts))
