"""Names from a language model are added to what the rules find, and never replace it."""

import importlib

import pytest

from sealift.errors import ConfigError
from sealift.sealing.redact import Redactor
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.finder import SEPARATOR
from sealift.sealing.redact.search.ner import FinderWithNames, recogniser

RULES = [Rule(name="email", label="EMAIL", pattern=r"[a-z]+@[a-z]+\.com")]


def persons(text: str) -> list[tuple[int, int]]:
    """A model that knows one name, and mistakes an address for another."""
    known = ("Ana", "ana@example.com")
    return [(text.index(one), text.index(one) + len(one)) for one in known if one in text]


def test_names_stand_beside_what_the_rules_find() -> None:
    finder = FinderWithNames(RULES, persons)
    text = SEPARATOR.join(["é Ana wrote", "to ana@example.com", "for Ana"])
    found = [(text[hit.start : hit.end], hit.rule.name) for hit in finder.find(text)]
    assert found == [
        ("Ana", "name-recognised"),
        ("ana@example.com", "email"),
        ("Ana", "name-recognised"),
    ]


def test_a_document_without_any_rules_match_is_searched_too() -> None:
    hits = FinderWithNames(RULES, persons).find_in_bytes("é Ana".encode())
    assert [(hit.start, hit.end) for hit in hits] == [(3, 6)]


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError) as caught:
        recogniser()
    assert "sealift[ner]" in caught.value.hint


def test_the_pack_adds_the_model_to_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealift.sealing.redact.rule_set.recogniser", lambda: persons)
    redactor = Redactor(("ner",), "label", rules=RULES)
    done = redactor.redact(b'{"to": "ana@example.com", "text": "Ana wrote"}', "json")
    assert done.data == b'{"to": "[EMAIL]", "text": "[NAME] wrote"}'
    assert done.counts == {"email": 1, "name-recognised": 1}
    assert redactor.policy != Redactor((), "label", rules=RULES).policy
