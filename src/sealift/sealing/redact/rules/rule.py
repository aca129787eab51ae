"""One redaction rule: what it looks for, how that is checked, and where the knowledge is from."""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.checks.validators import VALIDATORS
from sealift.sealing.redact.rules.alternatives import ordered
from sealift.sealing.redact.rules.typography import widened

REMOVED_GROUP: Final = "it"
"""Name of the group that marks the part to remove. Without it, the whole match goes."""

WORDED: Final = frozenset(("NAME", "ADDRESS"))
"""Labels of the rules that look for words, where others look for digits and marks."""

OF_ANY_FORM: Final = frozenset(
    ("PASSWORD", "SECRET", "AWS_SECRET", "TOKEN", "AUTHORIZATION", "COOKIE", "LOGIN", "URL")
)
"""Labels of what is told by the words before it, and has no form of its own."""

_PATTERN_GROUP: Final = "sealift_pattern"
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LABEL: Final = re.compile(r"[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)*")
_MAX_PATTERN_CHARACTERS: Final = 20_000
_MAX_PROGRAM_BYTES: Final = 8 << 20


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    A pattern whose matches are removed from what leaves.

    A rule is right or it does not exist: building one compiles its pattern and
    looks its validator up, unless tests have proven it.

    Raises:
        ConfigError: The name, label, pattern or validator cannot be used. The
            message names the rule and the reason.

    Source: https://github.com/google/re2/wiki/Syntax
    """

    name: str
    """Lower-case words joined by hyphens, unique within a policy. Counts are kept by it."""

    label: str
    """Upper-case word that stands in for the removed text, as in `[EMAIL]`."""

    pattern: str
    """RE2 pattern over the undisguised text, whose plain quotes, hyphens and blanks also match
    their typographic forms. The group `it`, if there is one, marks what goes;
    without it, the whole match."""

    unless: str = ""
    """RE2 pattern of look-alikes, tried first at each place: what it matches stays, and the
    search continues behind it."""

    hint: str = ""
    """RE2 pattern that matches wherever `pattern` does, and needs little memory: a literal, or
    the beginning. The first pass looks for it instead; empty means `pattern` itself."""

    validator: str = ""
    """Name in `VALIDATORS` of the check that a match must pass, or empty."""

    source: str = ""
    """Where the format is defined."""

    examples: tuple[str, ...] = ()
    """Texts with each value that must be found between « and »."""

    counterexamples: tuple[str, ...] = ()
    """Texts in which this rule must find nothing."""

    proven: bool = False
    """Whether tests have proven it: then its pattern is compiled when it first searches."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"redaction rule {self.name!r}: a name is lower-case words joined by hyphens",
            )
        if not _LABEL.fullmatch(self.label):
            raise ConfigError(
                f"redaction rule {self.name!r}: label {self.label!r} is not an upper-case word",
            )
        if self.validator and self.validator not in VALIDATORS:
            near = difflib.get_close_matches(self.validator, VALIDATORS, n=1)
            raise ConfigError(
                f"redaction rule {self.name!r}: there is no validator {self.validator!r}",
                hint=f"Did you mean {near[0]!r}?"
                if near
                else f"The validators are {', '.join(sorted(VALIDATORS))}.",
            )
        if self.proven:
            return
        for part in (self.pattern, self.unless, self.hint):
            self._refuse_long(part)
            compiled(part, self.name)
        if self.regexp.search(b"") is not None:
            raise ConfigError(f"redaction rule {self.name!r}: the pattern matches empty text")

    @cached_property
    def regexp(self) -> Any:
        """The compiled search, over UTF-8 bytes: the look-alikes, or else the pattern."""
        pattern = widened(self.pattern)
        if not self.unless:
            return compiled(pattern, self.name)
        unless = widened(self.unless)
        return compiled(f"(?:{unless})|(?P<{_PATTERN_GROUP}>{pattern})", self.name)

    @cached_property
    def first_look(self) -> bytes:
        """The RE2 pattern of the texts in which to search: the hint, or else the pattern."""
        return ordered(widened(self.hint or self.pattern)).encode()

    def _refuse_long(self, part: str) -> None:
        if len(part) > _MAX_PATTERN_CHARACTERS:
            raise ConfigError(
                f"redaction rule {self.name!r}: the pattern is longer than "
                f"{_MAX_PATTERN_CHARACTERS} characters",
            )

    @cached_property
    def spans(self) -> Callable[[bytes, int, int], list[tuple[int, int]]]:
        """The search from a position to another: where the whole match is, and each group.

        Both ends of what is not there are -1. It is the library's compiled object itself, whose
        Python face would double what an answer costs.
        """
        return partial(self.regexp._regexp.Match, re2._Anchor.UNANCHORED)  # noqa: SLF001

    @cached_property
    def group(self) -> int:
        """Number of the group that is removed; 0 is the whole match."""
        groups: dict[bytes, int] = self.regexp.groupindex
        return groups.get(REMOVED_GROUP.encode(), groups.get(_PATTERN_GROUP.encode(), 0))


def pattern_options() -> re2.Options:
    """Return how every pattern is compiled: UTF-8, quiet, with a bounded program."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_PROGRAM_BYTES
    return options


def compiled(pattern: str, name: str) -> Any:
    """Compile a part of the rule *name*.

    Raises:
        ConfigError: It is not RE2 syntax; the message names the rule and the reason.
    """
    try:
        return re2.compile(pattern.encode(), options=pattern_options())
    except (re2.error, UnicodeEncodeError) as error:
        raise ConfigError(
            f"redaction rule {name!r}: the pattern is not RE2 syntax: {_reason(error)}",
            hint="RE2 knows no lookaround and no backreference.",
        ) from error


def _reason(error: Exception) -> str:
    (reason, *_) = error.args or ("",)
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
