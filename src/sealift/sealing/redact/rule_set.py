"""Which rules a policy has: those of packs and files, and those made of the deny-list."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import re2

from sealift.errors import ConfigError
from sealift.sealing.redact.packs import LABELS, load_pack
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.disguise import plain
from sealift.sealing.redact.search.finder import Finder
from sealift.sealing.redact.search.ner import PACK, RECOGNISED, FinderWithNames, recogniser


def what_it_finds(rule: Rule) -> list[object]:
    """List what of a rule decides the bytes: all but its proofs."""
    proofs = {"source", "examples", "counterexamples", "proven"}
    return [getattr(rule, field.name) for field in fields(rule) if field.name not in proofs]


def loaded(packs: Sequence[str | Path]) -> Iterator[Rule]:
    """Give the rules of all packs, each one's in its order."""
    for pack in packs:
        if pack == PACK:
            yield RECOGNISED
        else:
            yield from load_pack(pack)


def finder_of(
    rules: Sequence[Rule], allow: Sequence[str], *, labels: Iterable[str], names: bool
) -> Finder:
    """Make what searches by *rules*, and by the language model if *names* are wanted."""
    known = LABELS.union(labels)
    if not names:
        return Finder(rules, allow=allow, labels=known)
    patterns = [rule for rule in rules if rule is not RECOGNISED]
    return FinderWithNames(patterns, recogniser(), allow=allow, labels=known)


def denied(deny: Sequence[str]) -> Iterator[Rule]:
    """Make one rule of all texts that always go, the longest first."""
    texts = {plain(text)[0].strip() for text in deny}
    if "" in texts:
        raise ConfigError("redact_deny has an empty text.", hint="Remove it.")
    if texts:
        longest_first = sorted(texts, key=lambda text: (-len(text), text))
        pattern = "|".join(re2.escape(text) for text in longest_first)
        yield Rule(name="deny-list", label="DENIED", pattern=f"(?i:{pattern})")
