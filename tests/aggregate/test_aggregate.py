"""The whole of it, against real servers: accept, flush, answer, wait, show, close."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from sealift.aggregate.aggregate import DailyAggregate
from sealift.aggregate.options import AggregateOptions
from sealift.destinations.s3_options import S3Options
from sealift.errors import (
    ConfigError,
    CredentialsError,
    NotSentError,
    PayloadError,
    StateError,
    ThrottledError,
)
from sealift.events import Event, Paused, Resumed
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import CONFLICT, LOST_ANSWER
from tests.aggregate.rig import MemoryVersions, options_for, payload
from tests.destinations.s3_samples import options_for as s3_options
from tests.servers import Bucket

FIXTURE = Path(__file__).parents[1] / "fixtures" / "profile.json"
NOON = 1_795_348_800.0
"""2026-11-22 12:00 UTC."""

KEY = "p/2026-11-22_segments.json"


SHIFT = NOON - time.time()


def noon() -> float:
    """A wall clock that went on from noon when the tests began."""
    return time.time() + SHIFT


def opened(home: Path, store: Any = None, **changes: Any) -> DailyAggregate:
    notify = changes.pop("notify", lambda _: None)
    clock = changes.pop("clock", noon)
    return DailyAggregate(options_for(home, **changes), store=store, clock=clock, notify=notify)


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def test_a_profile_ends_in_the_day_s_file(tmp_path: Path, ministack_bucket: Bucket) -> None:
    profile = json.loads(FIXTURE.read_text())
    s3 = s3_options(ministack_bucket, prefix="p/")
    with opened(tmp_path, s3=s3) as aggregate:
        added = aggregate.add(profile)
        assert (added.date, added.key, added.rev, added.merged) == ("2026-11-22", KEY, 1, True)
        aggregate.add(profile)
    assert ministack_bucket.keys() == [KEY]
    assert json.loads(ministack_bucket.raw_get(KEY) or b"") == {
        "profiles": [
            {
                "smi_uid": "smi-000017",
                "segments": ["returning-visitor", "newsletter", "high-value"],
            }
        ]
    }
    head = ministack_bucket.client.head_object(Bucket=ministack_bucket.name, Key=KEY)
    assert head["ContentType"] == "application/json"


def test_many_callers_share_a_few_writes(tmp_path: Path) -> None:
    store = MemoryVersions()
    with opened(tmp_path, store, merge="append") as aggregate:
        futures: list[Any] = []

        def call(number: int) -> None:
            futures.extend(aggregate.submit(payload(f"u{number}", f"{n}")) for n in range(31))

        threads = [threading.Thread(target=call, args=(n,)) for n in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(future.result(20).merged for future in futures)
    assert len(store.json()["profiles"]) == 32 * 31
    assert len(store.calls) < 50


@pytest.mark.parametrize(
    ("zone", "seconds", "date"),
    [
        ("UTC", 0, "2026-11-22"),
        ("Pacific/Kiritimati", 0, "2026-11-23"),
        ("UTC", 43_200, "2026-11-23"),
        ("America/New_York", 43_200, "2026-11-22"),
    ],
)
def test_47_midnight_is_where_the_options_say(
    tmp_path: Path, zone: str, seconds: float, date: str
) -> None:
    store = MemoryVersions()
    with opened(
        tmp_path, store, time_zone=zone, clock=lambda: NOON + seconds, suffix="_x.json"
    ) as aggregate:
        assert aggregate.add(payload("a")).key == f"p/{date}_x.json"


def test_a_bad_payload_touches_neither_disk_nor_store(tmp_path: Path) -> None:
    store = MemoryVersions()
    with opened(tmp_path, store) as aggregate:
        before = {path: path.stat().st_size for path in tmp_path.rglob("*.open")}
        for call in (aggregate.check, aggregate.add, aggregate.submit):
            with pytest.raises(PayloadError, match=r"^Could not find payload\.traits\.smi_uid$"):
                call({"traits": {}})
        with pytest.raises(PayloadError):
            aggregate.submit_many([payload("good"), {}])
        assert {path: path.stat().st_size for path in tmp_path.rglob("*.open")} == before
        assert aggregate.waiting == 0
    assert store.calls == []


def test_what_waits_is_sent_by_the_next_one(tmp_path: Path) -> None:
    store = MemoryVersions()

    def refuse(op: str, key: str) -> None:
        raise NotSentError("no network")

    store.before = refuse
    with opened(tmp_path, store) as aggregate:
        future = aggregate.submit(payload("a", "x"))
        with pytest.raises(NotSentError, match="1 events wait"):
            aggregate.flush(timeout=0.1)
        with pytest.raises(NotSentError, match=r"in time.*do not add it again"):
            aggregate.add(payload("a", "y"), timeout=0.1)
    with pytest.raises(NotSentError, match="kept in the journal"):
        future.result(0)
    with pytest.raises(StateError, match="closed"):
        aggregate.submit(payload("a"))
    store.before = lambda op, key: None
    with opened(tmp_path, store) as again:
        again.flush()
    assert store.json() == {"profiles": [{"smi_uid": "a", "segments": ["x", "y"]}]}


def test_an_outage_is_told_and_ends_by_itself(tmp_path: Path) -> None:
    store = MemoryVersions()
    events: list[Event] = []
    resumed = threading.Event()

    def notify(event: Event) -> None:
        events.append(event)
        if isinstance(event, Resumed):
            resumed.set()

    def refuse(op: str, key: str) -> None:
        raise CredentialsError("S3 does not accept the credentials.", hint="Mend them.")

    store.before = refuse
    with opened(tmp_path, store, notify=notify) as aggregate:
        with pytest.raises(CredentialsError, match=r"Mend them\. The event is kept"):
            aggregate.add(payload("a", "x"))
        store.before = lambda op, key: None
        aggregate.flush()
        assert resumed.wait(5)
        assert aggregate.add(payload("a", "y")).merged
    assert [type(event).__name__ for event in events] == ["BackedOff", "Resumed"]
    assert store.json()["profiles"] == [{"smi_uid": "a", "segments": ["x", "y"]}]


def test_callers_are_answered_after_answer_seconds(tmp_path: Path) -> None:
    store = MemoryVersions()

    def refuse(op: str, key: str) -> None:
        raise NotSentError("no network")

    store.before = refuse
    with (
        opened(tmp_path, store, answer_seconds=0.001) as aggregate,
        pytest.raises(NotSentError, match=r"no network.*kept"),
    ):
        aggregate.add(payload("a"))


def test_a_backlog_has_an_end(tmp_path: Path) -> None:
    store = MemoryVersions()

    def refuse(op: str, key: str) -> None:
        raise NotSentError("no network")

    store.before = refuse
    with opened(tmp_path, store, max_waiting=10) as aggregate:
        aggregate.submit_many([payload("a")] * 10)
        with pytest.raises(ThrottledError, match="10 events wait"):
            aggregate.submit(payload("a"))


def test_52_a_foreign_file_is_told_shown_and_mended(tmp_path: Path) -> None:
    store = MemoryVersions()
    store.put_raw(KEY, b"<html>")
    events: list[Event] = []
    with opened(tmp_path, store, notify=events.append) as aggregate:
        added = aggregate.add(payload("a", "x"))
        assert not added.merged
        assert "well-formed" in added.reason
        shown = aggregate.show()
        assert shown.parts == 1
        assert "well-formed" in shown.problem
        assert json.loads(shown.body)["profiles"] == [{"smi_uid": "a", "segments": ["x"]}]
        [paused] = [event for event in events if isinstance(event, Paused)]
        assert paused.reason.startswith(f"memory://{KEY} is no day's file: it is not well-formed")
        del store.objects[KEY]
        aggregate.compact()
    assert store.json()["profiles"] == [{"smi_uid": "a", "segments": ["x"]}]


def test_parts_are_shown_as_if_they_were_folded_and_folded_at_the_end(tmp_path: Path) -> None:
    store = MemoryVersions()
    with opened(tmp_path, store, direct_bytes=120) as aggregate:
        assert aggregate.add(payload("a", "x")).merged
        added = aggregate.add(payload("b", "y", "z" * 100))
        assert (added.merged, added.reason) == (False, "it is over 120 bytes")
        shown = aggregate.show("2026-11-22")
        assert (shown.parts, shown.rev, shown.problem) == (1, 1, "")
        assert [one["smi_uid"] for one in json.loads(shown.body)["profiles"]] == ["a", "b"]
        assert len(store.json()["profiles"]) == 1
    assert len(store.json()["profiles"]) == 2


def test_a_day_without_events_is_shown_empty(tmp_path: Path) -> None:
    with opened(tmp_path, MemoryVersions()) as aggregate:
        shown = aggregate.show("2020-01-01")
    assert (shown.body, shown.etag, shown.parts, shown.problem) == (b"", "", 0, "")


def test_several_processes_may_share_a_journal(tmp_path: Path) -> None:
    store = MemoryVersions()
    with opened(tmp_path, store) as one, opened(tmp_path, store) as two:
        one.add(payload("a", "x"))
        two.add(payload("a", "y"))
        assert one.show().writers == 2
    assert store.json()["profiles"] == [{"smi_uid": "a", "segments": ["x", "y"]}]


def test_what_a_dead_process_left_is_taken_over_by_a_living_one(tmp_path: Path) -> None:
    store = MemoryVersions()

    def refuse(op: str, key: str) -> None:
        raise NotSentError("no network")

    store.before = refuse
    first, second = opened(tmp_path, store), opened(tmp_path, store)
    second.submit(payload("a", "left"))
    second.close()
    store.before = lambda op, key: None
    first._journals.adopt()
    first.flush()
    first._journals.adopt()
    assert len(first._journals.all) == 1
    first._journals.adopt()
    files = sorted(tmp_path.rglob("*.open"))
    first._journals.adopt()
    assert sorted(tmp_path.rglob("*.open")) == files, "an idle one is left alone"
    first.close()
    assert store.json()["profiles"] == [{"smi_uid": "a", "segments": ["left"]}]


def test_13_12_faults_of_a_real_server(tmp_path: Path, faults: FaultServer) -> None:
    s3 = s3_options(faults, prefix="p/")
    with opened(tmp_path, s3=s3, merge="append") as aggregate:
        aggregate.add(payload("a", "0"))
        faults.fail(LOST_ANSWER, method="PUT")
        aggregate.add(payload("a", "1"))
        faults.fail(CONFLICT, method="PUT")
        aggregate.add(payload("a", "2"))
        faults.fail(method="PUT", status=500, code="InternalError", stores="now")
        aggregate.add(payload("a", "3"))
    stored = json.loads(faults.objects[KEY].body)["profiles"]
    assert [one["segments"] for one in stored] == [["0"], ["1"], ["2"], ["3"]]


def test_26_a_store_without_conditions_gets_parts_only(
    tmp_path: Path, rclone_bucket: Bucket
) -> None:
    s3 = s3_options(rclone_bucket, prefix="p/")
    with opened(tmp_path / "a", s3=s3) as one, opened(tmp_path / "b", s3=s3) as two:
        added = one.add(payload("a", "x"))
        two.add(payload("a", "y"))
        assert (added.merged, added.reason) == (False, "the store ignores conditions")
        assert one.show().parts == 2
        assert json.loads(one.show().body)["profiles"] == [{"smi_uid": "a", "segments": ["x", "y"]}]
    keys = rclone_bucket.keys()
    assert all("/parts/" in key for key in keys)
    with opened(tmp_path / "a", s3=s3, single_writer=True) as alone:
        added = alone.add(payload("a", "z"))
        assert added.merged
    stored = json.loads(rclone_bucket.raw_get(KEY) or b"")
    assert stored["profiles"] == [{"smi_uid": "a", "segments": ["x", "y", "z"]}]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"suffix": "/x"}, "suffix"),
        ({"suffix": ""}, "suffix"),
        ({"merge": "sum"}, "merge"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
        ({"flush_seconds": -1.0}, "flush_seconds"),
        ({"answer_seconds": 0.0}, "answer_seconds"),
        ({"max_waiting": 0}, "max_waiting"),
        ({"s3": S3Options(bucket="X")}, "bucket"),
    ],
)
def test_wrong_options_are_refused(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        opened(tmp_path, MemoryVersions(), **changes)
    assert not [*tmp_path.iterdir()]


def test_the_guide_names_every_option() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
    assert [f.name for f in fields(AggregateOptions) if f"`{f.name}`" not in guide] == []
