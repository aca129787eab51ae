"""The search through one document: asks the finder, counts, and gathers the changes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sealift.sealing.redact.budget import Budget
from sealift.sealing.redact.replace import Replacement
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.finder import Finder, Hit, with_more
from sealift.sealing.redact.tables.columns import table_hits


class Edit(NamedTuple):
    """One stretch of a document's bytes, and what takes its place."""

    start: int
    end: int
    new: bytes


@dataclass(slots=True)
class Sweep:
    """One document's search; it keeps within the budget and counts what the rules found."""

    finder: Finder
    replacement: Replacement
    budget: Budget
    counts: dict[str, int] = field(default_factory=dict)

    def find(self, text: str) -> list[Hit]:
        """Find what must go from *text*; see `Finder.find`."""
        hits = self.finder.find(text)
        self.budget.spend()
        return hits

    def find_in_bytes(self, data: bytes) -> list[Hit]:
        """Find what must go from UTF-8 text, by its bytes; see `Finder.find_in_bytes`."""
        hits = self.finder.find_in_bytes(data)
        self.budget.spend()
        return hits

    def find_in_text(self, data: bytes) -> list[Hit]:
        """Find the same, and what the headings of tables tell of, in UTF-8 text of lines."""
        return with_more(self.find_in_bytes(data), table_hits(data, self.find_in_bytes))

    def find_in_parts(
        self, parts: Sequence[bytes], odd: frozenset[str] | None
    ) -> Iterator[list[Hit]]:
        """Find what must go from each of some texts; see `Finder.find_in_parts`."""
        for hits in self.finder.find_in_parts(parts, odd):
            self.budget.spend()
            yield hits

    def replace(self, rule: Rule, removed: str) -> str:
        """Count a hit, and give what takes its place."""
        self.count(rule.name)
        return self.replacement.text(rule.label, removed)

    def count(self, name: str) -> None:
        """Count one change under *name*.

        Raises:
            RedactionError: The time is over.
        """
        self.budget.spend()
        self.counts[name] = self.counts.get(name, 0) + 1


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Make the changes, which are in order and do not overlap; all else stays byte for byte."""
    pieces: list[bytes] = []
    seen = 0
    for start, end, new in edits:
        pieces += (data[seen:start], new)
        seen = end
    pieces.append(data[seen:])
    return b"".join(pieces)
