"""Events that end in S3, as Tracardi runs them: many at once, each with an instance of its own."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.integrations import tracardi
from sealift.integrations.tracardi.opening import STATE_DIR_VARIABLE, close_shared
from sealift.integrations.tracardi.upload import UploadError, upload
from sealift.testing.fault_server import FaultServer
from tests.integrations.tracardi_events import (
    DONE,
    NO_UID,
    PROFILE,
    SECRET,
    days,
    event,
    node_for,
    node_of,
    place_of,
    profiles,
)
from tests.integrations.tracardi_service import BOTH, NODE, running, serving
from tests.integrations.tracardi_stand_ins import run_event, tracardi_stand_ins
from tests.servers import Bucket


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    with tracardi_stand_ins():
        yield tmp_path / "state"
    close_shared()


@pytest.fixture
def s3() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def until(holds: Callable[[], bool]) -> None:
    """Wait in small steps; the test's time limit guards it."""
    pause = threading.Event()
    while not holds():
        pause.wait(0.005)


def run(init: Any, payload: Any) -> tuple[Any, Any]:
    return asyncio.run(run_event(tracardi.S3SegmentsUploaderPlugin, init, payload))


@pytest.mark.server
def test_the_profile_ends_in_the_days_file(ministack_bucket: Bucket) -> None:
    result, console = run(node_for(ministack_bucket), PROFILE)
    assert (result.port, result.value, console.errors) == ("success", DONE, [])
    [key] = days() & set(ministack_bucket.keys())
    assert json.loads(ministack_bucket.raw_get(key) or b"") == {
        "profiles": [
            {
                "smi_uid": "smi-000017",
                "segments": ["returning-visitor", "newsletter", "high-value"],
            }
        ]
    }


@pytest.mark.server
def test_a_file_that_the_old_plugin_began_is_continued(ministack_bucket: Bucket) -> None:
    old = [{"smi_uid": "smi-000001", "segments": ["a"]}, {"smi_uid": "smi-000001", "segments": []}]
    for key in days():
        ministack_bucket.raw_put(key, json.dumps({"profiles": old}).encode())
    result, _ = run({**node_for(ministack_bucket), "merge": "append"}, PROFILE)
    assert result.port == "success"
    bodies = [json.loads(ministack_bucket.raw_get(key) or b"")["profiles"] for key in days()]
    assert [entry["smi_uid"] for entry in max(bodies, key=len)] == [
        "smi-000001",
        "smi-000001",
        "smi-000017",
    ]


def test_a_thousand_events_at_once_share_a_few_writes(s3: FaultServer) -> None:
    s3.latency_seconds = 0.03

    async def all_at_once() -> list[Any]:
        one = [
            run_event(tracardi.S3SegmentsUploaderPlugin, node_of(s3), event(number))
            for number in range(1000)
        ]
        return await asyncio.gather(*one)

    results = asyncio.run(all_at_once())
    assert {result.port for result, _ in results} == {"success"}
    assert sorted(profiles(s3), key=lambda entry: entry["smi_uid"]) == [
        {"smi_uid": f"smi-{number:06}", "segments": [f"s{number % 7}"]} for number in range(1000)
    ]
    puts = [call for call in s3.calls("PutObject") if call.call.key in days()]
    assert len(puts) <= 20
    assert len(s3.requests) <= 60


def test_success_means_that_it_is_in_s3(s3: FaultServer) -> None:
    """Each event sees itself in the bucket when it is told so, and not just in the end."""

    async def one(number: int) -> bool:
        await upload(place_of(s3), event(number))
        return any(entry["smi_uid"] == f"smi-{number:06}" for entry in profiles(s3))

    async def some() -> list[bool]:
        return await asyncio.gather(*(one(number) for number in range(50)))

    assert all(asyncio.run(some()))


def test_each_event_loop_is_served(s3: FaultServer) -> None:
    """Tracardi's workers run one loop after the other."""
    for number in range(3):
        result, _ = run(node_of(s3), event(number))
        assert result.port == "success"
    assert len(profiles(s3)) == 3


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"traits": {}},
        {"traits": None},
        {"traits": {"smi_uid": None}, "segments": []},
        {"traits": {"smi_uid": ""}, "segments": []},
        {"segments": ["a"]},
    ],
)
def test_without_a_uid_nothing_is_touched(
    s3: FaultServer, state_dir: Path, payload: dict[str, Any]
) -> None:
    result, console = run(node_of(s3), payload)
    assert (result.port, result.value) == ("error", NO_UID)
    assert console.errors == [NO_UID["error"]]
    assert s3.requests == []
    assert not state_dir.exists()


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "profile",
        {"traits": []},
        {"traits": {"smi_uid": ["a"]}, "segments": []},
        {"traits": {"smi_uid": "a"}, "segments": "newsletter"},
        {"traits": {"smi_uid": "a"}, "segments": [{"id": 1}]},
    ],
)
def test_another_wrong_payload_has_its_own_sentence(
    s3: FaultServer, state_dir: Path, payload: Any
) -> None:
    result, _ = run(node_of(s3), payload)
    assert result.port == "error"
    assert result.value["error"].strip()
    assert not result.value["error"].startswith("S3 upload error")
    assert not state_dir.exists()
    assert s3.requests == []


def test_no_segments_count_as_none(s3: FaultServer) -> None:
    result, _ = run(node_of(s3), {"traits": {"smi_uid": "smi-000001"}})
    assert result.port == "success"
    assert profiles(s3) == [{"smi_uid": "smi-000001", "segments": []}]


@pytest.mark.server
def test_a_wrong_secret_is_told_with_what_to_do_and_without_the_secret(
    ministack_bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        result, _ = run({**node_for(ministack_bucket), "aws_secret_access_key": SECRET}, PROFILE)
    assert result.port == "error"
    said = result.value["error"]
    assert said.startswith("S3 upload error: ")
    assert "credential" in said.lower() or "key" in said.lower()
    assert SECRET not in said + caplog.text
    assert ministack_bucket.keys() == []


def test_what_s3_does_not_take_in_time_goes_by_itself_later(s3: FaultServer) -> None:
    s3.fail(status=503, code="SlowDown", times=None)
    with pytest.raises(UploadError, match=r"^S3 upload error: .*do not add it again"):
        asyncio.run(upload(place_of(s3), event(1), wait_seconds=0.3))
    s3.heal()
    asyncio.run(upload(place_of(s3), event(2)))
    assert {entry["smi_uid"] for entry in profiles(s3)} == {"smi-000001", "smi-000002"}


def test_a_cancelled_event_takes_no_other_with_it(s3: FaultServer) -> None:
    s3.latency_seconds = 0.1

    async def both() -> str:
        first = asyncio.create_task(upload(place_of(s3), event(1)))
        second = asyncio.create_task(upload(place_of(s3), event(2)))
        await asyncio.to_thread(until, lambda: bool(s3.requests))
        first.cancel()
        return await second

    assert asyncio.run(both()) == DONE["message"]
    assert {"smi-000002"} <= {entry["smi_uid"] for entry in profiles(s3)}


@pytest.mark.server
@pytest.mark.parametrize("own", [False, True], ids=["keys of the resource", "its own keys"])
def test_the_remote_service_uploads(ministack_bucket: Bucket, tmp_path: Path, own: bool) -> None:
    server = ministack_bucket.server
    resource = {
        "aws_access_key_id": server.access_key_id,
        "aws_secret_access_key": server.secret_access_key,
        "region": server.region,
        "endpoint_url": server.endpoint_url,
    }
    arguments: list[str] = []
    environ: dict[str, str] = {}
    if own:
        arguments = ["--endpoint-url", server.endpoint_url, "--region", server.region]
        environ = {name.upper(): resource.pop(name) for name in list(resource) if "aws" in name}
        resource = {}
    with serving(tmp_path, *arguments, **environ) as service:
        node = {**NODE, "s3_bucket": ministack_bucket.name, "prefix": "segments/"}
        status, ran = service.post(f"/plugin/run?{BOTH}", running(node, resource, PROFILE))
        assert (status, ran["result"]) == (200, {"port": "response", "value": DONE})
        status, ran = service.post(f"/plugin/run?{BOTH}", running(node, resource, {"traits": 1}))
        assert (status, ran["result"]["port"]) == (200, "error")
        status, ran = service.post(f"/plugin/run?{BOTH}", running(node, resource, {}))
        assert (status, ran["result"]) == (200, {"port": "error", "value": NO_UID})
    assert {key for key in set(ministack_bucket.keys()) if key.endswith("_segments.json")} <= {
        f"segments/{day}" for day in days()
    }
