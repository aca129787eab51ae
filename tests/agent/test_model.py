"""A folder's owner, a flaky store and an agent that dies at any call, against a simple model."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from sealift.agent import mailbox as mailbox_module
from sealift.agent.runner import Runner
from sealift.agent.surroundings import Surroundings
from sealift.destinations.base import Found, PartLog, Stored
from sealift.destinations.memory import MemoryDestination
from sealift.errors import (
    AlreadyThereError,
    BucketError,
    NotSentError,
    OutcomeUnknownError,
    ThrottledError,
    TransientError,
)
from sealift.ledger.ledger import Ledger
from sealift.sealing.parcel import Parcel
from tests.agent.rig import Rig

NAMES = st.sampled_from(["a.json", "b.json", "c.txt"])
CONTENTS = st.sampled_from([b'{"v": 1}', b'{"v": 2}', b'{"v": 3, "more": true}', b'{"half": '])
FAULTS = st.lists(
    st.sampled_from(["ok", "down", "slow", "conflict", "lost", "stored", "bucket"]),
    min_size=1,
    max_size=6,
)
LOOKS = st.lists(st.sampled_from(["ok", "down"]), max_size=3)
MOMENTS = st.integers(1, 25)
CHANGES = st.lists(st.tuples(NAMES, CONTENTS, st.booleans()), min_size=1, max_size=3)


class CrashError(BaseException):
    """The process ends here."""


class Flaky(MemoryDestination):
    """Fails as scripted, then works. Put answers and looks have a script each."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[str] = []
        self.looks: list[str] = []

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        fault = self.script.pop(0) if self.script else "ok"
        if fault in {"ok", "stored"}:
            try:
                stored = super().put(key, parcel, put_id=put_id, create=create)
            except OutcomeUnknownError as there:
                raise AlreadyThereError(str(there)) from None
            if fault == "stored":
                raise OutcomeUnknownError("The answer was lost.")
            return stored
        raise {
            "down": NotSentError("Down."),
            "slow": ThrottledError("Slower."),
            "conflict": TransientError("409: nothing was stored."),
            "lost": OutcomeUnknownError("Lost on the way."),
            "bucket": BucketError("No bucket."),
        }[fault]

    def head(self, key: str) -> Found | None:
        if self.looks and self.looks.pop(0) == "down":
            raise TransientError("It cannot be seen.")
        return super().head(key)


class Time:
    """A clock that stands still unless somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now

    def monotonic(self) -> float:
        return self.now


class Mail:
    """The runner's queue, whose waits move the clock instead of taking time."""

    def __init__(self, clock: Time) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._clock = clock
        self.in_flight: Callable[[], int] = lambda: 0

    def put(self, mail: Any) -> None:
        self._queue.put(mail)

    def qsize(self) -> int:
        return self._queue.qsize()

    def get(self, timeout: float) -> Any:
        try:
            return self._queue.get(timeout=0.05 if self.in_flight() else 0)
        except Empty:
            self._clock.now += timeout
            raise


class Delivery(RuleBasedStateMachine):
    """Every version that the owner leaves alone arrives exactly once, or waits."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.store = Flaky()
        self.clock = Time()
        self.files: dict[str, bytes] = {}
        """What is in the folder by the owner's doing; the agent may have taken it since."""
        self.ticks = 10**18

    @initialize(after=st.sampled_from(["delete", "rename"]), changes=CHANGES)
    def begin(self, after: str, changes: list[tuple[str, bytes, bool]]) -> None:
        self.rig = Rig(self.home, (self.store,), after=after, growth_seconds=0.0)
        self.change(changes)

    def teardown(self) -> None:
        self.settle_down()
        shutil.rmtree(self.home)

    # The owner ------------------------------------------------------------------------------

    @rule(changes=CHANGES)
    def change(self, changes: list[tuple[str, bytes, bool]]) -> None:
        for name, content, in_place in changes:
            self.write(name, content, in_place)

    def write(self, name: str, content: bytes, in_place: bool) -> None:
        path = self.rig.folder / name
        if in_place:
            path.write_bytes(content)
        else:
            self.rig.write(name, content)
        # Not even a real owner can write twice in one tick of the clock.
        self.ticks += 10**6
        os.utime(path, ns=(self.ticks, self.ticks))
        self.files[name] = content

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        self.rig.folder.joinpath(name).unlink(missing_ok=True)
        self.files.pop(name, None)

    @rule(old=NAMES, new=NAMES)
    def rename(self, old: str, new: str) -> None:
        path = self.rig.folder / old
        if path.exists() and old != new:
            path.rename(self.rig.folder / new)
            self.files[new] = self.files.pop(old)

    # The world ------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 61, 4000]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    # The agent ------------------------------------------------------------------------------

    @rule()
    def run(self) -> None:
        self.run_agent(dies_at=None)

    @rule(changes=CHANGES, puts=FAULTS, looks=LOOKS)
    def run_with_a_bad_store(
        self, changes: list[tuple[str, bytes, bool]], puts: list[str], looks: list[str]
    ) -> None:
        self.change(changes)
        self.store.script, self.store.looks = list(puts), list(looks)
        self.run_agent(dies_at=None)

    @rule(changes=CHANGES, puts=FAULTS, looks=LOOKS, dies_at=MOMENTS)
    def crash(
        self,
        changes: list[tuple[str, bytes, bool]],
        puts: list[str],
        looks: list[str],
        dies_at: int,
    ) -> None:
        self.change(changes)
        self.store.script, self.store.looks = list(puts), list(looks)
        with suppress(CrashError):
            self.run_agent(dies_at)

    @rule(changes=CHANGES, later=CHANGES, acts_at=MOMENTS, dies_at=st.none() | MOMENTS)
    def run_while_the_owner_writes(
        self,
        changes: list[tuple[str, bytes, bool]],
        later: list[tuple[str, bytes, bool]],
        acts_at: int,
        dies_at: int | None,
    ) -> None:
        self.change(changes)
        with suppress(CrashError):
            self.run_agent(dies_at, acts_at, lambda: self.change(later))

    def run_agent(
        self,
        dies_at: int | None,
        acts_at: int = 0,
        act: Callable[[], None] = lambda: None,
    ) -> None:
        calls = 0

        def call() -> None:
            nonlocal calls
            calls += 1
            if calls == acts_at:
                act()
            if calls == dies_at:
                raise CrashError

        mail = Mail(self.clock)
        keep, mailbox_module.SimpleQueue = mailbox_module.SimpleQueue, lambda: mail  # type: ignore[misc,assignment]
        ledger = Ledger(self.rig.state_dir)
        try:
            self.rig.wall = self.clock.wall
            route = self.rig.route()
            tripped(route.source, "read", call)
            tripped(route.source, "settle", call)
            commits(ledger, call)
            runner = Runner(
                route,
                ledger,
                Surroundings(
                    wall=self.clock.wall, monotonic=self.clock.monotonic, random=lambda: 0.0
                ),
            )
            mail.in_flight = lambda: runner._flight.count
            runner.run(once=True)
        finally:
            mailbox_module.SimpleQueue = keep  # type: ignore[misc]
            ledger.close()

    # What always holds ----------------------------------------------------------------------

    @invariant()
    def each_put_id_has_one_key(self) -> None:
        keys: dict[str, set[str]] = {}
        for put in self.store.puts:
            keys.setdefault(put.put_id, set()).add(put.key)
        assert all(len(one) == 1 for one in keys.values())

    @invariant()
    def each_version_is_stored_once(self) -> None:
        stored = [(key.partition("_")[2], o.body) for key, o in self.store.objects.items()]
        assert len(stored) == len(set(stored))

    @invariant()
    def what_is_gone_has_arrived(self) -> None:
        for name, content in list(self.files.items()):
            path = self.rig.folder / name
            if path.exists():
                assert path.read_bytes() == content
                continue
            if self.aside(content):
                continue  # a crash came between moving aside and unlinking
            assert content in self.stored(name)
            del self.files[name]

    @invariant()
    def what_is_done_is_what_was_stored(self) -> None:
        if not self.rig.state_dir.exists():
            return
        for item in self.rig.items():
            if item.state in {"done", "delivered"}:
                assert item.sha256 in {o.sha256 for o in self.store.objects.values()}
                for delivery in self.rig.deliveries(item).values():
                    assert self.store.objects[delivery.key].sha256 == item.sha256
                    assert self.store.objects[delivery.key].put_id == item.id

    def stored(self, name: str) -> list[bytes]:
        return [o.body for key, o in self.store.objects.items() if key.endswith(f"_{name}")]

    def aside(self, content: bytes) -> bool:
        return any(path.read_bytes() == content for path in self.rig.folder.glob(".sealift-*"))

    def settle_down(self) -> None:
        """Heal everything; what may still arrive has done so within a few runs."""
        if not hasattr(self, "rig"):
            return
        self.store.script, self.store.looks = [], []
        for _ in range(3):
            self.run_agent(dies_at=None)
            self.clock.now += 4000
        self.what_is_gone_has_arrived()
        left = {name: self.rig.folder.joinpath(name).read_bytes() for name in self.files}
        assert all(is_bad(name, content) for name, content in left.items()), left
        states = {(item.path.decode(), item.state.value) for item in self.rig.items()}
        assert {state for _, state in states} <= {"done", "vanished", "quarantined"}
        # What its owner took away from quarantine stays there until a person drops it.
        assert {name for name, state in states if state == "quarantined"} >= set(left)
        assert not list(self.rig.folder.glob(".sealift-*"))


def is_bad(name: str, content: bytes) -> bool:
    if not name.endswith(".json"):
        return False
    try:
        json.loads(content)
    except ValueError:
        return True
    return False


def tripped(owner: object, name: str, call: Callable[[], None]) -> None:
    """Make a method call *call* before and after its work."""
    method = getattr(owner, name)

    def trip(*arguments: Any) -> Any:
        call()
        result = method(*arguments)
        call()
        return result

    setattr(owner, name, trip)


def commits(ledger: Ledger, call: Callable[[], None]) -> None:
    """Call *call* before and after each commit."""
    whole = ledger.commit

    @contextmanager
    def commit() -> Any:
        outermost = not ledger._connection.in_transaction
        with whole() as connection:
            yield connection
            if outermost:
                call()
        if outermost:
            call()

    ledger.commit = commit  # type: ignore[method-assign]


@pytest.mark.slow
def test_the_agent_behaves_as_the_model_says() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Delivery,
        settings=settings(
            max_examples=120,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.generate],  # shrinking takes minutes, and 20 steps can be read
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
