"""Names from a language model are added to what the rules find, and never replace it."""

import importlib

import pytest

from sealift.errors import ConfigError
from sealift.sealing.redact.finder import ALL, SEPARATOR, Finder
from sealift.sealing.redact.ner import FinderWithNames, with_names
from sealift.sealing.redact.rule import Rule

FINDER = Finder([Rule(name="email", label="EMAIL", pattern=r"[a-z]+@[a-z]+\.com")])


def persons(text: str) -> list[tuple[int, int]]:
    """A model that knows one name, and mistakes an address for another."""
    known = ("Ana", "ana@example.com")
    return [(text.index(one), text.index(one) + len(one)) for one in known if one in text]


def test_names_stand_beside_what_the_rules_find() -> None:
    finder = FinderWithNames(FINDER, persons)
    text = SEPARATOR.join(["é Ana wrote", "to ana@example.com", "for Ana"])
    found = [(text[hit.start : hit.end], hit.rule.name) for hit in finder.find(text)]
    assert found == [
        ("Ana", "name-recognised"),
        ("ana@example.com", "email"),
        ("Ana", "name-recognised"),
    ]


def test_every_document_has_to_be_searched() -> None:
    assert FinderWithNames(FINDER, persons).candidates(b"nothing") is ALL


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError) as caught:
        with_names(FINDER)
    assert "sealift[ner]" in caught.value.hint
