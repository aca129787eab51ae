"""Packs are read, proven on their own examples, or refused with file, rule and reason."""

import re
import tomllib
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import ConfigError
from sealift.sealing.redact.checks.word_lists import listed
from sealift.sealing.redact.packs import BUILT_IN, LABELS, load_pack, prove
from sealift.sealing.redact.search.finder import Finder

GOOD = """
[parts]
digits = '\\d{4}'

[[rule]]
name = "badge"
label = "BADGE"
pattern = '''
\\bB-
{digits}\\b
'''
examples = ["badge «B-1234», «B-9999»"]
counterexamples = ["B-12345"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_pack_proves_itself_and_says_where_its_knowledge_is_from(name: str) -> None:
    rules = load_pack(name)
    prove(Finder(rules), name)
    assert len(rules) > 10
    assert [rule.name for rule in rules if not (rule.source and rule.examples)] == []


def test_the_built_in_packs_share_no_name() -> None:
    Finder([rule for name in BUILT_IN for rule in load_pack(name)])


def test_a_pack_of_ones_own_is_read_like_the_built_in_ones(tmp_path: Path) -> None:
    (rule,) = load_pack(written(tmp_path, GOOD))
    assert rule.pattern == r"\bB-(?:\d{4})\b"
    assert load_pack(str(tmp_path / "mine.toml")) == (rule,)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("label =", "lable =", "unknown key 'lable'"),
        ("[[rule]]", "[[rules]]", "unknown key 'rules'"),
        ("{digits}", "{digit}", "there is no part 'digit'"),
        ("'\\d{4}'", "'{digits}'", "nested deeper"),
        ('"badge «B-1234», «B-9999»"', '"badge «C-1234»"', "in its example"),
        ('"badge «B-1234», «B-9999»"', '"badge B-1234"', "marks no value"),
        ('"badge «B-1234», «B-9999»"', '"«badge B-1234»"', "in its example"),
        ('"B-12345"', '"B-1234"', "in its counterexample"),
        ('examples = ["badge «B-1234», «B-9999»"]', "examples = []", "'examples' is missing"),
        ('"BADGE"', "7", "'label' must be a text"),
        ('["B-12345"]', '"B-12345"', "'counterexamples' must be a list of texts"),
        ("\\b\n'''", "(\n'''", "not RE2 syntax"),
        ('"badge"', '"Badge!"', "lower-case words"),
        ("[parts]", "[[", "is not TOML"),
    ],
)
def test_a_wrong_pack_is_refused_with_file_rule_and_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_pack(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    if "TOML" not in reason and "rules" not in reason:
        assert "badge" in str(caught.value).lower()


def test_an_unknown_pack_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        load_pack("secret")
    assert "'secrets'" in caught.value.hint


def test_a_missing_or_undecodable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_pack(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_pack(tmp_path / "bad.toml")


def test_a_rule_written_twice_is_refused(tmp_path: Path) -> None:
    twice = GOOD + GOOD[GOOD.index("[[rule]]") :]
    with pytest.raises(ConfigError, match="two redaction rules are named badge"):
        load_pack(written(tmp_path, twice))


def test_the_labels_of_the_built_in_packs_are_known() -> None:
    assert {rule.label for name in BUILT_IN for rule in load_pack(name)} == LABELS


def test_the_pages_of_urls_are_the_same_in_the_list_and_in_the_patterns() -> None:
    pack = resources.files("sealift.sealing.redact").joinpath("packs").joinpath("pii.toml")
    document = tomllib.loads(pack.read_text(encoding="utf-8"))
    (url,) = (rule for rule in document["rule"] if rule["name"] == "url")
    _, _, alternatives = url["hint"].partition("|{pages})")[0].rpartition("/(?:")
    english = words_of(alternatives)
    assert alternatives in url["pattern"]
    assert english | words_of(document["parts"]["pages"]) == listed("pages.txt")


def words_of(pattern: str) -> set[str]:
    """Return the words that a pattern without open-ended repeats matches."""
    return set(_words_of(re._parser.parse(pattern)))  # type: ignore[attr-defined]


def _words_of(parsed: Any) -> list[str]:
    choices: list[list[str]] = []
    for kind, value in parsed:
        match str(kind):
            case "LITERAL":
                choices.append([chr(value)])
            case "IN":
                choices.append([chr(code) for _, code in value])
            case "SUBPATTERN":
                choices.append(_words_of(value[-1]))
            case "BRANCH":
                choices.append([word for one in value[1] for word in _words_of(one)])
            case "MAX_REPEAT":
                least, most, repeated = value
                assert (least, most) == (0, 1)
                choices.append(["", *_words_of(repeated)])
            case _:
                raise AssertionError(kind)
    return ["".join(word) for word in product(*choices)]
