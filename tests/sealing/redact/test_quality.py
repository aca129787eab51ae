"""Recall and precision of the built-in packs, on a fixed corpus and on texts never seen."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from sealift.sealing.redact.packs import load_pack
from sealift.sealing.redact.search.finder import Finder
from tests.sealing.redact import held_out

CORPUS = Path(__file__).parents[2] / "fixtures" / "pii-dev.jsonl"


@pytest.fixture(scope="module")
def everything() -> Finder:
    return Finder([rule for pack in ("pii", "secrets", "hipaa") for rule in load_pack(pack)])


@pytest.fixture(scope="module")
def usual() -> Finder:
    return Finder([rule for pack in ("pii", "secrets") for rule in load_pack(pack)])


def blocked(finder: Finder, text: str) -> str:
    pieces, seen = [], 0
    for start, end, _ in finder.find(text):
        pieces += [text[seen:start], "BLOCKED"]
        seen = end
    return "".join([*pieces, text[seen:]])


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from strings(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from strings(inside)


def corpus() -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in CORPUS.read_bytes().splitlines()]


def assert_recall(found: Counter[str], planted: Counter[str], missed: list[str]) -> None:
    assert found.total() >= 0.995 * planted.total(), missed
    for kind, count in planted.items():
        assert found[kind] >= 0.98 * count, (kind, missed)


def test_nearly_everything_of_the_corpus_is_removed(everything: Finder) -> None:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    missed = []
    for document in corpus():
        left = "\n".join(blocked(everything, text) for text in strings(document["document"]))
        for entry in document["remove"]:
            planted[entry["type"]] += 1
            if str(entry["value"]) in left:
                missed.append(f"{entry['type']}: {entry['value']}")
            else:
                found[entry["type"]] += 1
    assert planted.total() > 1500
    assert_recall(found, planted, missed)


def test_nearly_everything_harmless_of_the_corpus_stays(usual: Finder) -> None:
    count, lost = 0, []
    for document in corpus():
        left = "\n".join(blocked(usual, text) for text in strings(document["document"]))
        count += len(document["keep"])
        lost += [keep for keep in document["keep"] if keep not in left]
    assert count > 800
    assert len(lost) <= 0.01 * count, lost


@pytest.mark.parametrize("seed", [1, 2])
def test_nearly_everything_never_seen_is_removed(everything: Finder, seed: int) -> None:
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    missed = []
    for kind, value, text in held_out.planted(seed, 60):
        planted[kind] += 1
        if value in blocked(everything, text):
            missed.append(f"{kind}: {value!r} in {text!r}")
        else:
            found[kind] += 1
    assert_recall(found, planted, missed)


def test_nearly_everything_harmless_never_seen_stays(usual: Finder) -> None:
    cases = list(held_out.harmless(3, 40))
    lost = [keep for keep, text in cases if keep not in blocked(usual, text)]
    assert len(lost) <= 0.01 * len(cases), lost


def test_the_first_pass_hides_nothing_that_a_rule_alone_would_find(everything: Finder) -> None:
    all_rules = tuple(range(len(everything.rules)))
    for _, _, text in held_out.planted(4, 10):
        assert everything.find(text) == everything.find(text, only=all_rules)


def test_sealing_twice_finds_nothing_new(everything: Finder) -> None:
    """What is left after BLOCKED took the values' place gives no rule anything to find."""
    again = []
    for document in corpus()[:150]:
        for text in strings(document["document"]):
            left = blocked(everything, text)
            again += [(left, hit) for hit in everything.find(left)]
    for _, _, text in held_out.planted(6, 20):
        left = blocked(everything, text)
        again += [(left, hit) for hit in everything.find(left)]
    assert again == []
