"""A sync that is killed at any moment: readers see whole sets only, and the next one is right."""

import json
import os
import random
import select
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from sealift.datasets.mongo import STATES
from tests.datasets.killable import STEPS
from tests.datasets.rig import VERSION, Rig, links, s3_options
from tests.datasets.servers import MongoServer
from tests.servers import Bucket

ROOT = Path(__file__).parents[2]
SEED = 20_261_122
KILLS = int(os.environ.get("DATASET_KILLS", "6"))
"""For each kind of server; set it to 50 for a long look."""

LINKS = int(os.environ.get("DATASET_KILL_LINKS", "600"))


def start(how: str, task: dict[str, Any]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.datasets.killable", how, json.dumps(task)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def task_of(rig: Rig, mongo: MongoServer, switch: str) -> dict[str, Any]:
    return {
        "s3": asdict(s3_options(rig.bucket)),
        "mongo": {
            "uri": mongo.uri,
            "database": rig.database.name,
            "switch": switch,
            "batch_records": 200,
        },
        "state_dir": str(rig.home / "state"),
        "snapshot": rig.server_kind == "set",
    }


@pytest.mark.slow
@pytest.mark.timeout(120 + 5 * KILLS)
@pytest.mark.parametrize(
    ("kind", "switch"),
    [("replica_set", "auto"), ("replica_set", "rename"), ("standalone", "auto")],
)
def test_killed_at_any_moment_readers_see_whole_sets_only(
    tmp_path: Path,
    ministack_bucket: Bucket,
    request: pytest.FixtureRequest,
    kind: str,
    switch: str,
) -> None:
    mongo = request.getfixturevalue(kind)
    rig = Rig(tmp_path, ministack_bucket, mongo)
    chance = random.Random(SEED)
    task = task_of(rig, mongo, switch)
    killed = 0
    with rig.service(mongo={"switch": switch}) as service:
        service.push(links(LINKS))
        digests = {service.sync().digest}
        with start("read", task) as reader, start("sync", task) as syncs:
            assert reader.stdout
            assert json.loads(reader.stdout.readline()) == "reading"
            for number in range(1, KILLS + 1):
                service.push(changed(number, chance))
                digests.add(service.verify().stored_digest)
                killed += killed_or_done(syncs, chance.uniform(0.05, 0.7))
                if number % 3 == 0:
                    service.sync()
            told = end(reader, syncs)
        # What a killed sync left is dropped by the next that makes a copy.
        service.push(links(5, version=VERSION + KILLS + 1, first=1))
        service.sync()
        assert service.verify().agree
    assert set(told["seen"]) <= digests, "a set was seen that never was published"
    assert killed > 0, "every sync was done before its kill"
    assert sum(told["seen"].values()) > KILLS
    left = rig.database.list_collection_names()
    assert not [name for name in left if name.startswith("tow_and_go__")], left


@pytest.mark.parametrize("switch", ["transaction", "rename"])
def test_killed_at_a_step_the_next_sync_comes_out_right(
    tmp_path: Path, ministack_bucket: Bucket, replica_set: MongoServer, switch: str
) -> None:
    rig = Rig(tmp_path, ministack_bucket, replica_set)
    in_transaction = {"index", "transact", "_change"}
    steps = in_transaction if switch == "transaction" else set(STEPS) - {"transact"}
    with (
        rig.service(mongo={"switch": switch}) as service,
        start("sync", task_of(rig, replica_set, switch)) as syncs,
    ):
        service.push(links(30))
        before = service.sync().digest
        for number, step in enumerate(sorted(f"{w} {s}" for s in steps for w in WHEN), start=1):
            all_new = "fill" in step
            first = 17_000_000 + (100 * number if all_new else 0)
            service.push(links(30, version=VERSION + number, first=first, _1=number))
            assert ended(syncs, step) == 137, f"{step} was not reached"
            found = service.verify()
            assert found.database_digest in {before, found.stored_digest}, step
            assert service.sync().outcome == (
                "unchanged" if step in {"after settle", "after transact"} else "synced"
            ), step
            assert service.verify().agree, step
            before = found.stored_digest
            if all_new:
                service.push(links(30, version=VERSION + number))
                before = service.sync().digest
        assert syncs.stdin
        syncs.stdin.close()
    assert sorted(rig.database.list_collection_names()) == [STATES, "tow_and_go"]


WHEN = ("before", "after")


def ended(syncs: "subprocess.Popen[str]", step: str) -> int:
    assert syncs.stdin
    assert syncs.stdout
    syncs.stdin.write(f"{step}\n")
    syncs.stdin.flush()
    syncs.stdout.readline()
    return int(syncs.stdout.readline())


def end(reader: "subprocess.Popen[str]", syncs: "subprocess.Popen[str]") -> Any:
    for process in (reader, syncs):
        assert process.stdin
        process.stdin.close()
    assert reader.stdout
    told = json.loads(reader.stdout.readline())
    assert reader.wait(20) == 0
    assert syncs.wait(20) == 0
    return told


def changed(number: int, chance: random.Random) -> bytes:
    """Now a few changes, now many, now other links."""
    if number % 3:
        return links(LINKS, version=VERSION + number, **{f"_{chance.randrange(LINKS)}": number})
    return links(LINKS + number, version=VERSION + number, first=17_000_000 + 100 * number)


def killed_or_done(syncs: "subprocess.Popen[str]", seconds: float) -> bool:
    """Start a sync, kill it after a while; tell whether it was still at work."""
    assert syncs.stdin
    assert syncs.stdout
    syncs.stdin.write("\n")
    syncs.stdin.flush()
    child = json.loads(syncs.stdout.readline())
    ended, _, _ = select.select([syncs.stdout], [], [], seconds)
    if not ended:
        os.kill(child, signal.SIGKILL)
    code = json.loads(syncs.stdout.readline())
    assert code in (0, -signal.SIGKILL)
    return bool(code)
