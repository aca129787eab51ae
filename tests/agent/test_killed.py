"""Agents that are killed with SIGKILL, at every step and at any moment, lose and double nothing."""

import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import LOST_ANSWER
from tests.agent.killable import STEPS
from tests.agent.rig import Rig, check_server, s3

ROOT = Path(__file__).parents[2]
SEED = 20_261_122
KILLS = 200


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


def start(how: str, rig: Rig, server: FaultServer, **task: Any) -> "subprocess.Popen[str]":
    task |= {"home": str(rig.home), "s3": {"endpoint_url": server.endpoint_url}}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.agent.killable", how, json.dumps(task)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 4])
@pytest.mark.parametrize("step", STEPS)
def test_33_killed_at_a_step(tmp_path: Path, server: FaultServer, step: str, nth: int) -> None:
    rig = Rig(tmp_path, (s3(server),))
    bodies = rig.fill(8)
    with start("run", rig, server, step=step, nth=nth) as killed:
        assert killed.wait(30) == 137, "the step was not reached"
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert rig.names() == sorted(f"{name}.synced" for name in bodies)


@pytest.mark.parametrize("step", ["before unlink", "after settle"])
def test_33_killed_while_deleting(tmp_path: Path, server: FaultServer, step: str) -> None:
    rig = Rig(tmp_path, (s3(server),), after="delete")
    bodies = rig.fill(8)
    with start("run", rig, server, step=step, nth=3, options={"after": "delete"}) as killed:
        assert killed.wait(30) == 137, "the step was not reached"
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert rig.names() == []


def test_33_killed_between_a_late_delivery_and_its_settling(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),))
    bodies = {"late.json": b'{"late": 1}'}
    rig.write("late.json", bodies["late.json"])
    server.fail(operation="PutObject", status=403, code="InvalidAccessKeyId")
    assert rig.run().exit_code == 4
    bodies |= rig.fill(3)
    # The newer ones go first and move the mark from where a recovery begins.
    server.fail(operation="PutObject", key=lambda key: "late" in key, status=500, times=2)
    with start("run", rig, server, step="before settle", nth=4) as killed:
        assert killed.wait(30) == 137, "the step was not reached"
    assert rig.names() == ["f0.json.synced", "f1.json.synced", "f2.json.synced", "late.json"]
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_34_killed_at_any_moment(tmp_path: Path, server: FaultServer) -> None:
    chance = random.Random(SEED)
    rig = Rig(tmp_path, (s3(server),))
    bodies: dict[str, bytes] = {}
    server.latency_seconds = 0.005
    server.fail(
        LOST_ANSWER, operation="PutObject", key=lambda _key: chance.random() < 0.03, times=None
    )
    peak = 0
    quick = {"scan_interval_seconds": 0.02}
    with start("serve", rig, server, options=quick) as agents:
        assert agents.stdin
        assert agents.stdout
        for number in range(KILLS):
            bodies |= rig.fill(15, f"{number}-{{}}.json")
            agents.stdin.write("\n")
            agents.stdin.flush()
            child = int(agents.stdout.readline())
            # The moment is the point: any time from its start to well into its work.
            ended, _, _ = select.select([agents.stdout], [], [], chance.uniform(0.0, 0.2))
            assert not ended, "the agent ended by itself"
            peak = max(peak, psutil.Process(child).memory_info().rss)
            os.kill(child, signal.SIGKILL)
            assert int(agents.stdout.readline()) == -signal.SIGKILL
        agents.stdin.close()
        assert agents.wait(10) == 0
    server.heal()
    waiting = len(bodies) - len([name for name in rig.names() if name.endswith(".synced")])
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert peak < 150 << 20
    ways = Counter(call.status for call in server.calls("PutObject"))
    assert ways[412] > 0, "no put met its own object: the kills came at no interesting moment"
    assert waiting < len(bodies), "all was left to the last run"


@pytest.mark.slow
def test_34_a_large_file_goes_on_where_the_killed_agent_stopped(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),))
    block = random.Random(SEED).randbytes(1 << 20)
    with (rig.folder / "large.bin").open("wb") as file:
        for number in range(200):
            file.write(number.to_bytes(4) + block[4:])
    server.fail(operation="UploadPart", delay_seconds=0.1, times=None)
    with start("run", rig, server) as killed:
        until = time.monotonic() + 60
        while len(parts_of(rig)) < 4:
            assert time.monotonic() < until
            select.select([], [], [], 0.01)
        killed.kill()
        assert killed.wait(10) == -signal.SIGKILL
    kept = parts_of(rig)
    server.heal()
    with start("run", rig, server) as again:
        told = json.loads(again.communicate(timeout=100)[0])
    assert told["code"] == 0
    sent = Counter(int(call.call.query["partNumber"]) for call in server.calls("UploadPart"))
    assert len(sent) == 25
    assert {number: sent[number] for number in kept} == dict.fromkeys(kept, 1)
    assert len(server.calls("CreateMultipartUpload")) == 1
    [(_, found)] = server.objects.items()
    assert len(found.body) == 200 << 20
    assert rig.states() == {"done": 1}
    assert rig.items()[0].sha256 == found.headers["x-amz-meta-sha256"]
    assert told["peak_mib"] <= 150


def parts_of(rig: Rig) -> list[int]:
    """Numbers of the parts that the ledger vouches for."""
    path = rig.state_dir / "ledger.sqlite3"
    if not path.exists():
        return []
    ledger = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [row[0] for row in ledger.execute("SELECT number FROM part")]
    except sqlite3.OperationalError:
        return []  # its tables are being made
    finally:
        ledger.close()


def test_an_upload_whose_file_went_away_is_aborted_by_the_next_run(
    tmp_path: Path, server: FaultServer
) -> None:
    """Nobody pays for ever for the parts of an item that has ended."""
    rig = Rig(tmp_path, (s3(server),))
    (rig.folder / "large.bin").write_bytes(os.urandom(40 << 20))
    server.fail(operation="UploadPart", delay_seconds=0.1, times=None)
    with start("run", rig, server) as killed:
        until = time.monotonic() + 60
        while not parts_of(rig):
            assert time.monotonic() < until
            select.select([], [], [], 0.01)
        killed.kill()
        killed.wait(10)
    server.heal()
    (rig.folder / "large.bin").unlink()
    assert rig.run().exit_code == 0
    assert rig.states() == {"vanished": 1}
    assert not server.calls("AbortMultipartUpload")
    assert rig.run().exit_code == 0
    until = time.monotonic() + 10
    while not server.calls("AbortMultipartUpload"):
        assert time.monotonic() < until
        select.select([], [], [], 0.01)
    assert not server.objects
