"""The one pass over a text that tells which rules may match somewhere in it."""

from collections.abc import Callable, Sequence
from typing import Final

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.rule import Rule, compiled, pattern_options

_MAX_SET_BYTES: Final = 32 << 20
_ALWAYS: Final = rb"\z"


class FirstPass:
    """
    The patterns of all rules in one automaton.

    Args:
        rules: Their numbers are their places.

    Raises:
        ConfigError: A hint is wrong, or the patterns take too much memory.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._all: Final = range(len(rules))
        self._nothing: Final = [len(rules)]
        self._match = _automaton(rules)

    def possible(self, data: bytes) -> Sequence[int]:
        """Return the numbers of the rules that may match; all, if the automaton gave up."""
        numbers = self._match(data)
        if numbers == self._nothing:
            return ()
        if len(self._all) not in numbers:
            return self._all
        numbers.remove(len(self._all))
        return numbers

    def gave_up(self, data: bytes) -> bool:
        """Tell whether it needed too much memory for *data*, so that all rules must look."""
        return len(self._all) not in self._match(data)


def _automaton(rules: Sequence[Rule]) -> Callable[[bytes], list[int]]:
    """Compile the patterns together.

    What runs out of memory answers as if nothing matched. The pattern behind those of the rules
    matches every text, so that such an answer is told from a true one.
    """
    options = pattern_options()
    options.max_mem = _MAX_SET_BYTES
    patterns = re2.Set.SearchSet(options)
    try:
        for rule in rules:
            _add(patterns, rule)
        patterns.Add(_ALWAYS)
        patterns.Compile()
    except re2.error as error:
        raise ConfigError(f"the {len(rules)} redaction rules are too large together") from error
    match: Callable[[bytes], list[int]] = patterns._set.Match  # noqa: SLF001  see Rule.spans
    return match


def _add(patterns: re2.Set, rule: Rule) -> None:
    try:
        patterns.Add(rule.first_look)
    except re2.error:
        compiled(rule.first_look.decode(), rule.name)  # says what is wrong with it
        raise
