"""Where a destination names the keys, the ledger has each key before anything is put under it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sealift.destinations.base import Capabilities, KeyOrder, PartLog, Stored
from sealift.destinations.memory import MemoryDestination
from sealift.errors import (
    CredentialsError,
    ItemRefusedError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
)
from sealift.events import Delivered, Paused, Quarantined, Resumed
from sealift.ledger.desk import Desk
from sealift.sealing.parcel import Parcel
from sealift.sealing.seal import SealOptions
from tests.agent.rig import Rig


class Naming(MemoryDestination):
    """Names keys in batches, and notes what the ledger held when a put came."""

    capabilities = Capabilities(conditional_create=True, names_keys=True)

    def __init__(self, state_dir: Path, *, at_once: int = 10) -> None:
        super().__init__("naming")
        self.state_dir = state_dir
        self.names_at_once = at_once
        self.asked: list[list[KeyOrder]] = []
        self.fail: list[SealiftError] = []
        self.rename = ""
        self.same = ""
        self.unreserved: list[str] = []
        self.reserved: set[str] = set()
        self.named = threading.Lock()

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        with self.named:
            self.asked.append(list(orders))
            if self.fail:
                raise self.fail.pop(0)
        return [
            KeyNameError("No such names.") if "bad" in one.filename else self.key(one)
            for one in orders
        ]

    def key(self, one: KeyOrder) -> str:
        return self.same or f"{self.rename}{one.put_id}_{one.filename}"

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        with Desk(self.state_dir) as desk:
            item = desk.find(put_id)
            held = [one.key for one in desk.deliveries(item.seq)] if item else []
        if key not in held:
            self.unreserved.append(key)
        return super().put(key, parcel, put_id=put_id, create=create, part_log=part_log)


@dataclass
class Made:
    rig: Rig
    naming: Naming
    filled: dict[str, bytes] = field(default_factory=dict)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made]:
    def made(at_once: int = 10, **changes: object) -> Made:
        naming = Naming(tmp_path / "state", at_once=at_once)
        return Made(Rig(tmp_path, (naming,), **changes), naming)  # type: ignore[arg-type]

    return made


@pytest.mark.parametrize("at_once", [1, 7, 100])
@pytest.mark.parametrize("concurrency", [1, 2, 64])
def test_every_key_is_in_the_ledger_before_its_put(
    make: Callable[..., Made], at_once: int, concurrency: int
) -> None:
    made = make(at_once, concurrency=concurrency)
    bodies = made.rig.fill(40)
    made.rig.run()
    assert made.naming.unreserved == []
    assert {key.partition("_")[2]: o.body for key, o in made.naming.objects.items()} == bodies
    assert max(map(len, made.naming.asked)) <= at_once
    assert sum(map(len, made.naming.asked)) == 40
    assert made.rig.states() == {"done": 40}


def test_one_key_at_a_time_is_named_right_before_it_is_used(make: Callable[..., Made]) -> None:
    made = make(1, concurrency=2)
    made.rig.fill(30)
    seen: list[int] = []
    name, put = made.naming.name_keys, made.naming.put

    def naming(orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        seen.append(len(made.naming.asked) + 1 - len(made.naming.objects))
        return name(orders)

    made.naming.name_keys = naming  # type: ignore[method-assign]
    made.naming.put = put  # type: ignore[method-assign]
    made.rig.run()
    assert len(made.naming.objects) == 30
    assert max(seen) <= 3


def test_a_name_that_is_refused_is_quarantined_alone(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.write("bad.json", {"a": 1})
    made.rig.write("good.json", {"a": 1})
    outcome = made.rig.run()
    assert (outcome.waiting, outcome.quarantined) == (0, 1)
    (told,) = made.rig.told_of(Quarantined)
    assert told.code == "key_name"
    assert len(made.naming.objects) == 1


def test_an_outage_of_the_naming_is_waited_out(make: Callable[..., Made]) -> None:
    made = make()
    made.naming.fail = [NotSentError("down")] * 3
    made.rig.fill(5)
    made.rig.run()
    assert len(made.naming.objects) == 5
    assert made.naming.unreserved == []


def test_wrong_credentials_pause_the_lane_and_it_resumes(make: Callable[..., Made]) -> None:
    made = make(probe_seconds=0.1)
    made.naming.fail = [CredentialsError("no")] * 2
    made.rig.fill(5)
    with made.rig.running():
        made.rig.wait_for(Paused)
        made.rig.wait_for(Resumed)
        made.rig.wait_for(Delivered, 5)
    assert len(made.naming.objects) == 5


def test_after_a_restart_the_same_item_is_named_again(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.fill(3)
    made.naming.fail = [CredentialsError("no")]
    assert made.rig.run().paused
    assert {one.key for item in made.rig.items() for one in made.rig.deliveries(item).values()} == {
        ""
    }
    ids = {item.id for item in made.rig.items()}
    made.rig.run()
    assert {one.put_id for orders in made.naming.asked for one in orders} == ids
    assert {key.partition("_")[0] for key in made.naming.objects} == ids


def test_another_key_is_reserved_before_it_is_used(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.fill(3)
    put = made.naming.put

    def lost(*_arguments: object, **_more: object) -> Stored:
        raise CredentialsError("the store's, this time")

    made.naming.put = lost  # type: ignore[method-assign]
    assert made.rig.run().paused
    made.naming.put = put  # type: ignore[method-assign]
    made.naming.rename = "new/"
    made.rig.run()
    assert made.naming.unreserved == []
    assert all(key.startswith("new/") for key in made.naming.objects)


def test_a_file_that_went_before_it_had_a_key_has_not_arrived(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.write("a.json", {"a": 1})
    made.naming.fail = [CredentialsError("no")]
    made.rig.run()
    (made.rig.folder / "a.json").unlink()
    made.rig.run()
    assert made.rig.states() == {"vanished": 1}
    assert made.naming.objects == {}


def test_a_name_is_told_redacted_and_without_its_folders(make: Callable[..., Made]) -> None:
    made = make(seal=SealOptions(redact=("pii",)))
    made.rig.write("john.smith@example.com.json", {"a": 1})
    made.rig.write("caf\u00e9 100%.json", {"a": 1})
    made.rig.run()
    assert {one.filename for orders in made.naming.asked for one in orders} == {
        "BLOCKED.json",
        "caf\u00e9 100%.json",
    }


def test_a_destination_that_cannot_be_looked_at_is_put_to_again(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.write("a.json", {"a": 1})
    lost = [OutcomeUnknownError("once"), None]
    put = made.naming.put

    def failing(
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        if error := lost.pop(0):
            raise error
        return put(key, parcel, put_id=put_id, create=create, part_log=part_log)

    def blind(key: str) -> None:
        raise ItemRefusedError("Nobody can look.")

    made.naming.put = failing  # type: ignore[method-assign]
    made.naming.head = blind  # type: ignore[assignment]
    made.rig.run()
    assert len(made.naming.objects) == 1
    assert made.rig.states() == {"done": 1}


def test_what_waits_for_a_key_does_not_hold_up_the_end(make: Callable[..., Made]) -> None:
    made = make(1, concurrency=2)
    made.rig.fill(200)
    asked, go_on = threading.Event(), threading.Event()
    name = made.naming.name_keys

    def slow(orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        asked.set()
        go_on.wait(20)
        return name(orders)

    made.naming.name_keys = slow  # type: ignore[method-assign]
    with made.rig.running() as agent:
        assert asked.wait(20)
        agent.drain()
        go_on.set()
    assert len(made.naming.objects) < 10
    made.naming.name_keys = name  # type: ignore[method-assign]
    made.rig.run()
    assert made.rig.states() == {"done": 200}
    assert len(made.naming.objects) == 200


def test_what_was_named_before_is_told_when_it_is_named_again(make: Callable[..., Made]) -> None:
    made = make()
    made.rig.fill(2)
    put = made.naming.put

    def lost(*_arguments: object, **_more: object) -> Stored:
        raise CredentialsError("the store's, this time")

    made.naming.put = lost  # type: ignore[method-assign]
    assert made.rig.run().paused
    made.naming.put = put  # type: ignore[method-assign]
    first = {one.put_id: made.naming.key(one) for orders in made.naming.asked for one in orders}
    assert {one.key for orders in made.naming.asked for one in orders} >= {""}
    made.naming.asked.clear()
    made.rig.run()
    told = {one.put_id: one.key for orders in made.naming.asked for one in orders}
    assert told == first


@pytest.mark.parametrize("at_once", [1, 10])
def test_two_items_never_share_a_key_where_a_put_replaces(tmp_path: Path, at_once: int) -> None:
    rig = Rig(tmp_path, ())
    naming = Naming(rig.state_dir, at_once=at_once)
    naming.capabilities = Capabilities(conditional_create=False, names_keys=True)
    naming.same = "uploads/the-same.json"
    rig.destinations = (naming,)
    bodies = rig.fill(3)
    assert rig.run().exit_code == 3
    assert list(naming.objects) == ["uploads/the-same.json"]
    assert len(naming.puts) == 1
    assert len(rig.told_of(Quarantined)) == 2
    assert len(rig.names()) == len(bodies)
    rig.write("late.json", {"n": 4})
    rig.run()
    assert len(naming.puts) == 1
