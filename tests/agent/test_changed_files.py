"""Files that change, vanish or come again at every moment of their life; numbered as the faults."""

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from sealift.agent.route import Conflict
from sealift.destinations.base import Destination, PartLog, Stored
from sealift.destinations.memory import MemoryDestination
from sealift.destinations.wrapper import Wrapper
from sealift.errors import NotSentError, OutcomeUnknownError, SealiftError, SourceFolderError
from sealift.events import (
    AttemptFailed,
    Delivered,
    DuplicateSuppressed,
    NotReady,
    Paused,
    Quarantined,
    Resumed,
    Settled,
    Vanished,
)
from sealift.sealing.parcel import Parcel
from tests.agent.rig import Rig


class Hooked(Wrapper):
    """Calls *before* and *after* each put, and loses the answer or fails as told."""

    def __init__(self, destination: Destination) -> None:
        super().__init__(destination)
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        self.before()
        stored = super().put(key, parcel, put_id=put_id, create=create, part_log=part_log)
        self.after()
        return stored


def raising(error: SealiftError) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.fixture
def store() -> MemoryDestination:
    return MemoryDestination()


@pytest.fixture
def hooked(store: MemoryDestination) -> Hooked:
    return Hooked(store)


@pytest.fixture
def rig(tmp_path: Path, hooked: Hooked) -> Rig:
    return Rig(tmp_path, (hooked,))


def bodies(store: MemoryDestination) -> list[bytes]:
    return sorted(found.body for found in store.objects.values())


DOWN = NotSentError("Down.")
LOST = OutcomeUnknownError("The answer was lost.")


def test_40_replaced_after_its_reservation_and_nothing_was_stored(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    rig.write("a.json", {"version": 1})
    hooked.before = raising(DOWN)
    assert rig.run().exit_code == 3
    rig.write("a.json", {"version": 2})
    hooked.before = lambda: None
    assert rig.run().exit_code == 0
    assert bodies(store) == [b'{"version": 2}']
    assert rig.states() == {"vanished": 1, "done": 1}
    assert len(rig.told_of(Vanished)) == 1
    assert rig.names() == ["a.json.synced"]


def test_40_replaced_after_its_reservation_and_the_first_had_arrived(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    rig.write("a.json", {"version": 1})
    blind(hooked, store)
    assert rig.run().exit_code == 3
    rig.write("a.json", {"version": 2})
    see(hooked)
    assert rig.run().exit_code == 0
    assert bodies(store) == [b'{"version": 1}', b'{"version": 2}']
    assert rig.states() == {"done": 2}
    assert rig.names() == ["a.json.synced"]
    assert [item.settled_as for item in rig.items()] == [b"", b"a.json.synced"]


def blind(hooked: Hooked, store: MemoryDestination) -> None:
    """Let puts arrive, but nobody can tell."""
    hooked.after = raising(LOST)
    hooked.head = raising_of(DOWN)  # type: ignore[method-assign]


def see(hooked: Hooked) -> None:
    hooked.after = lambda: None
    del hooked.head


def raising_of(error: SealiftError) -> Callable[[str], None]:
    def fail(_key: str) -> None:
        raise error

    return fail


def test_40_replaced_between_delivery_and_settling(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    rig.write("a.json", {"version": 1})
    changes = iter([{"version": 2}])
    hooked.after = lambda: [rig.write("a.json", new) for new in changes] and None
    assert rig.run().exit_code == 0
    assert bodies(store) == [b'{"version": 1}', b'{"version": 2}']
    assert rig.names() == ["a.json.synced"], "the new version waits for a sweep"


def test_40_appended_between_delivery_and_settling(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    path = rig.write("a.txt", b"one\n")
    more = iter([b"two\n"])

    def append() -> None:
        for line in more:
            with path.open("ab") as file:
                file.write(line)

    hooked.after = append
    assert rig.run().exit_code == 0
    assert bodies(store) == [b"one\n", b"one\ntwo\n"]
    assert rig.names() == ["a.txt.synced"]


def test_40_vanished_while_it_waited(rig: Rig, hooked: Hooked, store: MemoryDestination) -> None:
    path = rig.write("a.json", {})
    hooked.before = raising(DOWN)
    rig.run()
    path.unlink()
    hooked.before = lambda: None
    assert rig.run().exit_code == 0
    assert store.objects == {}
    assert rig.states() == {"vanished": 1}


def test_40_vanished_while_it_waited_but_it_had_arrived(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    path = rig.write("a.json", {})
    blind(hooked, store)
    rig.run()
    path.unlink()
    see(hooked)
    assert rig.run().exit_code == 0
    assert rig.states() == {"done": 1}


def test_17_40_a_lost_request_of_a_vanished_file_is_looked_for_twice(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    path = rig.write("a.json", {"n": 1})
    hooked.before = raising(LOST)
    rig.run()
    path.unlink()
    hooked.before = lambda: None
    assert rig.run().exit_code == 3, "it may still land"
    [item] = rig.items()
    [delivery] = rig.deliveries(item).values()
    assert (item.state, delivery.code) == ("reserved", "absent_once")
    later = time.time() + 61
    rig.wall = lambda: later
    assert rig.run().exit_code == 0
    assert rig.states() == {"vanished": 1}


def test_40_touched_without_a_change_is_one_object(
    rig: Rig, hooked: Hooked, store: MemoryDestination
) -> None:
    path = rig.write("a.json", {"n": 1})
    hooked.after = lambda: os.utime(path, (1, 1)) if path.exists() else None
    assert rig.run().exit_code == 0
    assert bodies(store) == [b'{"n": 1}']
    assert rig.names() == ["a.json.synced"]


@pytest.mark.parametrize("after", ["rename", "delete", "keep", "move:done"])
def test_dropped_again_with_the_same_bytes_is_suppressed(
    tmp_path: Path, store: MemoryDestination, after: str
) -> None:
    rig = Rig(tmp_path, (store,), after=after)
    for _ in range(3):
        rig.write("a.json", {"n": 1})
        assert rig.run().exit_code == 0
    assert len(store.puts) == 1
    assert len(rig.told_of(DuplicateSuppressed)) == 2
    assert ("a.json" in rig.names()) is (after == "keep")


@pytest.mark.parametrize("after", ["rename", "delete", "keep", "move:done"])
def test_dropped_again_with_other_bytes_is_a_new_item(
    tmp_path: Path, store: MemoryDestination, after: str
) -> None:
    rig = Rig(tmp_path, (store,), after=after)
    for number in range(3):
        rig.write("a.json", {"n": number})
        assert rig.run().exit_code == 0
    assert bodies(store) == [b'{"n": 0}', b'{"n": 1}', b'{"n": 2}']
    assert len({item.id for item in rig.items()}) == 3


def test_a_mended_file_leaves_quarantine_by_itself(rig: Rig, store: MemoryDestination) -> None:
    rig.write("a.json", b"{broken")
    assert rig.run().quarantined == 1
    assert len(rig.told_of(Quarantined)) == 1
    assert rig.run().quarantined == 1
    assert len(rig.told_of(Quarantined)) == 1, "told again though nothing has changed"
    assert store.puts == []
    rig.write("a.json", {"mended": True})
    outcome = rig.run()
    assert (outcome.exit_code, outcome.quarantined) == (0, 0)
    assert bodies(store) == [b'{"mended": true}']


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        (Conflict.QUARANTINE, [b"theirs"]),
        (Conflict.OVERWRITE, [b'{"n": 1}']),
        (Conflict.SUFFIX, [b"theirs", b'{"n": 1}']),
    ],
)
def test_on_conflict(
    tmp_path: Path, store: MemoryDestination, choice: Conflict, left: list[bytes]
) -> None:
    rig = Rig(tmp_path, (store,), template="{name}", on_conflict=choice)
    from sealift.testing.samples import parcel_of  # noqa: PLC0415

    store.put("a.json", parcel_of(b"theirs"), put_id="theirs")
    rig.write("a.json", {"n": 1})
    assert rig.run().quarantined == (choice is Conflict.QUARANTINE)
    assert bodies(store) == sorted(left)


@dataclass
class Appender:
    """Appends to a file while the agent reads it."""

    path: Path

    def __enter__(self) -> Self:
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self) -> None:
        while not self.ending.wait(0.002):
            with self.path.open("ab") as file:
                file.write(b"line\n")

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.thread.join()


def test_39_a_file_that_is_appended_to_is_never_sent_half(
    tmp_path: Path, store: MemoryDestination
) -> None:
    rig = Rig(tmp_path, (store,), settle_seconds=0.3)
    path = rig.write("log.txt", b"line\n" * 1000)
    with Appender(path):
        assert rig.run().exit_code == 3, "and once ends though it goes on changing"
    assert store.puts == []
    assert rig.run().exit_code == 0
    assert bodies(store) == [rig.folder.joinpath("log.txt.synced").read_bytes()]


def test_41_a_slow_producer_is_waited_for(tmp_path: Path, store: MemoryDestination) -> None:
    rig = Rig(tmp_path, (store,), settle_seconds=0.1, growth_seconds=60.0, watch=True)
    body = b'{"slow": "' + b"x" * 10 + b'"}'
    path = rig.folder / "a.json"
    with rig.running():
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(body), 6):
                file.write(body[start : start + 6])
                threading.Event().wait(0.25)  # the producer is slow: longer than the settle time
        rig.wait_for(Delivered)
    assert bodies(store) == [body]
    assert rig.told_of(NotReady)
    assert rig.told_of(Quarantined) == []


def test_41_a_producer_that_stops_in_the_middle_ends_in_quarantine(
    tmp_path: Path, store: MemoryDestination
) -> None:
    rig = Rig(tmp_path, (store,), growth_seconds=0.5, watch=True)
    rig.write("a.json", b'{"half": ')
    with rig.running():
        rig.wait_for(NotReady)
        rig.wait_for(Quarantined, code="invalid_content")
    assert store.puts == []
    assert rig.names() == ["a.json"]


def test_46_a_folder_that_goes_away_pauses_and_comes_back(
    tmp_path: Path, hooked: Hooked, store: MemoryDestination
) -> None:
    rig = Rig(tmp_path, (hooked,), scan_interval_seconds=0.1)
    rig.write("a.json", {})
    rig.write("b.json", {})
    hooked.before = raising(DOWN)
    away = tmp_path / "away"
    with rig.running():
        rig.wait_for(Paused, 0)
        rig.folder.rename(away)
        rig.wait_for(Paused, place="source")
        hooked.before = lambda: None
        away.rename(rig.folder)
        rig.wait_for(Resumed, place="source")
        rig.wait_for(Delivered, 2)
    rig.run()
    assert rig.states() == {"done": 2}
    assert rig.told_of(Vanished) == []


def test_46_a_folder_that_is_made_anew_is_watched_again(
    tmp_path: Path, store: MemoryDestination
) -> None:
    rig = Rig(tmp_path, (store,), scan_interval_seconds=0.1)
    with rig.running():
        shutil.rmtree(rig.folder)
        rig.wait_for(Paused, place="source")
        rig.folder.mkdir()
        rig.wait_for(Resumed, place="source")
        rig.write("a.json", {})
        rig.wait_for(Delivered)


@pytest.mark.parametrize("restart", [False, True], ids=["running on", "restarted"])
def test_46_a_folder_that_may_not_be_changed_pauses_and_sends_nothing_twice(
    tmp_path: Path, store: MemoryDestination, restart: bool
) -> None:
    rig = Rig(tmp_path, (store,), scan_interval_seconds=0.1)
    rig.fill(3)
    route = rig.route()
    allowed = False
    settle = route.source.settle

    def refusing(*arguments: object) -> bytes:
        if not allowed:
            raise SourceFolderError("The folder does not allow it.")
        return settle(*arguments)  # type: ignore[arg-type]

    route.source.settle = refusing  # type: ignore[method-assign]
    with rig.agent(route) as agent:
        outcome = agent.run(once=True)
    assert isinstance(outcome.paused, SourceFolderError)
    assert len(rig.told_of(Paused)) == 1
    assert rig.states() == {"delivered": 3}
    allowed = restart
    with rig.running(rig.route() if restart else route):
        if not restart:
            rig.wait_for(Paused, 2)
            assert rig.told_of(Settled) == []
            allowed = True
            rig.wait_for(Resumed)
        rig.wait_for(Settled, 3)
    assert len(store.puts) == 3
    assert rig.states() == {"done": 3}


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 3600.0, -3600.0])
def test_47_the_key_stays_when_the_clock_jumps(
    tmp_path: Path, hooked: Hooked, store: MemoryDestination, jump: float
) -> None:
    ahead = [0.0]
    rig = Rig(tmp_path, (hooked,), template="{date}/{name}", wall=lambda: time.time() + ahead[0])
    rig.write("a.json", {})
    hooked.after = raising(LOST)
    hooked.head = raising_of(DOWN)  # type: ignore[method-assign]
    rig.run()
    [key] = store.objects
    ahead[0] = jump
    see(hooked)
    rig.run()
    assert list(store.objects) == [key]
    assert rig.states() == {"done": 1}


def test_47_a_clock_that_is_set_back_delays_nothing_for_long(
    tmp_path: Path, hooked: Hooked, store: MemoryDestination
) -> None:
    ahead = [86_400.0]
    rig = Rig(tmp_path, (hooked,), wall=lambda: time.time() + ahead[0])
    rig.write("a.json", {})
    hooked.before = raising(DOWN)
    with rig.running():
        rig.wait_for(AttemptFailed)
        ahead[0] = 0.0
        hooked.before = lambda: None
        rig.wait_for(Delivered, seconds=10)


def test_36_a_shortage_of_open_files_quarantines_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no item's fault, however often it happens."""
    destination = MemoryDestination()
    rig = Rig(tmp_path, (destination,))
    bodies = rig.fill(3)
    monkeypatch.setattr("sealift.agent.intake.READ_AGAIN_SECONDS", 0.01)
    real, failures = os.open, iter(range(12))

    def short(path: Any, *rest: Any, **more: Any) -> int:
        if b".json" in os.fsencode(path) and next(failures, None) is not None:
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", short)
    assert rig.run().exit_code == 0
    assert len(destination.objects) == len(bodies)
    assert rig.states() == {"done": 3}


def test_dropped_again_after_another_version_took_its_key(tmp_path: Path) -> None:
    """Where versions replace each other under one key, the last one is what must be there."""
    destination = MemoryDestination()
    rig = Rig(tmp_path, (destination,), template="{name}", on_conflict=Conflict.OVERWRITE)
    for value in ("first", "second", "first"):
        rig.write("a.json", {"v": value})
        assert rig.run().exit_code == 0
    assert [found.body for found in destination.objects.values()] == [b'{"v": "first"}']
