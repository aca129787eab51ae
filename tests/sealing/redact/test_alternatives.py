"""The alternatives of a pattern are sorted, and match in the same texts as before."""

import pytest
import re2

from sealift.sealing.redact.packs import BUILT_IN, load_pack
from sealift.sealing.redact.rules.alternatives import ordered


@pytest.mark.parametrize(
    ("pattern", "sorted_pattern"),
    [
        ("(?:b|a|bc)x|A", "(?:a|b|bc)x|A"),
        ("(?i:b|A|a)", "(?i:A|a|b)"),
        (r"(?P<it>[|)]b|\(a|a)", r"(?P<it>[|)]b|\(a|a)"),
        ("z(?i)b|a", "z(?i)b|a"),
        ("b|(?:d|c)", "(?:c|d)|b"),
    ],
)
def test_alternatives_are_sorted_in_their_group(pattern: str, sorted_pattern: str) -> None:
    assert ordered(pattern) == sorted_pattern


@pytest.mark.parametrize("pack", BUILT_IN)
def test_the_hints_of_the_packs_are_patterns_still(pack: str) -> None:
    for rule in load_pack(pack):
        re2.compile(ordered(rule.hint or rule.pattern))
