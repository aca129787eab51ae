"""Several destinations: each gets everything once, and none holds up another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.destinations.memory import MemoryDestination
from sealift.errors import CredentialsError
from sealift.events import AttemptFailed, Delivered, Paused, Quarantined, Resumed, Settled
from sealift.testing.fault_server import FaultServer
from tests.agent.rig import Rig, check_server, s3


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


@pytest.fixture
def memory() -> MemoryDestination:
    return MemoryDestination("memory")


@pytest.fixture
def rig(tmp_path: Path, server: FaultServer, memory: MemoryDestination) -> Rig:
    return Rig(tmp_path, (memory, s3(server)), probe_seconds=0.3)


def refuse(server: FaultServer) -> None:
    server.fail(operation="PutObject", status=403, code="InvalidAccessKeyId", times=None)


def test_every_destination_gets_everything_under_one_put_id(
    rig: Rig, server: FaultServer, memory: MemoryDestination
) -> None:
    bodies = rig.fill(20)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert {key: found.body for key, found in memory.objects.items()} == {
        key: found.body for key, found in server.objects.items()
    }


@pytest.mark.parametrize("restart", [False, True], ids=["running on", "restarted"])
def test_a_paused_destination_holds_up_no_other_and_catches_up_alone(
    rig: Rig, server: FaultServer, memory: MemoryDestination, restart: bool
) -> None:
    bodies = rig.fill(700)  # more than a lane takes at once
    refuse(server)
    with rig.running():
        rig.wait_for(Delivered, 700, destination="memory")
        rig.wait_for(Paused, place="s3")
        assert rig.names() == sorted(bodies), "settled before every destination has it"
        assert rig.told_of(Settled) == []
        if not restart:
            server.heal()
            rig.wait_for(Resumed, place="s3")
            rig.wait_for(Settled, 700)
    if restart:
        outcome = rig.run()
        assert isinstance(outcome.paused, CredentialsError)
        assert outcome.waiting == 700
        server.heal()
        assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert len(memory.puts) == 700, "the first destination was sent something again"


def test_new_files_reach_the_others_while_one_is_paused(
    rig: Rig, server: FaultServer, memory: MemoryDestination
) -> None:
    rig.fill(5)
    refuse(server)
    with rig.running() as agent:
        rig.wait_for(Paused, place="s3")
        rig.write("new.json", {})
        agent.scan_now()
        rig.wait_for(Delivered, name="new.json", destination="memory")


def test_what_one_destination_refuses_stays_at_the_other_and_can_be_released(
    rig: Rig, server: FaultServer, memory: MemoryDestination
) -> None:
    rig.write("good.json", {"good": 1})
    rig.write("bad.json", {"bad": 1})
    server.fail(
        operation="PutObject",
        key=lambda key: "bad" in key,
        status=400,
        code="InvalidTag",
        times=None,
    )
    outcome = rig.run()
    assert (outcome.exit_code, outcome.quarantined, outcome.waiting) == (3, 1, 0)
    assert rig.names() == ["bad.json", "good.json.synced"]
    assert len(memory.objects) == 2
    [told] = rig.told_of(Quarantined)
    assert (told.name, told.code) == ("bad.json", "item_refused")
    assert rig.run().quarantined == 1, "it is not tried again by itself"
    server.heal()
    rig.release()
    assert rig.run().exit_code == 0
    check_server(server, rig, {"good.json": b'{"good": 1}', "bad.json": b'{"bad": 1}'})
    assert len(memory.puts) == 2


def test_an_item_that_always_fails_does_not_keep_its_destination_closed(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),), probe_seconds=0.1)
    rig.write("poison.json", {})
    refuse(server)
    with rig.running() as agent:
        rig.wait_for(Paused)
        bodies = rig.fill(3)
        agent.scan_now()
        server.heal()
        server.fail(operation="PutObject", key=lambda key: "poison" in key, status=500, times=None)
        rig.wait_for(Delivered, len(bodies))
    assert rig.states() == {"done": 3, "reserved": 1}


def test_probes_take_turns(tmp_path: Path, server: FaultServer, memory: MemoryDestination) -> None:
    rig = Rig(tmp_path, (memory, s3(server)), probe_seconds=0.1)
    rig.fill(6)
    refuse(server)
    with rig.running():
        rig.wait_for(Paused)
        rig.wait_for(Delivered, 6, destination="memory")
        rig.wait_for(AttemptFailed, len(rig.told_of(AttemptFailed)) + 12)
        probed = [call.call.key for call in server.calls("PutObject")]
    assert len(set(probed[-6:])) == 6
