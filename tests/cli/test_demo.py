"""`sealift demo`: what it tells is what happened."""

import re
import time
from pathlib import Path

import pytest

import sealift.cli.demo_play
from sealift.errors import UsageError
from tests.cli.commands import run


def test_the_demo_shows_each_step_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    began = time.perf_counter()
    done = run("demo", home=tmp_path, TMPDIR=str(tmp_path / "tmp"))
    assert time.perf_counter() - began < 30
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout
    assert text.count("✅ uploaded: ") == 6
    assert "⏳ not ready: growing.json" in text
    assert "✅ uploaded: growing.json" in text
    assert text.count("⛔ in quarantine: broken.json") == 1
    assert text.count("exit code 3: something is in quarantine, everything else is") == 2
    assert len(re.findall(r"^ +\d+ bytes  uploads/demo-laptop/", text, re.MULTILINE)) == 6
    assert "monday.json  [done]" in text
    assert "6 objects, the same as before." in text
    assert list((tmp_path / "tmp").iterdir()) == []


def test_without_its_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealift.cli.demo_play.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"pip install 'sealift\[demo\]'"):
        sealift.cli.demo_play.play(tmp_path)
    assert list(tmp_path.iterdir()) == []
