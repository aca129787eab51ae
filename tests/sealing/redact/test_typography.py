"""A pattern for plain characters finds the same in text with typographic ones, and no more."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from sealift.sealing.redact.packs import load_pack
from sealift.sealing.redact.rules.typography import TYPOGRAPHY, plainly, widened

FINE = {plain: [plain, *fine] for plain, fine in TYPOGRAPHY.items()}
RULES = [rule for pack in ("pii", "secrets", "hipaa") for rule in load_pack(pack)]


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("it's", ["it's", "it\u2019s", "it\u2018s"], ["its"]),
        ('a"b', ['a"b', "a\u201cb", "a\u201db"], ["a'b"]),
        ("a-b", ["a-b", "a\u2013b", "a\u2014b"], ["a b"]),
        (r"a\-b", ["a\u2013b"], ["ab"]),
        ("a[ ]b", ["a b", "a\xa0b"], ["a-b"]),
        (r"a\sb", ["a\nb", "a\xa0b"], ["a-b"]),
        (r"a\Sb", ["axb"], ["a b", "a\xa0b"]),
        (r"a[\s_]b", ["a_b", "a\xa0b"], ["a-b"]),
        (r"a[^\s]b", ["a\u2013b"], ["a\xa0b"]),
        ("a[^'-]b", ["a b", "axb"], ["a\u2019b", "a\u2013b", "a-b"]),
        ("a[-x]b", ["a\u2013b", "axb"], ["ayb"]),
        ("a[x-]b", ["a\u2014b", "axb"], ["ayb"]),
        (r"a[+\-x]b", ["a\u2013b", "a+b"], ["a,b"]),
        ("a[x-z]b", ["ayb"], ["a-b", "a\u2013b"]),
        ("a[]-]b", ["a]b", "a-b", "a\u2013b"], ["ab"]),
        ("a[^]-]b", ["axb"], ["a]b", "a\u2013b"]),
        ("(?-i:a)-(?i)b", ["a-B", "a\u2013b"], ["A-b"]),
        (r"\Qa-b.\E", ["a-b.", "a\u2013b."], ["axb.", "a-bx"]),
        ("a{1,2} ?b", ["aab", "a\xa0b"], ["b"]),
        ("a[[:space:]]b", ["a b", "a\xa0b"], ["a-b"]),
        ("a[!-/]b", ["a-b", "a\u2013b", "a\u201db"], ["axb"]),
        (r"a[\x20\055]b", ["a b", "a\xa0b", "a\u2014b"], ["axb"]),
        (r"a\x2db", ["a-b", "a\u2013b"], ["a b"]),
        (r"a[\w-.]b", ["a-b", "a\u2013b", "axb"], ["a b"]),
        ("[[:digit:]-]x", ["1x", "\u2013x"], ["ax"]),
    ],
)
def test_what_matches(pattern: str, found: list[str], not_found: list[str]) -> None:
    search = re2.compile(widened(pattern)).search
    assert [text for text in found if search(text) is None] == []
    assert [text for text in not_found if search(text) is not None] == []


@pytest.mark.parametrize("pattern", ["[a", "[^", "a\\", "(?P<a", "[]", "[]'", "a[^]'", ""])
def test_what_is_no_pattern_stays_none(pattern: str) -> None:
    assert widened(pattern) == pattern


@given(st.data(), st.sampled_from(RULES))
def test_each_rule_finds_the_same_however_its_examples_are_typeset(
    data: st.DataObject, rule: object
) -> None:
    for example in rule.examples[:6] + rule.counterexamples[:6]:
        text = example.replace("\u00ab", "").replace("\u00bb", "")
        typeset = "".join(data.draw(st.sampled_from(FINE.get(one, [one]))) for one in text)
        assert plainly(typeset) == plainly(text)
        assert places(rule.regexp, typeset) == places(rule.regexp, plainly(text))


def places(regexp: object, text: str) -> list[tuple[int, int]]:
    written = text.encode()
    return [
        (len(written[: m.start()].decode()), len(written[: m.end()].decode()))
        for m in regexp.finditer(written)
    ]
