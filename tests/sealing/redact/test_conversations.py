"""Long conversations as people have them: what is personal goes, and no word besides."""

import json
from pathlib import Path

import pytest

from sealift.sealing.redact import Redactor

FOLDER = Path(__file__).parents[2] / "fixtures" / "conversations"
LABELS = json.loads((FOLDER / "labels.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def usual() -> Redactor:
    return Redactor(("pii", "secrets"))


@pytest.mark.parametrize("name", sorted(LABELS))
def test_what_is_personal_goes_and_nothing_else(usual: Redactor, name: str) -> None:
    data = (FOLDER / f"{name}.json").read_bytes()
    done = usual.redact(data, "json")
    left = "\n".join(one["content"] for one in json.loads(done.data)["messages"])
    assert [value for value in LABELS[name] if value in left] == []
    removed = [json.loads(b'"%b"' % data[edit.start : edit.end]) for edit in done.edits]
    needless = [one for one in removed if not any(one in v or v in one for v in LABELS[name])]
    assert needless == []
