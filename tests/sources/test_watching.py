"""The watcher makes it faster: it hears of changes early, and says when it may have missed some."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sealift.sources import watching
from sealift.sources.folder import FolderSource
from sealift.sources.settling import Action, After
from tests.sources.samples import PROJECT, folder, paths


class Ear:
    """Waits until a condition holds, looking whenever the watcher wakes it."""

    def __init__(self) -> None:
        self._woken = threading.Semaphore(0)

    def wake(self) -> None:
        self._woken.release()

    def until(self, holds: Callable[[], object], seconds: float = 20.0) -> None:
        for _ in range(int(seconds / 0.1)):
            if holds():
                return
            self._woken.acquire(timeout=0.1)
        raise AssertionError("It was not heard of.")


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def closing() -> Iterator[list[FolderSource]]:
    sources: list[FolderSource] = []
    yield sources
    for source in sources:
        source.close()
    assert not [t for t in threading.enumerate() if t.name == "sealift-watch"]


def watched(root: Path, ear: Ear, closing: list[FolderSource], **options: object) -> FolderSource:
    """A source whose watcher is known to hear."""
    source = folder(root, **options)
    closing.append(source)
    source.watch(ear.wake)
    source.watch(ear.wake)
    ear.until(lambda: (root / ".probe").write_text("x") and source._watcher and _drained(source))
    (root / ".probe").unlink()
    return source


def _drained(source: FolderSource) -> bool:
    assert source._watcher
    hints, too_many = source._watcher.take()
    return bool(hints or too_many)


def test_a_new_file_is_heard_of_at_once(
    tmp_path: Path, ear: Ear, closing: list[FolderSource]
) -> None:
    source = watched(tmp_path, ear, closing)
    (tmp_path / "f").write_bytes(b"x")
    found: list[bytes] = []
    ear.until(lambda: found.extend(paths(list(source.ripe()))) or found, seconds=5.0)
    assert found == [b"f"]
    assert not source.sweep_wanted()
    assert source.next_ripe_seconds() is None


def test_events_of_no_items_are_not_offered(
    tmp_path: Path, ear: Ear, closing: list[FolderSource]
) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "sent").mkdir()
    after = After(Action.MOVE, tmp_path / "sent")
    source = folder(tmp_path, after, pattern="*.json", recursive=True)
    closing.append(source)
    source.watch(ear.wake)
    names = [".hidden/a.json", "sent/b.json", "c.xml", "d.json.synced", "last.json"]
    found: list[bytes] = []

    def is_heard() -> bool:
        for name in names:
            (tmp_path / name).write_bytes(b"x")
        found.extend(paths(list(source.ripe())))
        return bool(found)

    ear.until(is_heard)
    assert set(found) == {b"last.json"}


def test_a_folder_that_comes_with_files_in_it_wants_a_sweep(
    tmp_path: Path, ear: Ear, closing: list[FolderSource]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "f.json").touch()
    source = watched(tmp_path / "in", ear, closing, pattern="*.json", recursive=True)
    (tmp_path / "made").rename(tmp_path / "in" / "made")
    ear.until(source.sweep_wanted, seconds=5.0)
    assert paths(list(source.sweep())) == [b"made/f.json"]


def test_what_came_before_the_watch_began_is_found(
    tmp_path: Path, ear: Ear, closing: list[FolderSource]
) -> None:
    source = folder(tmp_path)
    closing.append(source)
    assert list(source.sweep()) == []
    (tmp_path / "f").write_bytes(b"x")
    source.watch(ear.wake)
    ear.until(source.sweep_wanted)
    assert paths(list(source.sweep())) == [b"f"]


def test_44_a_name_that_is_no_utf8_wants_a_sweep(
    tmp_path: Path, ear: Ear, closing: list[FolderSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.1)
    source = watched(tmp_path, ear, closing)
    (tmp_path / os.fsdecode(b"\xff\xfe")).touch()
    ear.until(source.sweep_wanted)
    assert b"\xff\xfe" in paths(list(source.sweep()))


def test_a_sweep_is_wanted_when_a_watch_begins_and_when_it_ends_but_not_for_each_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a folder of a million files would be swept every 5 s, for ever."""
    may_fail, notes = threading.Semaphore(0), threading.Semaphore(0)
    may_hear = threading.Event()

    def watch(*_arguments: object, **_options: object) -> Iterator[set[object]]:
        if not may_hear.is_set():
            may_fail.release()
            raise OSError("OS file watch limit reached")
        yield set()
        may_hear.clear()

    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.001)
    monkeypatch.setattr("watchfiles.watch", watch)
    watcher = watching.Watcher(tmp_path, recursive=False, wake=notes.release)
    try:
        for _ in range(10):
            assert may_fail.acquire(timeout=5)
        assert not notes.acquire(blocking=False)
        assert watcher.take() == (set(), False)
        may_hear.set()
        for _ in range(2):  # it hears again, and then that ends too
            assert notes.acquire(timeout=5)
        assert watcher.take() == (set(), True)
        for _ in range(10):
            assert may_fail.acquire(timeout=5)
        assert not notes.acquire(blocking=False)
    finally:
        watcher.close()


@pytest.mark.parametrize("how", ["removed", "renamed", "with its parent"])
def test_46_the_watcher_hears_again_in_a_folder_made_anew(
    tmp_path: Path,
    ear: Ear,
    closing: list[FolderSource],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(watching, "ROOT_LOOK_MILLISECONDS", 200)
    root = tmp_path / "parent" / "in"
    root.mkdir(parents=True)
    source = watched(root, ear, closing)
    if how == "removed":
        shutil.rmtree(root)
    elif how == "renamed":
        root.rename(tmp_path / "old")
    else:
        root.parent.rename(tmp_path / "old")
    root.mkdir(parents=True)
    ear.until(source.sweep_wanted)
    found: list[bytes] = []

    def is_heard() -> bool:
        (root / "f").write_bytes(b"x")
        found.extend(paths(list(source.ripe())))
        return bool(found)

    ear.until(is_heard)
    assert found == [b"f"]


def test_45_too_many_hints_want_a_sweep_and_are_not_kept(
    tmp_path: Path, ear: Ear, closing: list[FolderSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_HINTS", 50)
    source = watched(tmp_path, ear, closing)
    for number in range(300):
        (tmp_path / str(number)).touch()
    ear.until(source.sweep_wanted)
    assert len(list(source.ripe())) <= 50
    assert len(list(source.sweep())) == 300


_SLEEPER = """
import sys, threading
from pathlib import Path
from tests.sources.samples import folder
woken = threading.Semaphore(0)
root = Path(sys.argv[1])
source = folder(root)
source.watch(woken.release)
while not list(source.ripe()):
    (root / "probe").write_text("x")
    woken.acquire(timeout=0.05)
(root / "probe").unlink()
while woken.acquire(timeout=0.5):
    pass
list(source.ripe()), source.sweep_wanted()
print("hears", flush=True)
sys.stdin.readline()
wanted, hinted = False, 0
while woken.acquire(timeout=1.5):
    wanted |= source.sweep_wanted()
    hinted += len(list(source.ripe()))
print(wanted, hinted, sum(1 for _ in source.sweep()), flush=True)
source.close()
"""


def test_45_events_that_the_system_dropped_want_a_sweep(tmp_path: Path) -> None:
    """The process sleeps while more files come than the system keeps events for."""
    root = tmp_path / "in"
    root.mkdir()
    sleeper = subprocess.Popen(
        [sys.executable, "-c", _SLEEPER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    try:
        assert sleeper.stdin
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "hears\n"
        sleeper.send_signal(signal.SIGSTOP)
        for number in range(20_000):
            (root / str(number)).touch()
        sleeper.send_signal(signal.SIGCONT)
        sleeper.stdin.write("go\n")
        sleeper.stdin.flush()
        wanted, hinted, swept = sleeper.stdout.readline().split()
    finally:
        sleeper.kill()
        sleeper.communicate(timeout=10)
        shutil.rmtree(root)
    assert int(hinted) < 20_000  # so some were dropped
    assert (wanted, swept) == ("True", "20000")
