"""Limits that hold: what is reserved, in flight and in memory, how often it wakes, when it ends."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sealift.agent import attempts, health
from sealift.destinations.base import PartLog, Stored
from sealift.destinations.memory import MemoryDestination
from sealift.errors import CredentialsError, NotSentError, SealiftError
from sealift.events import AttemptFailed, BackedOff, Delivered, Event, Paused
from sealift.sealing.parcel import Parcel
from tests.agent.rig import Rig


class Down(MemoryDestination):
    """Fails while it has an error; counts what is under way."""

    def __init__(self, error: SealiftError | None) -> None:
        super().__init__()
        self.error = error
        self.attempts = 0
        self.under_way = 0
        self.most = 0
        self.most_bytes = 0
        self._counting = threading.Lock()

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        with self._counting:
            self.attempts += 1
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        try:
            if self.error:
                raise self.error
            return super().put(key, parcel, put_id=put_id, create=create)
        finally:
            with self._counting:
                self.under_way -= 1


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.5)
    return


@pytest.mark.slow
@pytest.mark.parametrize(
    "error", [NotSentError("Down."), CredentialsError("No.")], ids=lambda error: error.code
)
def test_a_long_outage_holds_little_while_many_files_wait(
    tmp_path: Path, error: SealiftError, patience: None
) -> None:
    down = Down(error)
    rig = Rig(tmp_path, (down,), probe_seconds=0.05, scan_interval_seconds=0.2)
    rig.fill(20_000)
    process = psutil.Process()
    with rig.running() as agent:
        rig.wait_for(AttemptFailed, 8)
        before = process.memory_info().rss
        began = process.cpu_times()
        threading.Event().wait(3)  # a long outage, as far as a test may go
        ended = process.cpu_times()
        assert sum(agent._ledger.fetch("SELECT count(*) FROM item")[0]) <= 600
        assert len(agent._runners[0]._flight._jobs) <= 1
        assert process.memory_info().rss - before < 20 << 20
        assert ended.user + ended.system - began.user - began.system < 1.0, "it is busy waiting"
    assert len(rig.names()) == 20_000
    down.error = None
    assert rig.run().exit_code == 0
    assert len(down.objects) == 20_000
    assert rig.states() == {"done": 20_000}


@pytest.mark.parametrize("error", [None, CredentialsError("No.")], ids=["open", "paused"])
def test_an_agent_with_nothing_to_do_sleeps(tmp_path: Path, error: SealiftError | None) -> None:
    rig = Rig(tmp_path, (Down(error),), scan_interval_seconds=0.5)
    rig.fill(400)
    with rig.running() as agent:
        runner = agent._runners[0]
        turns: list[float] = []
        turn = runner._turn

        def counting(*arguments: Any) -> bool:
            turns.append(time.monotonic())
            return turn(*arguments)

        rig.wait_for(*((Paused,) if error else (Delivered, 400)))
        threading.Event().wait(0.3)
        runner._turn = counting  # type: ignore[method-assign]
        threading.Event().wait(1.5)
        assert len(turns) <= 10


def test_once_ends_while_a_destination_is_down(tmp_path: Path, patience: None) -> None:
    rig = Rig(tmp_path, (Down(NotSentError("Down.")),))
    rig.fill(2000)
    began = time.monotonic()
    assert rig.run().exit_code == 3
    assert time.monotonic() - began < 5
    assert len(rig.told_of(BackedOff)) == 1


def test_once_waits_a_while_for_a_destination_that_comes_back(tmp_path: Path) -> None:
    down = Down(NotSentError("Down."))
    rig = Rig(tmp_path, (down,))
    rig.fill(50)
    heals = threading.Timer(1.0, lambda: setattr(down, "error", None))
    began = time.monotonic()
    heals.start()
    assert rig.run().exit_code == 0
    heals.join()
    assert time.monotonic() - began < 3.2, "what waits is not looked at when it is open again"


def test_draining_takes_up_nothing_that_is_due(tmp_path: Path) -> None:
    other, down = MemoryDestination("other"), Down(CredentialsError("No."))
    rig = Rig(tmp_path, (other, down))
    rig.fill(1000)
    assert rig.run().exit_code == 4
    assert len(other.objects) == 1000
    down.error = None
    holding = threading.Event()
    asked = threading.Event()
    put = down.put

    def held(*arguments: object, **options: object) -> Stored:
        asked.set()
        holding.wait(10)
        return put(*arguments, **options)  # type: ignore[arg-type]

    down.put = held  # type: ignore[method-assign]
    with rig.running() as agent:
        assert asked.wait(10)
        agent.drain()
        holding.set()
    assert 1 <= len(down.objects) <= 8


@pytest.mark.parametrize("others", [(), (MemoryDestination("other"),)], ids=["new", "waiting"])
def test_large_documents_are_held_one_limit_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: tuple[MemoryDestination, ...]
) -> None:
    limit = 4 << 20
    monkeypatch.setattr("sealift.agent.flight.IN_MEMORY_BYTES", limit)
    down = Down(CredentialsError("No."))
    rig = Rig(tmp_path, (*others, down), probe_seconds=0.3)
    for number in range(40):
        rig.write(f"{number}.bin", number.to_bytes(4) * 250_000)
    held: list[int] = []
    with rig.running() as agent:
        runner = agent._runners[0]
        note = rig._note

        def noting(event: Event) -> None:
            held.append(runner._flight._bytes)
            note(event)

        runner._news._observer = noting
        rig.wait_for(Paused)
        for other in others:
            rig.wait_for(Delivered, 40, destination=other.name)
        down.error = None
        rig.wait_for(Delivered, 40, destination=down.name)
    assert max(held) <= limit + 1_000_000
    assert max(held) >= 1_000_000, "nothing was measured"


def test_large_bodies_leave_room_for_small_ones(tmp_path: Path) -> None:
    large_done = threading.Event()
    under_way: list[int] = []
    store = Down(None)
    put = store.put

    def slow(key: str, parcel: Parcel, **options: object) -> Stored:
        if not isinstance(parcel.body, bytes):
            with store._counting:
                under_way.append(1)
                assert len(under_way) <= attempts.LARGE_AT_ONCE
            large_done.wait(20)
            with store._counting:
                under_way.pop()
        return put(key, parcel, **options)  # type: ignore[arg-type]

    store.put = slow  # type: ignore[method-assign]
    rig = Rig(tmp_path, (store,), large_bytes=1 << 20, concurrency=4)
    for number in range(8):
        rig.write(f"large-{number}.bin", bytes([number]) * (1 << 21))
    with rig.running() as agent:
        while not under_way:
            threading.Event().wait(0.01)
        rig.fill(20)
        agent.scan_now()
        rig.wait_for(Delivered, 20)
        large_done.set()
        rig.wait_for(Delivered, 28)
    assert rig.states() == {"done": 28}


def test_what_a_burst_of_hints_leaves_over_comes_with_the_next_batch(tmp_path: Path) -> None:
    rig = Rig(tmp_path, (MemoryDestination(),), watch=True, scan_interval_seconds=600)
    with rig.running():
        rig.write("first.json", {})
        rig.wait_for(Delivered)
        bodies = rig.fill(1000)
        rig.wait_for(Delivered, 1 + len(bodies), seconds=30)


def test_workers_go_home(tmp_path: Path) -> None:
    before = threading.active_count()
    rig = Rig(tmp_path, (MemoryDestination(),))
    rig.fill(300)
    rig.run()
    until = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < until, threading.enumerate()
        threading.Event().wait(0.01)
