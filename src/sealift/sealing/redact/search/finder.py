"""Finds what the rules remove: one pass tells which rules matter, then only those look."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.rules.rule import WORDED, Rule
from sealift.sealing.redact.rules.typography import plainly
from sealift.sealing.redact.search.disguise import plain
from sealift.sealing.redact.search.first_pass import FirstPass
from sealift.sealing.redact.search.matches import Search, matches, search_of
from sealift.sealing.redact.search.positions import character_positions
from sealift.sealing.redact.search.replaced import Replaced
from sealift.sealing.redact.search.spans import Span, merged
from sealift.sealing.redact.search.view import view_of

SEPARATOR: Final = "\n\x00\n"
"""Stands between texts that are searched in one call: no built-in rule matches across it."""

_SEPARATOR: Final = SEPARATOR.encode()
_STRETCH_BYTES: Final = 1024


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
        labels: More labels than the rules' own that an earlier sealing may have left.

    Raises:
        ConfigError: Two rules have one name, or the set takes too much memory.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        allow: Sequence[str] = (),
        labels: Iterable[str] = (),
    ) -> None:
        self.rules: Final = tuple(rules)
        if len({rule.name for rule in rules}) < len(self.rules):
            names = [rule.name for rule in rules]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ConfigError(f"two redaction rules are named {', '.join(twice)}")
        self._searches: Final[list[Search | None]] = [None] * len(rules)
        self._first_pass = FirstPass(self.rules)
        self._allowed = _allowed(allow)
        self._replaced = Replaced({*labels, *(rule.label for rule in rules)})
        self._worded = frozenset(n for n, rule in enumerate(rules) if rule.label in WORDED)

    def find(self, text: str, only: Sequence[int] | None = None) -> list[Hit]:
        """
        Return what must go from *text*, in order, none overlapping another.

        Args:
            text: Decoded text. Several may be joined by `SEPARATOR`.
            only: Numbers of the rules that search; all, if it is None.
        """
        data = text.encode("utf-8", "surrogatepass")
        hits = self.find_in_bytes(data, only)
        if not hits or len(data) == len(text):
            return hits
        ends = character_positions(data, chain.from_iterable(hit[:2] for hit in hits))
        return [Hit(next(ends), next(ends), hit.rule) for hit in hits]

    def find_in_bytes(
        self,
        data: bytes,
        only: Sequence[int] | None = None,
    ) -> list[Hit]:
        """
        Return the same as `find` of the decoded *data*, with positions in bytes.

        Args:
            data: UTF-8 text.
            only: Numbers of the rules that search; all, if it is None.
        """
        parts = [data] if b"\0" not in data else list(_separated(data))
        hits: list[Hit] = []
        start = 0
        for part, found in zip(parts, self.find_in_parts(parts, only=only), strict=True):
            hits += [Hit(a + start, b + start, rule) for a, b, rule in found] if start else found
            start += len(part)
        return hits

    def find_in_parts(
        self,
        parts: Sequence[bytes],
        odd: frozenset[str] | None = None,
        *,
        only: Sequence[int] | None = None,
    ) -> Iterator[list[Hit]]:
        """
        Yield for each text of some what `find_in_bytes` returns.

        All of them have the first pass before any is searched: its tables are large, and
        stay in the processor's caches so.

        Args:
            parts: UTF-8 texts.
            odd: Their `odd_characters`, or those of a text around them, if they are known.
            only: Numbers of the rules that search; all, if it is None.
        """
        views = [view_of(part, odd) for part in parts]
        searched = [self._replaced.hidden(view.seen) for view in views]
        asked: Sequence[Sequence[int]] = (
            self._first_pass.possible(searched) if only is None else [only] * len(searched)
        )
        for part, view, data, numbers in zip(parts, views, searched, asked, strict=True):
            found = self._wanted(self._spans(data, numbers), view.seen) if numbers else []
            written = view.written(found)
            yield self._completed(part, [Hit(a, b, self.rules[number]) for a, b, number in written])

    def is_clean(self, data: bytes) -> bool:
        """Tell cheaply that there is nothing to find in *data*; False proves nothing."""
        if not data.isascii() or b"&" in data or b"\\" in data:
            return False
        return not self._first_pass.possible([data])[0]

    def is_announced(self, number: int, text: str) -> bool:
        """Return whether the first pass lets rule *number* look at *text*."""
        seen = view_of(text.encode("utf-8", "surrogatepass")).seen
        return number in self._first_pass.possible([seen])[0]

    def _completed(self, part: bytes, hits: list[Hit]) -> list[Hit]:  # noqa: ARG002 (for others)
        """Add to what the rules found in a text what else must go from it; here, nothing."""
        return hits

    def _spans(self, data: bytes, numbers: Iterable[int]) -> list[Span]:
        """Search a text without disguises by some rules."""
        spans: list[Span] = []
        for number in numbers:
            search = self._searches[number]
            if search is None:
                search = self._searches[number] = search_of(self.rules[number])
            spans += matches(search, data, number)
        return merged(spans) if spans else spans

    def _wanted(self, spans: list[Span], data: bytes) -> list[Span]:
        """Leave out what is allowed, and what an earlier sealing put there."""
        if (allowed := self._allowed) is not None:
            spans = [span for span in spans if not _is_allowed(data[span[0] : span[1]], allowed)]
        return self._replaced.without(spans, data, self._worded)


def joined(hits: Iterable[Hit]) -> list[Hit]:
    """Put hits in order and join those that overlap, under the rule of the first."""
    together: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= hit.end:
            continue
        if together and hit.start < together[-1].end:
            together[-1] = together[-1]._replace(end=max(together[-1].end, hit.end))
        else:
            together.append(hit)
    return together


def with_more(found: list[Hit], more: Iterable[Hit]) -> list[Hit]:
    """Join to what was found, in order, what another search finds."""
    hits = list(more)
    return joined([*found, *hits]) if hits else found


def _separated(data: bytes) -> Iterator[bytes]:
    """Cut where texts were joined, so that a rule looks only where it may match."""
    start = 0
    while start < len(data):
        end = data.find(_SEPARATOR, start + _STRETCH_BYTES)
        end = len(data) if end < 0 else end + len(_SEPARATOR)
        yield data[start:end]
        start = end


def _is_allowed(value: bytes, allowed: Any) -> bool:
    text = plainly(value.decode("utf-8", "surrogatepass"))
    return allowed.fullmatch(text.casefold().strip()) is not None


def _allowed(allow: Sequence[str]) -> Any | None:
    if not allow:
        return None
    texts = (plain(text)[0].casefold().strip() for text in allow)
    return re2.compile("|".join(re2.escape(text).replace(r"\*", r"\S*") for text in texts))
