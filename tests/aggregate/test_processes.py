"""Many processes behind a network that loses answers, killed at random: exactly the model."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sealift.aggregate.aggregate import DailyAggregate
from sealift.destinations.s3_options import S3Options
from sealift.testing.proxy import Proxy, Weather
from tests.aggregate.adding import UIDS, event
from tests.aggregate.rig import options_for
from tests.servers import Bucket

ROOT = Path(__file__).parents[2]
PROCESSES = int(os.environ.get("AGGREGATE_PROCESSES", "3"))
EVENTS = int(os.environ.get("AGGREGATE_EVENTS", "200"))
KILLS = int(os.environ.get("AGGREGATE_KILLS", "4"))


def expected(merge: str) -> list[dict[str, Any]]:
    """Each uid belongs to one process, so its order is known."""
    found: dict[str, list[list[str]]] = {}
    for number in range(PROCESSES):
        for k in range(EVENTS):
            one = event(number, k)
            found.setdefault(one["traits"]["smi_uid"], []).append(one["segments"])
    if merge == "append":
        return [{"smi_uid": u, "segments": s} for u, sets in found.items() for s in sets]
    if merge == "latest":
        return [{"smi_uid": u, "segments": sets[-1]} for u, sets in found.items()]
    return [
        {"smi_uid": u, "segments": list(dict.fromkeys(s for each in sets for s in each))}
        for u, sets in found.items()
    ]


def by_uid(profiles: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for one in profiles:
        found.setdefault(one["smi_uid"], []).append(one["segments"])
    return found


@contextmanager
def running(task: dict[str, Any]) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.aggregate.adding", json.dumps(task)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def add_all(task: dict[str, Any], kills: int, failed: list[str], killed: list[int]) -> None:
    """Start the process, again after each kill, until it has added everything."""
    chance = random.Random(task["number"])
    for round_ in range(kills + 1):
        with running(task) as process:
            try:
                # A process takes half a second to begin; the last one is left alone.
                code = process.wait(0.4 + chance.random() * 2.0 if round_ < kills else 600)
            except subprocess.TimeoutExpired:
                killed.append(task["number"])
                continue
        if code != 0:
            failed.append(f"process {task['number']} ended with {code}")
            return


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("merge", ["union", "latest", "append"])
def test_51_many_processes_lost_answers_and_kills(
    tmp_path: Path, ministack_bucket: Bucket, merge: Any
) -> None:
    server = ministack_bucket.server
    # Noon is far from midnight, whenever this runs.
    shift = 43_200.0 - time.time() % 86_400
    weather = Weather(drop_reply_every=5)
    with Proxy(server.endpoint_url, weather) as proxy, ExitStack() as stack:
        s3 = {
            "bucket": ministack_bucket.name,
            "prefix": "p/",
            "region": "us-east-1",
            "endpoint_url": proxy.endpoint_url,
            "access_key_id": server.access_key_id,
            "secret_access_key": server.secret_access_key,
        }
        task = {"s3": s3, "count": EVENTS, "shift": shift, "at_once": 9, "pause": 0.1}
        task["options"] = {"merge": merge, "compact_seconds": 1.0}
        failed: list[str] = []
        killed: list[int] = []
        threads = []
        for number in range(PROCESSES):
            mine = task | {"number": number, "journal": str(tmp_path / str(number))}
            kills = KILLS // PROCESSES + (number < KILLS % PROCESSES)
            thread = threading.Thread(target=add_all, args=(mine, kills, failed, killed))
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()
        assert not failed
        assert len(killed) >= KILLS // 2
        assert proxy.replies_dropped > 3
        weather.drop_reply_every = 0
        options = options_for(tmp_path / "last", s3=S3Options(**s3), merge=merge)
        reader = stack.enter_context(
            DailyAggregate(options, clock=lambda: time.time() + shift + 600)
        )
        reader.compact()
        shown = reader.show()
        assert shown.parts == 0
        stored = json.loads(ministack_bucket.raw_get(shown.key) or b"{}")
        assert [*stored] == ["profiles"]
        assert by_uid(stored["profiles"]) == by_uid(expected(merge))
        note = f"{merge}: {len(killed)} kills, {proxy.replies_dropped} lost, rev {shown.rev}"
        sys.stdout.write(note + "\n")
        assert len(by_uid(stored["profiles"])) == PROCESSES * min(UIDS, EVENTS)
