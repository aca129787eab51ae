"""Folding is safe to be killed at any instant, to be done twice, and to be seen halfway."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sealift.aggregate.lease import LEASE_SECONDS
from sealift.destinations.versioned import Version
from sealift.errors import (
    InvalidContentError,
    NotSentError,
    OutcomeUnknownError,
    StoreRefusedError,
)
from tests.aggregate.rig import DATE, KEY, Killed, MemoryVersions, Process

PARTS = 3


def with_parts(home: Path, merge: Any = "append", **options: Any) -> tuple[MemoryVersions, Process]:
    """A day whose file holds one event, and that has three parts of one more each."""
    store = MemoryVersions()
    process = Process(store, home, merge=merge, **options)
    process.submit("a", "0")
    process.flush()
    process.flusher._known[DATE].large = "for the test"
    for n in range(1, PARTS + 1):
        process.submit("a", f"{n}")
        process.flush()
    assert len([key for key in store.objects if "/parts/" in key]) == PARTS
    return store, process


def segments(store: MemoryVersions) -> list[list[str]]:
    return [one["segments"] for one in store.json()["profiles"]]


def parts_left(store: MemoryVersions) -> int:
    return len([key for key in store.objects if "/parts/" in key])


WHOLE = [["0"], ["1"], ["2"], ["3"]]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("how", [Killed, OutcomeUnknownError])
def test_33_interrupted_at_every_call(tmp_path: Path, when: str, how: type[BaseException]) -> None:
    for nth in range(100):
        if not interrupted(tmp_path / f"{nth}", when, how, nth):
            assert nth > 10
            return
    raise AssertionError("it never came to an end")


def interrupted(home: Path, when: str, how: type[BaseException], nth: int) -> bool:
    """Interrupt a compaction at its n-th call, do it again, and tell whether it came there."""
    store, process = with_parts(home)
    left = nth

    def interrupt(op: str, key: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            store.before = store.after = lambda op, key: None
            raise how("here")

    setattr(store, when, interrupt)
    with suppress(Killed, OutcomeUnknownError, NotSentError):
        process.compact()
    store.before = store.after = lambda op, key: None
    process.die()
    again = Process(store, home, merge="append", seed=1)
    store.now += LEASE_SECONDS + 1
    again.compact()
    assert segments(store) == WHOLE, f"call {nth}"
    assert parts_left(store) == 0
    again.die()
    return left < 0


def test_of_two_compactors_one_waits_and_nothing_is_doubled(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path / "a")
    other = Process(store, tmp_path / "b", merge="append", seed=1)
    refused = 0

    def meanwhile(op: str, key: str) -> None:
        nonlocal refused
        if op == "replace" and key == KEY:
            store.before = lambda op, key: None
            with pytest.raises(NotSentError, match=r"Another process.*Try again in \d+ seconds"):
                other.compact()
            refused += 1

    store.before = meanwhile
    process.compact()
    assert refused == 1
    assert segments(store) == WHOLE


def test_a_lease_that_ran_out_too_early_doubles_nothing(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path / "a")
    other = Process(store, tmp_path / "b", merge="append", seed=1)

    def meanwhile(op: str, key: str) -> None:
        if op == "replace" and key == KEY:
            store.before = lambda op, key: None
            store.now += LEASE_SECONDS + 1
            other.compact()

    store.before = meanwhile
    process.compact()
    assert segments(store) == WHOLE
    assert parts_left(store) == 0


def test_a_part_that_the_listing_missed_is_waited_for(tmp_path: Path) -> None:
    """A listing is no snapshot: the second part may be seen, and the first not."""
    store, process = with_parts(tmp_path)
    first = min(key for key in store.objects if "/parts/" in key)
    hidden = store.objects.pop(first)
    process.compact()
    assert segments(store) == [["0"]]
    store.objects[first] = hidden
    process.compact()
    assert segments(store) == WHOLE


def test_parts_stay_for_the_time_of_grace(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path, grace_seconds=60.0)
    process.compact()
    assert segments(store) == WHOLE
    assert parts_left(store) == PARTS
    store.now += 59
    process.compact()
    assert parts_left(store) == PARTS
    store.now += 2
    process.compact()
    assert parts_left(store) == 0
    assert segments(store) == WHOLE


def test_52_a_foreign_file_is_refused_and_the_parts_stay(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path)
    store.put_raw(KEY, b"<html>")
    with pytest.raises(InvalidContentError, match=r"is no day's file: .*It was not touched"):
        process.compact()
    assert store.objects[KEY][0].body == b"<html>"
    assert parts_left(store) == PARTS


def test_26_without_conditions_only_a_single_writer_may(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path)
    store.conditions = False
    with pytest.raises(StoreRefusedError, match=r"ignores conditions.*single_writer"):
        process.compact()
    process.die()
    alone = Process(store, tmp_path, merge="append", single_writer=True)
    alone.compact()
    assert segments(store) == WHOLE


def test_without_conditions_a_late_request_is_mended_from_the_parts(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path, single_writer=True, grace_seconds=60.0)
    store.conditions = False
    before = store.objects[KEY]
    process.compact()
    assert segments(store) == WHOLE
    store.objects[KEY] = before
    process.compact()
    assert segments(store) == WHOLE


def test_parts_of_several_writers_fold_in_the_order_of_acceptance(tmp_path: Path) -> None:
    store = MemoryVersions()
    store.conditions = False
    one = Process(store, tmp_path / "a", merge="latest", single_writer=True, now=10.0)
    two = Process(store, tmp_path / "b", merge="latest", seed=1, now=5.0)
    one.submit("a", "late")
    one.flush()
    two.submit("a", "early")
    two.flush()
    one.compact()
    assert segments(store) == [["late"]]


def test_rounds_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealift.aggregate.compactor._ROUND_BYTES", 1)
    store, process = with_parts(tmp_path)
    process.compact()
    assert [op for op, key in store.calls if key == KEY].count("replace") == PARTS
    assert segments(store) == WHOLE


def test_records_that_nobody_names_are_swept_after_a_day(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path)
    left = f"{process.days.folder(DATE)}tables/left.json"
    store.put_raw(left, b"{}")
    process.compact()
    assert left in store.objects
    store.now += 90_000
    process.compact()
    assert left not in store.objects


def test_a_damaged_lease_is_taken_over(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path)
    far = {"owner": "x", "until": store.now + 1e9}
    for body in (b"junk", b"[]", json.dumps(far).encode()):
        store.objects[f"{process.days.folder(DATE)}lease.json"] = (
            Version(body=body, etag="e"),
            0.0,
        )
        process.compact()
    assert segments(store) == WHOLE


@pytest.mark.parametrize("body", [b"", b"junk", b"[]\n", b'{"after": 0}\n[1]\n'])
def test_what_is_no_part_is_told_and_folded_nowhere(tmp_path: Path, body: bytes) -> None:
    store, process = with_parts(tmp_path)
    first = min(key for key in store.objects if "/parts/" in key)
    store.put_raw(first, body)
    with pytest.raises(InvalidContentError, match=r"is no part of a day\. Move it away"):
        process.compact()
    assert segments(store) == [["0"]]
    assert parts_left(store) == PARTS


def test_a_damaged_record_makes_the_file_foreign(tmp_path: Path) -> None:
    store, process = with_parts(tmp_path)
    version = store.objects[KEY][0]
    store.objects[KEY] = Version(body=version.body, etag="e", metadata={"segments": "1;3;u;@x"}), 0
    for record in (b"[]", b"junk", b'{"w": "x"}'):
        store.put_raw(process.days.record_key(DATE, "x"), record)
        with pytest.raises(InvalidContentError, match="record x is damaged"):
            process.compact()
