"""The packs on texts written, with their values, before anybody looked at what a rule finds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.sealing.redact import Redactor

CORPUS = Path(__file__).with_name("blind.jsonl")
BREAK = "¦"
"""Stands within whatever looks like a secret, so that nobody's scanner takes it for one."""


def corpus() -> list[dict[str, Any]]:
    whole = CORPUS.read_text(encoding="utf-8").replace(BREAK, "")
    return [json.loads(line) for line in whole.splitlines()]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from texts(inside)
    elif value is not None:
        yield str(value)


@pytest.fixture(scope="module")
def everything() -> Redactor:
    return Redactor(["pii", "secrets", "hipaa"])


@pytest.fixture(scope="module")
def usual() -> Redactor:
    return Redactor(["pii", "secrets"])


def test_nearly_all_values_are_removed(everything: Redactor) -> None:
    planted, missed = 0, []
    for one in corpus():
        left = "\n".join(texts(everything.redact_value(one["document"]).data))
        planted += len(one["remove"])
        missed += [value for value in one["remove"] if value["value"] in left]
    assert planted > 100
    assert len(missed) <= 0.02 * planted, missed


def test_nearly_all_documents_without_a_value_stay_as_they_are(usual: Redactor) -> None:
    harmless = [one["document"] for one in corpus() if not one["remove"]]
    changed = [one for one in harmless if usual.redact_value(one).data != one]
    assert len(harmless) > 30
    assert len(changed) <= 0.02 * len(harmless), changed


@pytest.mark.parametrize("how", ["BLOCKED", "label", "hash"])
def test_what_was_redacted_stays_as_it_is(how: str) -> None:
    redactor = Redactor(["pii", "secrets", "hipaa"], how, key=b"k" * 32)
    once = [redactor.redact_value(one["document"]).data for one in corpus()]
    assert [redactor.redact_value(one).data for one in once] == once
