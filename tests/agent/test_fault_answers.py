"""Answers that S3 and what poses as it may give, met by an agent; numbered as the faults are."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sealift.agent.route import Conflict
from sealift.agent.schedule import Schedule
from sealift.destinations.s3 import S3Destination
from sealift.errors import BucketError, ClockError, CredentialsError, StoreRefusedError
from sealift.events import (
    AttemptFailed,
    BackedOff,
    Delivered,
    PaceChanged,
    Paused,
    Quarantined,
    Resumed,
)
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import (
    CAPTIVE_PAGE,
    CONFLICT,
    HEAD_FORBIDDEN,
    LATE_LANDING,
    LOST_ANSWER,
    LOST_BODY,
    NO_ETAG,
    SLOW_DOWN,
)
from tests.agent.rig import Rig, check_server, s3
from tests.servers import Bucket


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


@pytest.fixture
def rig(tmp_path: Path, server: FaultServer) -> Rig:
    return Rig(tmp_path, (s3(server),))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_1_a_server_error_is_tried_again(rig: Rig, server: FaultServer, status: int) -> None:
    bodies = rig.fill(3)
    server.fail(operation="PutObject", status=status, times=2)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert len(rig.told_of(AttemptFailed, code="outcome_unknown")) == 2


def test_1_a_server_that_always_fails_keeps_every_file_waiting(
    rig: Rig, server: FaultServer
) -> None:
    bodies = rig.fill(10)
    server.fail(operation="PutObject", status=500, code="InternalError", times=None)
    with rig.running():
        rig.wait_for(BackedOff)
        assert rig.names() == sorted(bodies)
        server.heal()
        rig.wait_for(Delivered, 10)
    rig.run()
    check_server(server, rig, bodies)


def test_1_after_the_quick_retries_an_item_waits_patiently(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(1)
    server.fail(operation="PutObject", status=500, code="InternalError", times=2)
    schedule = Schedule(quick_retries=1, base_seconds=0.1)
    with rig.running(replace(rig.route(), schedule=schedule)):
        rig.wait_for(AttemptFailed, 2)
    quick, patient = [event.next_try_seconds for event in rig.told_of(AttemptFailed)]
    assert quick <= 0.1
    assert patient >= 15.0
    assert rig.names() == sorted(bodies)


def test_1_a_run_that_is_to_end_leaves_what_waits_patiently(rig: Rig, server: FaultServer) -> None:
    rig.fill(1)
    server.fail(operation="PutObject", status=500, code="InternalError", times=None)
    with rig.agent(replace(rig.route(), schedule=Schedule(quick_retries=1))) as agent:
        assert agent.run(once=True).exit_code == 3
    assert len(server.calls("PutObject")) == 1


def test_2_slow_down_halves_the_pace_and_everything_arrives(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(60)
    server.fail(SLOW_DOWN, operation="PutObject", after=10, times=8)
    began = time.monotonic()
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    told = [event.concurrency for event in rig.told_of(PaceChanged)]
    assert any(after < before for before, after in zip([4, *told], told, strict=False))
    waits = [event.next_try_seconds for event in rig.told_of(AttemptFailed, code="throttled")]
    assert len(waits) == 8
    assert all(wait >= 0.5 or wait == 0.0 for wait in waits), "0: the destination is closed"
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("code", ["RequestTimeout", "PriorRequestNotComplete"])
def test_3_a_timeout_that_comes_as_400_is_tried_again(
    rig: Rig, server: FaultServer, code: str
) -> None:
    bodies = rig.fill(2)
    server.fail(operation="PutObject", status=400, code=code, times=2)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_4_429_is_tried_again_later(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(2)
    server.fail(operation="PutObject", status=429, headers={"Retry-After": "1"}, times=1)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    [failed] = rig.told_of(AttemptFailed)
    assert (failed.code, failed.next_try_seconds >= 0.5) == ("throttled", True)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "SignatureDoesNotMatch", CredentialsError),
        (403, "InvalidAccessKeyId", CredentialsError),
        (403, "RequestTimeTooSkewed", ClockError),
        (404, "NoSuchBucket", BucketError),
        (501, "NotImplemented", StoreRefusedError),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_5_6_9_what_concerns_every_item_pauses_the_route_and_keeps_the_files(
    rig: Rig, server: FaultServer, status: int, code: str, kind: type[Exception]
) -> None:
    bodies = rig.fill(300)
    server.fail(operation="PutObject", status=status, code=code, times=None)
    outcome = rig.run()
    assert isinstance(outcome.paused, kind)
    assert outcome.exit_code == 4
    assert rig.names() == sorted(bodies)
    assert set(rig.states()) == {"reserved"}
    assert len(server.calls("PutObject")) < 64, "it goes on asking"
    server.heal()
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_5_a_paused_route_probes_now_and_then_and_resumes_by_itself(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),), probe_seconds=0.5)
    bodies = rig.fill(5)
    server.fail(operation="PutObject", status=403, code="AccessDenied", times=None)
    with rig.running():
        rig.wait_for(Paused, place="s3")
        before = len(server.calls("PutObject"))
        began = time.monotonic()
        rig.wait_for(AttemptFailed, len(rig.told_of(AttemptFailed)) + 3)
        probes = len(server.calls("PutObject")) - before
        assert probes <= (time.monotonic() - began) / 0.5 + 5
        server.heal()
        rig.wait_for(Resumed, place="s3")
        rig.wait_for(Delivered, 5)
    rig.run()
    check_server(server, rig, bodies)


def test_7_credentials_that_expire_on_the_way_fail_no_item(
    tmp_path: Path, server: FaultServer
) -> None:
    server.fail(operation="PutObject", status=400, code="ExpiredToken", after=5, times=1)
    rig = Rig(tmp_path, (s3(server),))
    bodies = rig.fill(20)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert rig.told_of(AttemptFailed) == []


def test_8_a_credential_provider_that_raises_pauses_and_crashes_nothing(
    tmp_path: Path, server: FaultServer
) -> None:
    class Raising:
        def resolve(self) -> object:
            raise CredentialsError("No credentials today.")

        __call__ = resolve

    destination = S3Destination(s3(server).options, credentials=Raising())  # type: ignore[arg-type]
    rig = Rig(tmp_path, (destination,))
    bodies = rig.fill(3)
    assert rig.run().exit_code == 4
    assert rig.names() == sorted(bodies)
    assert server.calls("PutObject") == []


@pytest.mark.server
def test_9_a_bucket_deleted_on_the_way_is_no_vanished_file(
    tmp_path: Path, ministack_bucket: Bucket
) -> None:
    server = ministack_bucket.server
    there = {
        "bucket": ministack_bucket.name,
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
    }
    with FaultServer() as unused:
        rig = Rig(tmp_path, (s3(unused, **there),))
    rig.write("first.json", {})
    assert rig.run().exit_code == 0
    [key] = ministack_bucket.keys()
    ministack_bucket.client.delete_object(Bucket=ministack_bucket.name, Key=key)
    ministack_bucket.client.delete_bucket(Bucket=ministack_bucket.name)
    rig.write("second.json", {})
    assert isinstance(rig.run().paused, BucketError)
    assert rig.states() == {"done": 1, "reserved": 1}
    ministack_bucket.client.create_bucket(Bucket=ministack_bucket.name)
    assert rig.run().exit_code == 0
    assert [key.partition("_")[2] for key in sorted(ministack_bucket.keys())] == ["second.json"]


def test_10_another_region_is_a_pause_that_names_it(tmp_path: Path) -> None:
    with FaultServer(region="eu-central-1") as server:
        rig = Rig(tmp_path, (s3(server, region="eu-central-1"),))
        rig.write("a.json", {})
        server.fail(operation="PutObject", status=301, code="PermanentRedirect", times=None)
        paused = rig.run().paused
        assert isinstance(paused, BucketError)
        assert "eu-central-1" in str(paused)


@pytest.mark.parametrize("lies", [0, 3])
def test_11_409_stored_nothing_and_is_put_again(rig: Rig, server: FaultServer, lies: int) -> None:
    bodies = rig.fill(3)
    server.fail(CONFLICT, operation="PutObject", times=1 + lies)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_13_412_by_our_own_put_is_a_delivery(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(1)
    # The first answer and the look are lost, so the second put meets the first one's object.
    server.fail(LOST_ANSWER, operation="PutObject")
    server.fail(status=500, operation="HeadObject")
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
    assert [call.status for call in server.calls("PutObject")] == [200, 412]


def test_14_an_object_of_somebody_else_is_quarantined_and_untouched(
    tmp_path: Path, server: FaultServer
) -> None:
    rig = Rig(tmp_path, (s3(server),), template="{name}")
    server.bucket.put("a.json", b"theirs")
    bodies = {"a.json": b'{"n": 1}', "b.json": b'{"n": 2}'}
    for name, body in bodies.items():
        rig.write(name, body)
    outcome = rig.run()
    assert (outcome.exit_code, outcome.quarantined) == (3, 1)
    assert server.objects["a.json"].body == b"theirs"
    assert server.objects["b.json"].body == bodies["b.json"]
    assert rig.names() == ["a.json", "b.json.synced"]
    assert rig.told_of(Quarantined)[0].code == "key_collision"
    del server.objects["a.json"]
    rig.release()
    assert rig.run().exit_code == 0
    assert server.objects["a.json"].body == bodies["a.json"]
    assert rig.names() == ["a.json.synced", "b.json.synced"]


def test_14_overwrite_replaces_it(tmp_path: Path, server: FaultServer) -> None:
    rig = Rig(tmp_path, (s3(server),), template="{name}", on_conflict=Conflict.OVERWRITE)
    server.bucket.put("a.json", b"theirs")
    server.fail(LOST_BODY, operation="PutObject")
    rig.write("a.json", b'{"n": 1}')
    assert rig.run().exit_code == 0
    assert server.objects["a.json"].body == b'{"n": 1}'


def test_14_suffix_takes_a_free_key_and_only_one(tmp_path: Path, server: FaultServer) -> None:
    rig = Rig(tmp_path, (s3(server),), template="x/{name}", on_conflict=Conflict.SUFFIX)
    server.bucket.put("x/a.json", b"theirs")
    server.fail(LOST_ANSWER, operation="PutObject", after=1)
    rig.write("a.json", b'{"n": 1}')
    assert rig.run().exit_code == 0
    [item] = rig.items()
    key = f"x/a-{item.id[-12:]}.json"
    assert {k: v.body for k, v in server.objects.items()} == {
        "x/a.json": b"theirs",
        key: b'{"n": 1}',
    }
    assert rig.deliveries(item)["s3"].key == key


def test_16_a_body_that_was_taken_and_not_stored_is_put_again(
    rig: Rig, server: FaultServer
) -> None:
    bodies = rig.fill(3)
    server.fail(LOST_BODY, operation="PutObject", times=2)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_17_a_put_that_lands_after_its_repetition_changes_nothing(
    rig: Rig, server: FaultServer
) -> None:
    bodies = rig.fill(1)
    server.fail(LATE_LANDING, operation="PutObject")
    assert rig.run().exit_code == 0
    server.land()
    check_server(server, rig, bodies)


@pytest.mark.parametrize("fault", [CAPTIVE_PAGE, NO_ETAG], ids=["captive page", "no ETag"])
def test_19_an_answer_that_is_not_one_of_s3_is_no_delivery(
    rig: Rig, server: FaultServer, fault: object
) -> None:
    bodies = rig.fill(3)
    server.fail(fault, operation="PutObject", times=2)  # type: ignore[arg-type]
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_19_a_captive_portal_that_answers_everything_delivers_nothing(
    rig: Rig, server: FaultServer
) -> None:
    bodies = rig.fill(3)
    server.fail(CAPTIVE_PAGE, times=None)
    assert rig.run().exit_code in {3, 4}
    assert rig.names() == sorted(bodies)
    assert rig.told_of(Delivered) == []


@pytest.mark.server
def test_26_a_store_that_ignores_conditions_is_refused_and_nothing_overwritten(
    tmp_path: Path, rclone_bucket: Bucket
) -> None:
    rclone_bucket.raw_put("a.json", b"theirs")
    server = rclone_bucket.server
    there = {
        "bucket": rclone_bucket.name,
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
        "trust_conditions": False,
    }
    with FaultServer() as unused:
        refusing = s3(unused, **there)
        looking = s3(unused, **there, allow_unconditional=True)
    rig = Rig(tmp_path, (refusing,), template="{name}")
    rig.write("a.json", {"n": 1})
    rig.write("b.json", {"n": 2})
    outcome = rig.run()
    assert isinstance(outcome.paused, StoreRefusedError)
    assert "If-None-Match" in str(outcome.paused)
    assert [key for key in sorted(rclone_bucket.keys()) if not key.startswith(".")] == ["a.json"]
    rig.destinations = (looking,)
    assert rig.run().quarantined == 1
    assert rclone_bucket.raw_get("a.json") == b"theirs"
    assert rclone_bucket.raw_get("b.json") == b'{"n": 2}'


def test_28_a_role_that_may_only_write_delivers(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(3)
    server.fail(HEAD_FORBIDDEN)
    server.fail(operation="ListObjectsV2", status=403, code="AccessDenied", times=None)
    server.fail(LOST_ANSWER, operation="PutObject")
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)
