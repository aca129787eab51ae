"""What was accepted outlives the process, the machine's start, and copies of the folder."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealift.aggregate.journal import Journal, Pending
from sealift.aggregate.payload import Profile
from sealift.aggregate.slots import Slot, take_free_slot, take_orphans
from sealift.errors import LedgerWaitsError, UsageError
from sealift.sources.listener.segment import Segment

DATE = "2026-11-22"
PROFILE = Profile(smi_uid="a\ud800", segments=("x", "é"))


def writers() -> Callable[[], str]:
    names = iter(f"writer-{n}" for n in range(100))
    return lambda: next(names)


def opened(folder: Path, then: list[Pending] | None = None, name: str = "w") -> Journal:
    slot = Slot.take(folder)
    assert slot
    made = iter(f"{name}{n}" for n in range(100))
    return Journal(slot, (then if then is not None else []).extend, lambda: next(made))


def crash(journal: Journal) -> None:
    os.close(journal._slot._descriptor)


def test_what_is_not_in_s3_comes_back_in_order(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    taken = [journal.accept([(DATE, PROFILE)], n)[0] for n in (5, 3, 9)]
    journal.landed(taken[:1], merged=True)
    crash(journal)
    again = opened(tmp_path)
    assert [one.event for one in again.recovered] == [one.event for one in taken[1:]]
    assert [one.event.at_ns for one in taken] == [5, 5, 9]
    assert again.recovered[0].event.smi_uid == PROFILE.smi_uid
    [new] = again.accept([(DATE, PROFILE)], 10)
    assert (new.event.writer, new.event.seq) == ("w0", 4)
    assert again.mark("w0", DATE).last == taken[0].event.seq


def test_parts_are_remembered_until_they_are_folded(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    taken = journal.accept([(DATE, PROFILE)] * 3, 1)
    journal.landed(taken, merged=False)
    crash(journal)
    again = opened(tmp_path)
    assert not again.recovered
    assert again.parted() == [("w0", DATE)]
    again.folded("w0", DATE, 2)
    assert again.parted()
    again.folded("w0", DATE, 3)
    assert not again.parted()
    crash(again)
    assert opened(tmp_path).is_idle()


def test_a_torn_end_costs_nothing_that_was_accepted(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.accept([(DATE, PROFILE)] * 2, 1)
    crash(journal)
    [path] = tmp_path.glob("*.open")
    whole = path.read_bytes()
    for cut in range(1, 60):
        path.write_bytes(whole + whole[8 : 8 + cut])
        again = opened(tmp_path)
        assert len(again.recovered) == 2
        crash(again)
        for made in tmp_path.glob("*.open"):
            if made != path:
                made.unlink()


def test_a_copy_of_the_folder_writes_under_another_name(tmp_path: Path) -> None:
    """Both send what waited, under its old name: it is the same, and counts once."""
    journal = opened(tmp_path / "one")
    [waits] = journal.accept([(DATE, PROFILE)], 1)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    crash(journal)
    copy, original = opened(tmp_path / "two", name="c"), opened(tmp_path / "one", name="o")
    assert [one.event for one in copy.recovered] == [waits.event]
    assert [one.event for one in original.recovered] == [waits.event]
    [new], [old] = copy.accept([(DATE, PROFILE)], 2), original.accept([(DATE, PROFILE)], 2)
    assert (new.event.writer, new.event.seq) == ("c0", 1)
    assert (old.event.writer, old.event.seq) == ("w0", 2)


def test_a_machine_that_started_again_writes_under_another_name(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.accept([(DATE, PROFILE)], 1)
    crash(journal)
    slot = Slot.take(tmp_path)
    assert slot
    slot.fingerprint = "of another boot"
    again = Journal(slot, lambda _: None, lambda: "new")
    assert again.recovered[0].event.writer == "w0"
    assert again.accept([(DATE, PROFILE)], 1)[0].event.writer == "new"


def test_files_whose_events_are_in_s3_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealift.aggregate.journal._ROLL_BYTES", 2000)
    journal = opened(tmp_path)
    waits = journal.accept([(DATE, PROFILE)], 1)
    for n in range(100):
        journal.landed(journal.accept([(DATE, PROFILE)], n), merged=True)
    files = sorted(tmp_path.glob("*.open"))
    assert len(files) == 2, "the first, in which one waits, and the newest"
    journal.landed(waits, merged=True)
    assert [*tmp_path.glob("*.open")] == files[1:]
    crash(journal)
    again = opened(tmp_path)
    assert not again.recovered
    assert again.accept([(DATE, PROFILE)], 1)[0].event.seq == 102


def test_37_a_full_disk_accepts_nothing_and_keeps_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened(tmp_path)
    journal.accept([(DATE, PROFILE)], 1)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Segment, "append", full)
        with pytest.raises(LedgerWaitsError, match=r"No space left.*nothing was accepted"):
            journal.accept([(DATE, PROFILE)], 2)
    journal.accept([(DATE, PROFILE)], 3)
    crash(journal)
    assert [one.event.at_ns for one in opened(tmp_path).recovered] == [1, 3]


def test_one_sync_serves_everybody_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    then: list[Pending] = []
    journal = opened(tmp_path, then)
    syncs = 0
    release = threading.Event()
    real = os.fdatasync

    def sync(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        assert release.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", sync)
    with ThreadPoolExecutor(32) as pool:
        first = pool.submit(journal.accept, [(DATE, PROFILE)], 1)
        rest = [pool.submit(journal.accept, [(DATE, PROFILE)], 1) for _ in range(31)]
        while len(journal._group.entries) < 31:
            assert not first.done(), "accepted before it is on disk"
        assert not then
        release.set()
        taken = [one.result(10)[0] for one in [first, *rest]]
    assert syncs == 2
    assert [one.event.seq for one in then] == sorted(one.event.seq for one in taken)


def test_an_interrupted_writer_leaves_nobody_waiting(tmp_path: Path) -> None:
    journal = opened(tmp_path)

    class Interrupted:
        def __enter__(self) -> None:
            raise KeyboardInterrupt

        def __exit__(self, *_: object) -> None:
            pass

    real, journal._syncing = journal._syncing, Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        journal.accept([(DATE, PROFILE)], 1)
    journal._syncing = real
    journal.accept([(DATE, PROFILE)], 2)
    assert journal.accept([], 3) == []
    crash(journal)
    assert [one.event.at_ns for one in opened(tmp_path).recovered] == [2]


def test_33_what_a_killed_process_was_told_is_there(tmp_path: Path) -> None:
    program = (
        "import sys; from tests.aggregate.test_journal import *\n"
        "journal = opened(Path(sys.argv[1]))\n"
        "while True:\n"
        "    [one] = journal.accept([(DATE, PROFILE)], 1)\n"
        "    print(one.event.seq, flush=True)\n"
    )
    told = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", program, tmp_path],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            for _ in range(200):
                told = int(process.stdout.readline())
            process.kill()
            told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        journal = opened(tmp_path)
        assert [one.event.seq for one in journal.recovered][:told] == [*range(1, told + 1)]
        crash(journal)


def test_54_a_forked_process_is_refused(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal._pid += 1
    with pytest.raises(UsageError, match="forked"):
        journal.accept([(DATE, PROFILE)], 1)


def test_each_process_has_a_folder_of_its_own_and_orphans_are_found(tmp_path: Path) -> None:
    first, second = take_free_slot(tmp_path), take_free_slot(tmp_path)
    assert first.folder != second.folder
    assert take_orphans(tmp_path) == []
    second.release()
    [orphan] = take_orphans(tmp_path)
    assert orphan.folder == second.folder
