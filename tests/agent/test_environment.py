"""Other processes, signals, forks and variables around an agent; numbered as the faults are."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.destinations.memory import MemoryDestination
from sealift.errors import AgentRunningError, LedgerWaitsError, SealiftError, StateError
from sealift.events import Delivered, Paused, Resumed
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import BLACK_HOLE
from tests.agent.rig import Rig, check_server, s3

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


@pytest.fixture
def rig(tmp_path: Path, server: FaultServer) -> Rig:
    return Rig(tmp_path, (s3(server),))


def start_command(rig: Rig, server: FaultServer, timeout: float) -> "subprocess.Popen[str]":
    config = rig.home / "sealift.toml"
    config.write_text(
        f"""
        [agent]
        state_dir = "state"
        [routes.r]
        key = "{{id}}_{{name}}"
        [routes.r.source]
        kind = "folder"
        path = "in"
        settle_seconds = 0.0
        [routes.r.destination]
        kind = "s3"
        bucket = "bucket"
        region = "us-east-1"
        endpoint_url = "{server.endpoint_url}"
        trust_conditions = true
        timeout_seconds = {timeout}
        """
    )
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    return subprocess.Popen(
        [Path(sys.executable).with_name("sealift"), "run", config, "--json"],
        cwd=ROOT,
        env=os.environ | keys,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def wait_for_puts(server: FaultServer, count: int) -> None:
    until = time.monotonic() + 30
    while len(server.calls("PutObject")) < count:
        assert time.monotonic() < until
        server._server.ending.wait(0.01)


def test_48_a_second_agent_on_one_state_directory_is_refused(rig: Rig) -> None:
    with rig.agent(), pytest.raises(AgentRunningError, match=str(os.getpid())):
        rig.agent()
    rig.agent().close()


def test_53_sigterm_under_load_finishes_what_is_in_flight(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(600)
    server.latency_seconds = 0.05
    with start_command(rig, server, 5.0) as agent:
        wait_for_puts(server, 30)
        agent.send_signal(signal.SIGTERM)
        began = time.monotonic()
        agent.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert agent.returncode == 3
    stored = len(server.objects)
    assert 30 <= stored < 600
    assert rig.states()["done"] == stored, "what was in flight was not finished"
    server.latency_seconds = 0.0
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert len(server.calls("PutObject")) == 600, "something was sent twice"


def test_53_a_second_sigterm_waits_for_nothing(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(20)
    server.fail(BLACK_HOLE, times=None)
    with start_command(rig, server, 60.0) as agent:
        wait_for_puts(server, 4)
        agent.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            agent.wait(0.5)
        agent.send_signal(signal.SIGTERM)
        agent.communicate(timeout=5)
    assert agent.returncode != 0
    server.heal()
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_54_a_forked_agent_says_so(rig: Rig) -> None:
    rig.write("a.json", {})
    with rig.agent() as agent:
        agent.run(once=True)
        rig.write("b.json", {})
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            answer = b"it ran"
            try:
                agent.run(once=True)
            except SealiftError as error:
                answer = f"{error.code}: {error}".encode()
            finally:
                os.write(writer, answer)
                os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as told:
            assert told.read().startswith("usage: The agent was made before this process was fork")
        assert agent.run(once=True).exit_code == 0
    assert rig.states() == {"done": 2}


def test_56_variables_of_the_environment_change_nothing(
    rig: Rig, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_SESSION_TOKEN": "poison",
        "AWS_ACCESS_KEY_ID": "poison",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_REGION": "mars-1",
        "AWS_SERVER_SIDE_ENCRYPTION": "aws:kms",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    bodies = rig.fill(3)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    for request in server.requests:
        assert "poison" not in json.dumps(dict(request.call.headers))


def test_37_a_full_ledger_loses_nothing_and_says_what_to_do(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),))
    rig.run()
    bodies = rig.fill(2000)
    with rig.agent() as agent:
        pages = agent._ledger.fetch("PRAGMA page_count")[0][0]
        agent._ledger.fetch(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(LedgerWaitsError) as caught:
            agent.run(once=True)
    assert "full" in str(caught.value)
    assert "Free some space" in caught.value.hint
    assert len(server.objects) < 2000
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_37_a_full_ledger_pauses_the_agent_until_there_is_room(
    tmp_path: Path, server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealift.agent.agent.LEDGER_SECONDS", 0.05)
    rig = Rig(tmp_path, (s3(server),))
    rig.run()
    bodies = rig.fill(2000)
    with rig.running() as agent:
        pages = agent._ledger.fetch("PRAGMA page_count")[0][0]
        agent._ledger.fetch(f"PRAGMA max_page_count = {pages + 20}")
        agent.scan_now()
        rig.wait_for(Paused)
        assert len(server.objects) < 2000
        agent._ledger.fetch("PRAGMA max_page_count = 1000000")
        rig.wait_for(Resumed)
        rig.wait_for(Delivered, 2000, seconds=60)
    assert [event.place for event in rig.told_of(Paused)][:1] == ["ledger"]
    check_server(server, rig, bodies)


def test_37_events_tell_only_what_the_ledger_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = MemoryDestination()
    rig = Rig(tmp_path, (memory,))
    rig.fill(3)
    marks = []

    def broken(*_: object) -> None:
        marks.append(1)
        if len(marks) == 2:  # the first reserves, the second is in a commit of what arrived
            raise StateError("The ledger's disk is full.")

    monkeypatch.setattr("sealift.ledger.ledger.Ledger.mark", broken)
    with pytest.raises(StateError):
        rig.run()
    assert len(memory.objects) == 3
    assert rig.told_of(Delivered) == []
