"""What was accepted is kept, closed and published once, whatever happens in between."""

import errno
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sealift.sources.listener import segment as segment_room
from sealift.sources.listener.closing import CLOSING_SUFFIX, Closed
from sealift.sources.listener.formats import Form, OutputFormat
from sealift.sources.listener.names import Names
from sealift.sources.listener.records import HEAD_BYTES, MARK, read
from sealift.sources.listener.rolling import Rotation
from sealift.sources.listener.segment import Segment
from sealift.sources.listener.spool import Hooks, Spool
from tests.sources.listener import dying
from tests.sources.listener.samples import event, records_in

ID = re.compile(rb"<id>(\d+)</id>")


class Rig:
    """A spool with clocks that stand until they are moved."""

    def __init__(self, folder: Path, now: float = 1_800_000_000.0, **rotation: Any) -> None:
        self.now = now
        self.closed: list[Closed] = []
        self.stuck: list[str] = []
        self.told = threading.Condition()
        self.spool = Spool(
            folder,
            Form(output=OutputFormat.XML),
            Rotation(**{"max_bytes": 1 << 20, "seconds": 3600.0, **rotation}),
            Hooks(
                wall=lambda: self.now,
                monotonic=lambda: self.now,
                closed=self._note(self.closed),
                stuck=self._note(self.stuck),
            ),
        )
        self.spool.recover()
        self.spool.start()

    def _note(self, where: list[Any]) -> Callable[[Any], None]:
        def note(what: object) -> None:
            with self.told:
                where.append(what)
                self.told.notify_all()

        return note

    def append(self, *events: bytes) -> None:
        """Append, and wait until it is on disk."""
        written = threading.Event()
        self.spool.append(list(events), written.set)
        assert written.wait(10)

    def wait(self, until: Callable[[], bool]) -> None:
        with self.told:
            assert self.told.wait_for(until, 10), (self.closed, self.stuck)

    def files(self) -> dict[str, list[int]]:
        """The numbers of the events in each published file."""
        return {
            path.name: [int(n) for n in ID.findall(path.read_bytes())]
            for path in sorted(self.spool.closed.glob("[!.]*"))
        }


def test_what_was_told_to_be_written_is_on_disk(tmp_path: Path) -> None:
    """When `then` is called, another reader sees the records."""
    rig = Rig(tmp_path)
    seen: list[int] = []
    done = threading.Event()
    rig.spool.append([event(1)], lambda: seen.append(len(records_in(tmp_path))))
    rig.spool.append(
        [event(2), event(3)], lambda: (seen.append(len(records_in(tmp_path))), done.set())
    )
    assert done.wait(10)
    assert seen in ([1, 3], [3, 3])
    assert rig.spool.queued_bytes == 0
    rig.spool.stop()
    assert rig.files() == {}
    assert records_in(tmp_path) == [event(1), event(2), event(3)]


def test_rotation_by_count_splits_what_came_together(tmp_path: Path) -> None:
    """Files of one second have different names, and the rest stays open."""
    rig = Rig(tmp_path, max_count=3)
    rig.append(*map(event, range(8)))
    rig.wait(lambda: len(rig.closed) == 2)
    assert rig.files() == {
        "20270115_080000.xml": [0, 1, 2],
        "20270115_080000_1.xml": [3, 4, 5],
    }
    rig.spool.stop()
    assert [int(ID.findall(r)[0]) for r in records_in(tmp_path)] == [6, 7]


def test_rotation_by_size_never_exceeds_it(tmp_path: Path) -> None:
    """But for one event that alone is larger."""
    rig = Rig(tmp_path, max_bytes=1000)
    sizes = [100, 300, 555, 800, 20, 20, 1500, 700, 199, 10]
    for n, size in enumerate(sizes):
        rig.spool.append([event(n, size=size)])
    rig.spool.stop(flush=True)
    files = rig.files()
    assert list(itertools.chain(*files.values())) == list(range(10))
    for name, numbers in files.items():
        size = (rig.spool.closed / name).stat().st_size
        assert size <= 1000 or len(numbers) == 1, (name, size)
    assert len(files) < 8


def test_rotation_by_age_needs_no_further_event(tmp_path: Path) -> None:
    """The clock alone closes a file; an empty one is never made."""
    rig = Rig(tmp_path, seconds=60.0)
    rig.append(event(1))
    rig.now += 59
    rig.spool.look()
    rig.append(event(2))
    rig.now += 1
    rig.spool.look()
    rig.wait(lambda: len(rig.closed) == 1)
    rig.now += 600
    rig.spool.look()
    rig.spool.rotate()
    rig.spool.stop(flush=True)
    assert rig.files() == {"20270115_080100.xml": [1, 2]}


def test_age_goes_on_over_a_restart(tmp_path: Path) -> None:
    """It counts from the first record, by the clock of the wall."""
    rig = Rig(tmp_path, seconds=60.0)
    rig.append(event(1))
    rig.spool.stop()
    again = Rig(tmp_path, now=rig.now + 40, seconds=60.0)
    again.now += 19
    again.append(event(2))
    again.now += 1
    again.spool.look()
    again.wait(lambda: len(again.closed) == 1)
    again.spool.stop()
    assert again.files() == {"20270115_080100.xml": [1, 2]}


def test_names_never_come_again(tmp_path: Path) -> None:
    """Not within a second, not when the clock goes back, not after a restart."""
    now = 1_800_000_000.0
    names = [Names(tmp_path, lambda: now).next() for _ in range(12)]
    now -= 7200
    names.append(Names(tmp_path, lambda: now).next())
    now += 7201
    names.append(Names(tmp_path, lambda: now).next())
    assert names[0] == "20270115_080000"
    assert names[11:] == ["20270115_080000_11", "20270115_080000_12", "20270115_080001"]
    assert len(set(names)) == 14


def test_a_torn_tail_is_cut_at_every_byte(tmp_path: Path) -> None:
    """The whole records before it are kept, and more can follow."""
    folder = tmp_path / "s"
    folder.mkdir()
    segment = Segment.create(folder, 1)
    for n in range(3):
        segment.append([event(n)], 7)
    segment.close()
    data = segment.path.read_bytes()
    one = HEAD_BYTES + len(event(0))
    for end in range(len(data) + 1):
        segment.path.write_bytes(data[:end])
        found = Segment.recover(segment.path)
        whole = max(0, end - len(MARK)) // one
        assert (found.count if found else 0) == whole
        if found:
            found.append([event(9)], 8)
            found.close()
            kept = [record.body for record, _ in read(segment.path)]
            assert kept == [*map(event, range(whole)), event(9)]


def test_a_damaged_record_is_not_believed(tmp_path: Path) -> None:
    """One wrong bit anywhere ends the reading before it."""
    segment = Segment.create(tmp_path, 1)
    segment.append([event(0), event(1)], 7)
    segment.close()
    data = segment.path.read_bytes()
    for at in range(len(MARK) + HEAD_BYTES + len(event(0)), len(data)):
        wrong = bytearray(data)
        wrong[at] ^= 4
        segment.path.write_bytes(wrong)
        assert [record.body for record, _ in read(segment.path)] == [event(0)], at


def test_a_damaged_segment_is_kept_for_a_person(tmp_path: Path) -> None:
    """What is whole of it is published."""
    Rig(tmp_path).spool.stop()
    segment = Segment.create(tmp_path / "segments", 1)
    segment.append([event(0), event(1)], 7)
    segment.close()
    data = segment.path.read_bytes()
    segment.path.unlink()
    broken = tmp_path / "segments" / f"20260101_000000{CLOSING_SUFFIX}"
    broken.write_bytes(data[:-1])
    rig = Rig(tmp_path)
    rig.spool.stop()
    assert rig.files() == {"20260101_000000.xml": [0]}
    assert broken.with_suffix(".damaged").read_bytes() == data[:-1]


@pytest.mark.parametrize("fault", ["write", "half", "sync"])
def test_a_disk_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It is told, nothing is said to be written, and it goes on by itself, none lost or doubled."""
    rig = Rig(tmp_path)
    rig.append(event(0))
    full = True
    write, sync = os.write, segment_room._sync

    def failing_write(descriptor: int, data: Any) -> int:
        if full and fault == "write":
            raise OSError(errno.ENOSPC, "No space left on device")
        if full and fault == "half":
            if len(data) > 60:
                return write(descriptor, data[:60])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data)

    def failing_sync(descriptor: int) -> None:
        if full and fault == "sync":
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(segment_room.os, "write", failing_write)
    monkeypatch.setattr(segment_room, "_sync", failing_sync)
    written = threading.Event()
    rig.spool.append([event(1), event(2)], written.set)
    rig.wait(lambda: len(rig.stuck) == 1)
    assert "The disk does not take the events" in rig.spool.stuck
    assert not written.is_set()
    assert records_in(tmp_path)[:1] == [event(0)] or fault == "sync"
    full = False
    assert written.wait(10)
    rig.wait(lambda: rig.stuck[-1] == "")
    rig.spool.stop(flush=True)
    assert sorted(itertools.chain(*rig.files().values())) == [0, 1, 2]


def test_a_kill_at_each_step_of_closing(tmp_path: Path) -> None:
    """Whatever was published before and after, each event is there once."""
    folder = tmp_path / "spool"
    delivered: list[int] = []
    for step in range(200):
        delivered.clear()
        # Delivered at once: a file that is published twice is delivered twice.
        spool = dying.new_spool(folder, partial(deliver_to, delivered, folder / "closed"))
        for n, name in enumerate(("20260101_000000", "20260101_000001")):
            segment = Segment.create(tmp_path, 1)
            segment.append([event(2 * n), event(2 * n + 1)], 7)
            segment.close()
            segment.path.rename(folder / "segments" / (name + CLOSING_SUFFIX))
        done = subprocess.run(
            [sys.executable, "-m", dying.__name__, str(folder), str(step)], check=False
        )
        delivered += deliver(spool.closed)
        assert done.returncode in (0, -signal.SIGKILL)
        spool.recover()
        spool.stop()
        delivered += deliver(spool.closed)
        assert sorted(delivered) == [0, 1, 2, 3], step
        assert {p.name for p in (folder / "segments").iterdir()} <= {"last-name", "reserve"}
        if done.returncode == 0:
            break
    assert step > 10


def deliver_to(delivered: list[int], folder: Path, _closed: Closed) -> None:
    delivered += deliver(folder)


def deliver(folder: Path) -> list[int]:
    """Do what the folder source and the destination do: take published files away."""
    found = []
    for path in folder.glob("[!.]*"):
        found += [int(n) for n in ID.findall(path.read_bytes())]
        path.unlink()
    return found
