"""One batch, and every way in which its write can go wrong."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.destinations.versioned import Version
from sealift.errors import KeyCollisionError, NotSentError
from tests.aggregate.rig import DATE, KEY, MemoryVersions, Process, lost


@pytest.fixture
def store() -> MemoryVersions:
    return MemoryVersions()


@pytest.fixture
def process(store: MemoryVersions, tmp_path: Path) -> Iterator[Process]:
    made = Process(store, tmp_path / "a")
    yield made
    made.die()


@pytest.fixture
def other(store: MemoryVersions, tmp_path: Path) -> Iterator[Process]:
    made = Process(store, tmp_path / "b", seed=1)
    yield made
    made.die()


def writes(store: MemoryVersions) -> list[str]:
    return [op for op, _ in store.calls if op in {"create", "replace", "overwrite"}]


def stored(store: MemoryVersions) -> dict[str, list[str]]:
    return {one["smi_uid"]: one["segments"] for one in store.json()["profiles"]}


def part_keys(store: MemoryVersions) -> list[str]:
    return [key for key in store.objects if "/parts/" in key]


def test_a_batch_is_one_write_and_the_next_reads_nothing(
    process: Process, store: MemoryVersions
) -> None:
    process.submit("a", "x")
    process.submit("b")
    landing = process.flush()
    assert landing
    assert (landing.key, landing.rev, landing.merged) == (KEY, 1, True)
    process.submit("a", "y")
    process.flush()
    assert store.json() == {
        "profiles": [{"smi_uid": "a", "segments": ["x", "y"]}, {"smi_uid": "b", "segments": []}]
    }
    assert [op for op, _ in store.calls] == ["head", "create", "replace"]


@pytest.mark.parametrize("merge", ["union", "latest", "append"])
def test_13_a_lost_answer_is_recognised(store: MemoryVersions, tmp_path: Path, merge: Any) -> None:
    process = Process(store, tmp_path, merge=merge)
    for round_ in range(4):
        process.submit("a", f"s{round_}")
        store.after = lambda op, key: lost(op, key) if op in {"create", "replace"} else None
        landing = process.flush()
        assert landing
        assert landing.merged
        store.after = lambda op, key: None
    assert len(writes(store)) == 4, "what was already in was not written again"
    sets = [one["segments"] for one in store.json()["profiles"]]
    assert (
        sets
        == {
            "union": [["s0", "s1", "s2", "s3"]],
            "latest": [["s3"]],
            "append": [["s0"], ["s1"], ["s2"], ["s3"]],
        }[merge]
    )
    process.die()


def test_12_whoever_is_second_reads_again_and_adds(
    process: Process, other: Process, store: MemoryVersions
) -> None:
    process.submit("a", "x")
    process.flush()
    other.submit("a", "y")
    other.flush()
    process.submit("b", "z")
    landing = process.flush()
    assert landing
    assert landing.rev == 3
    assert stored(store) == {"a": ["x", "y"], "b": ["z"]}


def test_after_three_losses_the_batch_becomes_a_part(
    process: Process, other: Process, store: MemoryVersions
) -> None:
    count = 0

    def overtake(op: str, key: str) -> None:
        nonlocal count
        if op in {"create", "replace"} and key == KEY:
            store.before = lambda op, key: None
            count += 1
            other.submit("o", f"{count}")
            other.flush()
            store.before = overtake

    process.submit("a", "x")
    store.before = overtake
    landing = process.flush()
    assert landing
    assert not landing.merged
    assert landing.reason == "others were always faster"
    assert count == 3
    store.before = lambda op, key: None
    process.submit("a", "y")
    landing = process.flush()
    assert landing
    assert landing.reason == "earlier events wait to be folded"
    process.compact()
    process.submit("a", "z")
    landing = process.flush()
    assert landing
    assert landing.merged
    assert stored(store) == {"o": ["1", "2", "3"], "a": ["x", "y", "z"]}


def test_17_a_request_that_lands_late_undoes_nothing(store: MemoryVersions, tmp_path: Path) -> None:
    """`latest` may bring the same entries back: their bytes must differ all the same."""
    late, other = (Process(store, tmp_path / name, merge="latest", seed=ord(name)) for name in "ab")
    late.submit("a", "x")
    late.flush()
    made_from = store.objects[KEY][0].etag
    for segment in ("y", "x"):
        other.submit("a", segment)
        other.flush()
    assert stored(store) == {"a": ["x"]}
    assert made_from != store.objects[KEY][0].etag, "a late request of the first would land"
    late.die()
    other.die()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>oops</html>", "well-formed"),
        (b'{"users": []}', 'no "profiles"'),
        (b"[]", "well-formed"),
    ],
)
def test_52_a_foreign_file_is_not_touched_and_events_go_beside_it(
    process: Process, store: MemoryVersions, body: bytes, why: str
) -> None:
    store.put_raw(KEY, body)
    process.submit("a", "x")
    landing = process.flush()
    assert landing
    assert not landing.merged
    assert why in process.flusher.problem(DATE)
    assert store.objects[KEY][0].body == body
    assert len(part_keys(store)) == 1
    del store.objects[KEY]
    process.compact()
    assert stored(store) == {"a": ["x"]}


def test_a_compressed_file_and_a_newer_table_are_foreign(
    process: Process, store: MemoryVersions
) -> None:
    good = b'{"profiles": []}'
    for version in (
        Version(body=good, etag="1", content_encoding="gzip"),
        Version(body=good, etag="1", metadata={"segments": "2;what;ever"}),
    ):
        store.objects[KEY] = version, 0.0
        process.flusher._known.clear()
        process.submit("a", "x")
        landing = process.flush()
        assert landing
        assert not landing.merged
        assert store.objects[KEY][0] == version


def test_a_file_that_is_gone_is_not_begun_anew_by_itself(
    process: Process, store: MemoryVersions
) -> None:
    process.submit("a", "x")
    process.flush()
    del store.objects[KEY]
    process.submit("a", "y")
    landing = process.flush()
    assert landing
    assert landing.reason == "it was there, and is gone"
    assert KEY not in store.objects
    process.compact()
    assert KEY not in store.objects, "what the part follows on is missing"
    assert process.journal.parted()
    process.compact(anew=True)
    assert stored(store) == {"a": ["y"]}
    assert not process.journal.parted()


def test_a_large_file_is_not_read_for_each_batch(store: MemoryVersions, tmp_path: Path) -> None:
    process = Process(store, tmp_path, direct_bytes=400)
    for n in range(20):
        process.submit(f"u{n}", "x")
        process.flush()
    size = len(store.objects[KEY][0].body)
    assert size <= 400
    reads = store.calls.count(("read", KEY))
    assert reads <= 1
    process.compact()
    assert len(stored(store)) == 20
    assert part_keys(store) == []
    process.submit("new", "x")
    landing = process.flush()
    assert landing
    assert not landing.merged
    process.die()


def test_more_writers_than_metadata_holds_go_into_parts(
    process: Process, store: MemoryVersions
) -> None:
    table = "1;9;u;" + ",".join(f"writer{n:03}:ff" for n in range(160))
    profiles = b'{"profiles": []}'
    store.objects[KEY] = Version(body=profiles, etag="e", metadata={"segments": table}), 0.0
    process.submit("a", "x")
    landing = process.flush()
    assert landing
    assert landing.reason == "too many writers for its metadata"
    process.compact()
    assert stored(store) == {"a": ["x"]}
    day = process.days.read(DATE)
    assert day.table.record
    assert len(day.table.writers) == 161
    process.submit("a", "y")
    process.flush()
    process.compact()
    assert stored(store) == {"a": ["x", "y"]}
    del store.objects[process.days.record_key(DATE, process.days.read(DATE).table.record)]
    assert "is gone" in process.days.read(DATE).problem


def test_the_old_plugin_s_file_is_taken_over(process: Process, store: MemoryVersions) -> None:
    old = {"profiles": [{"smi_uid": u, "segments": [s]} for u, s in ("ax", "by", "az")]}
    store.put_raw(KEY, json.dumps(old).encode())
    process.submit("b", "w")
    landing = process.flush()
    assert landing
    assert landing.merged
    assert stored(store) == {"a": ["x", "z"], "b": ["y", "w"]}


def test_what_did_not_leave_is_told_and_sent_again(process: Process, store: MemoryVersions) -> None:
    def refuse(op: str, key: str) -> None:
        raise NotSentError(op)

    process.submit("a", "x")
    store.before = refuse
    with pytest.raises(NotSentError):
        process.flush()
    store.before = lambda op, key: None
    process.flush()
    assert stored(store) == {"a": ["x"]}


def test_26_without_conditions_writers_never_touch_the_file(
    process: Process, other: Process, store: MemoryVersions
) -> None:
    store.conditions = False
    for one in (process, other):
        one.submit("a", f"from {one.options.journal.name}")
        store.after = lambda op, key: None
        landing = one.flush()
        assert landing
        assert landing.reason == "the store ignores conditions"
    assert len(part_keys(store)) == 2
    assert KEY not in store.objects


def test_something_else_under_a_part_s_key_is_kept(process: Process, store: MemoryVersions) -> None:
    store.put_raw(KEY, b"[]")
    process.submit("a", "x")
    writer = process.pending[0].event.writer
    key = f"p/2026-11-22_segments.sealift/parts/{writer}/{1:012x}-{1:012x}.ndjson"
    store.put_raw(key, b"theirs")
    with pytest.raises(KeyCollisionError):
        process.flush()
    assert store.objects[key][0].body == b"theirs"
    del store.objects[key]
    process.flush()
    assert part_keys(store) == [key]
