"""A route through a presigner survives what happens on the way, with a present one and an old."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.destinations.presigned import PresignedDestination
from sealift.destinations.presigned_options import PresignedOptions
from sealift.events import AttemptFailed, Delivered, Paused, Quarantined, Resumed
from sealift.sealing.compress import Compression
from sealift.sealing.seal import SealOptions
from sealift.testing import faults
from sealift.testing.bucket import Answer
from sealift.testing.fault_server import FaultServer
from tests.agent.rig import Rig
from tests.destinations.presigned_rig import (
    PAGE,
    PresignerServer,
    old_presigner,
    problem,
    serving,
)
from tests.destinations.presigned_rig import Rig as Way
from tests.destinations.presigned_rig import a_rig as a_way


@pytest.fixture
def way() -> Iterator[Way]:
    with a_way() as made:
        yield made


def through(home: Path, way: Way, **changes: object) -> Rig:
    # Their clock is the real one here: an agent makes ids by it.
    way.now = way.desk.now = time.time()
    return Rig(home, (way.destination(),), **changes)  # type: ignore[arg-type]


def stored(way: Way) -> dict[str, bytes]:
    return {key.rpartition("_")[2]: found.body for key, found in way.store.objects.items()}


def test_a_folder_arrives_each_file_once(tmp_path: Path, way: Way) -> None:
    rig = through(tmp_path, way)
    bodies = rig.fill(300)
    rig.run()
    assert stored(way) == bodies
    assert len(way.store.objects) == 300
    assert way.server.places.count("/ingest/batch") < 300 / 20
    assert rig.states() == {"done": 300}


@pytest.mark.parametrize(
    "fault",
    [
        faults.LOST_ANSWER,
        faults.LOST_BODY,
        faults.HALF_ANSWER,
        faults.CAPTIVE_PAGE,
        faults.SLOW_DOWN,
        faults.CONFLICT,
        faults.NO_ETAG,
        faults.Fault(status=403, body=b"<Error><Message>Request has expired</Message></Error>"),
    ],
    ids=["answer", "body", "half", "page", "slow", "conflict", "etag", "expired"],
)
def test_whatever_happens_to_puts_each_file_is_there_once(
    tmp_path: Path, way: Way, fault: faults.Fault
) -> None:
    way.store.fail(fault, operation="PutObject", times=7, after=2)
    rig = through(tmp_path, way)
    bodies = rig.fill(20)
    rig.run()
    rig.run()
    assert stored(way) == bodies
    assert len(way.store.objects) == 20
    assert way.store.put_ids_with_second_keys() == {}
    assert way.store.keys_stored_twice() == set()
    assert rig.states() == {"done": 20}


@pytest.mark.parametrize(
    "answer",
    [
        problem(429, "rate_limited", **{"Retry-After": "1"}),
        problem(503, "credentials_unavailable"),
        Answer(status=502, headers={"Content-Type": "text/html"}, body=b"<html>"),
    ],
    ids=["rate", "no keys", "bad gateway"],
)
def test_a_presigner_that_fails_for_a_while_is_waited_for(
    tmp_path: Path, way: Way, answer: Answer
) -> None:
    rig = through(tmp_path, way)
    bodies = rig.fill(5)
    way.server.script += [answer] * 2
    rig.run()
    assert stored(way) == bodies


@pytest.mark.parametrize(
    ("answer", "code"),
    [(PAGE, "store_refused"), (problem(401, "unauthorized"), "credentials")],
    ids=["login page", "401"],
)
def test_what_concerns_every_file_pauses_the_route_until_it_is_over(
    tmp_path: Path, way: Way, answer: Answer, code: str
) -> None:
    rig = through(tmp_path, way, probe_seconds=0.2)
    bodies = rig.fill(5)
    way.server.script += [answer] * 4
    with rig.running():
        rig.wait_for(Paused, code=code)
        rig.wait_for(Resumed)
        rig.wait_for(Delivered, 5)
    assert stored(way) == bodies


def test_a_large_file_goes_as_one_put(tmp_path: Path, way: Way) -> None:
    rig = through(tmp_path, way, large_bytes=1 << 20)
    body = json.dumps({"x": "y" * (3 << 20)}).encode()
    rig.write("large.json", body)
    way.store.fail(faults.LOST_BODY, operation="PutObject")
    rig.run()
    assert stored(way) == {"large.json": body}


def test_a_name_that_no_key_can_hold_waits_in_quarantine(tmp_path: Path, way: Way) -> None:
    rig = through(tmp_path, way, seal=SealOptions(compress=Compression.GZIP))
    rig.write("n" * 250 + ".json", {"a": 1})  # with .gz it is over 255 bytes
    rig.write("short.json", {"a": 1})
    rig.run()
    (told,) = rig.told_of(Quarantined)
    assert (told.code, "258 UTF-8 bytes" in told.reason) == ("key_name", True)
    ((key, found),) = way.store.objects.items()
    assert key.endswith("_short.json.gz")
    assert found.headers["content-encoding"] == "gzip"


class Old:
    """A device, its clock, an old presigner and a store."""

    def __init__(self, home: Path, store: FaultServer, server: PresignerServer) -> None:
        self.store = store
        self.server = server
        self.ahead = 0.0
        options = PresignedOptions(url=server.url, device_id="dev001", timeout_seconds=5.0)
        self.rig = Rig(
            home,
            (PresignedDestination(options, clock=lambda: time.time() + self.ahead),),
            settle_seconds=0.0,
        )


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    with FaultServer() as store:
        presigner = old_presigner(store)
        with serving(PresignerServer(presigner)) as server:
            yield Old(tmp_path, store, server)


def test_an_old_presigner_is_asked_once_for_each_file_if_all_is_well(old: Old) -> None:
    bodies = old.rig.fill(30)
    old.rig.run()
    assert {key.rpartition("_")[2]: o.body for key, o in old.store.objects.items()} == bodies
    assert len(old.store.objects) == 30
    assert old.server.places.count("/ingest/new") == 30


def test_what_an_old_presigner_was_unclear_about_goes_again_to_the_same_key(old: Old) -> None:
    old.store.fail(faults.LOST_ANSWER, operation="PutObject", times=5)
    bodies = old.rig.fill(10)
    old.rig.run()
    assert {key.rpartition("_")[2]: o.body for key, o in old.store.objects.items()} == bodies
    assert len(old.store.objects) == 10
    assert old.rig.states() == {"done": 10}


def test_with_an_expired_url_nothing_is_lost_though_it_may_be_there_twice(old: Old) -> None:
    old.store.fail(faults.LOST_ANSWER, operation="PutObject")
    body = old.rig.fill(1)["f0.json"]

    def later(event: object) -> None:
        if isinstance(event, AttemptFailed):
            old.ahead += 400

    note = old.rig._note
    old.rig._note = lambda event: (note(event), later(event))[0]  # type: ignore[method-assign]
    old.rig.run()
    assert [found.body for found in old.store.objects.values()] == [body, body]
    (item,) = old.rig.items()
    first, second = (request.call.key for request in old.store.calls("PutObject"))
    assert old.rig.deliveries(item)["presigned"].key == second != first
    assert item.state == "done"


def test_a_file_that_went_away_after_an_unclear_answer_waits_for_a_person(old: Old) -> None:
    old.store.fail(faults.LOST_ANSWER, operation="PutObject", times=None)
    path = old.rig.write("a.json", {"a": 1})
    old.rig.run()
    path.unlink()
    old.rig.run()
    (told,) = old.rig.told_of(Quarantined)
    assert "cannot be found out" in told.reason
    assert old.rig.states() == {"quarantined": 1}


def test_one_that_becomes_present_while_files_wait_is_used_as_such(
    old: Old, tmp_path: Path
) -> None:
    old.store.fail(operation="PutObject", status=503, code="SlowDown", times=None)
    old.rig.write("a.json", {"a": 1})
    old.rig.run()
    old.store.heal()
    with a_way() as way:
        rig = through(tmp_path, way)
        rig.run()
        ((key, _),) = way.store.objects.items()
    (item,) = rig.items()
    assert item.id in key
    assert rig.deliveries(item)["presigned"].key == key
