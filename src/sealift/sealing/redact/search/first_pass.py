"""The first pass over a text, which tells the rules that may match somewhere in it."""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from math import ceil
from typing import Final, NamedTuple

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.rules.rule import WORDED, Rule, pattern_options

_MAX_SET_BYTES: Final = 32 << 20
_ALL_MEASURED: Final = 1000
"""The first looks take longest, so each of so many is measured."""

_SAMPLE: Final = 8
_SMALL_BYTES: Final = 1024
"""Later, one of so many looks at so small texts is measured: the clock costs as much as they do."""

_SECONDS_A_BYTE: Final = 300e-9
"""What one automaton takes at most where it is the faster way, on a slow and busy machine, too.

In texts of few words it takes 10 to 60 ns once it has learned their states; in texts of ever new
words, up to 20,000.
"""

_MAX_LOST_SECONDS: Final = 1.0
"""How much more it may take in all, before there is one for each kind: learning takes half."""

_FEW_RULES: Final = 19
_MANY_RULES: Final = 24
"""How many rules share an automaton: of those that look for words, whose states are many, few.

A quarter more still do: a look for the few that are left would cost as much as one for all.
"""

_ALWAYS: Final = rb"\z"


class _Automaton(NamedTuple):
    """The patterns of some rules together."""

    match: Callable[[bytes], list[int]]
    """Gives the numbers of the patterns that match, counted from 0, and the one behind them."""

    numbers: range
    """The numbers of the rules, counted over all."""

    nothing: list[int]
    """What it gives if no rule may match."""


class FirstPass:
    """
    The patterns of all rules, in one automaton as long as that is the fastest.

    Each state of an automaton says how far every pattern has come, so that those of names and
    those of numbers multiply. In texts of few words that does not matter, and one automaton
    takes half the time of several; in varied prose it would build states without end, a
    hundred times slower. Then there is one for each kind of rules, for good.

    Safe to share between threads. What it answers does not depend on how.

    Args:
        rules: Their numbers are their places.

        clock: Seconds of this thread's CPU time.

    Raises:
        ConfigError: The patterns take too much memory together.
    """

    def __init__(
        self, rules: Sequence[Rule], clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._automata = [_automaton(rules, range(len(rules)))]
        self._is_one = True
        self._calls = 0
        self._lost_seconds = 0.0

    def possible(self, texts: Sequence[bytes]) -> list[list[int]]:
        """Return for each text the numbers of the rules that may match.

        Of several automata one after the other looks at all texts: its tables stay in the
        processor's caches so, which halves the time.
        """
        if not self._is_one:
            return self._possible(texts)
        self._calls += 1
        size = sum(map(len, texts))
        is_sample = size < _SMALL_BYTES and self._calls > _ALL_MEASURED
        looks = _SAMPLE if is_sample else 1
        if self._calls % looks:
            return self._possible(texts)
        start = self._clock()
        possible = self._possible(texts)
        self._watch(self._clock() - start, size, looks)
        return possible

    def part(self) -> None:
        """Go on with an automaton for each kind of rules."""
        self._automata = [
            _automaton(self._rules[some.start : some.stop], some) for some in _kinds(self._rules)
        ]
        self._is_one = False

    def _possible(self, texts: Sequence[bytes]) -> list[list[int]]:
        possible: list[list[int]] = [[] for _ in texts]
        for match, numbers, nothing in self._automata:
            size = len(numbers)
            for text, those in zip(texts, possible, strict=True):
                found = match(text)
                if found == nothing:
                    continue
                if size not in found:
                    those.extend(numbers)  # it gave up
                else:
                    those.extend(numbers[number] for number in found if number < size)
        return possible

    def _watch(self, seconds: float, size: int, looks: int) -> None:
        """Take note of how long one look of some took; part, if too much time is lost."""
        lost = self._lost_seconds + looks * (seconds - size * _SECONDS_A_BYTE)
        self._lost_seconds = max(lost, 0.0)
        if lost > _MAX_LOST_SECONDS:
            self.part()


def _kinds(rules: Sequence[Rule]) -> Iterator[range]:
    """Cut the rules, which stand by kinds in their packs, into runs of one kind."""
    start = 0
    for kind, run in groupby(rules, key=lambda rule: rule.label in WORDED and rule.label):
        end = start + len(list(run))
        size = _FEW_RULES if kind else _MANY_RULES
        parts = max(1, ceil((end - start) / size - 1 / 4))
        for part in range(parts):
            yield range(
                start + part * (end - start) // parts, start + (part + 1) * (end - start) // parts
            )
        start = end


def _automaton(rules: Sequence[Rule], numbers: range) -> _Automaton:
    """Compile the patterns of some rules together.

    What runs out of memory answers as if nothing matched. The pattern behind those of the rules
    matches every text, so that such an answer is told from a true one.
    """
    options = pattern_options()
    options.max_mem = _MAX_SET_BYTES
    patterns = re2.Set.SearchSet(options)
    try:
        for rule in rules:
            patterns.Add(rule.first_look)
        patterns.Add(_ALWAYS)
        patterns.Compile()
    except re2.error as error:
        raise ConfigError(f"the {len(rules)} redaction rules are too large together") from error
    # The library's compiled object itself: see Rule.spans.
    return _Automaton(patterns._set.Match, numbers, [len(rules)])  # noqa: SLF001
