"""Limited keeps all threads together below the rate."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sealift.destinations.limited import Limited, TokenBucket
from sealift.destinations.memory import MemoryDestination, MemoryObject
from sealift.testing.conformance import DestinationSuite
from sealift.testing.samples import Pieces, parcel_of


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestLimited(DestinationSuite):
    @pytest.fixture
    def destination(self, clock: Clock) -> Limited:
        self.memory = MemoryDestination()
        return Limited(self.memory, 1e6, 1e3, clock, clock.sleep)

    def raw_get(self, key: str) -> bytes | None:
        found = self.memory.objects.get(key)
        return found.body if found else None

    def raw_put(self, key: str, body: bytes) -> None:
        self.memory.objects[key] = MemoryObject(body=body)


def test_a_bucket_lets_one_second_pass_at_once_and_then_keeps_the_rate(clock: Clock) -> None:
    bucket = TokenBucket(10, clock, clock.sleep)
    for _ in range(10):
        bucket.take(1)
    assert clock.waits == []
    for _ in range(50):
        bucket.take(1)
    assert clock.now == pytest.approx(105.0)


def test_a_rest_of_hours_saves_up_one_second_only(clock: Clock) -> None:
    bucket = TokenBucket(10, clock, clock.sleep)
    clock.now += 10_000
    start = clock.now
    for _ in range(20):
        bucket.take(1)
    assert clock.now - start == pytest.approx(1.0)


def test_more_than_the_bucket_holds_passes_and_is_paid_for(clock: Clock) -> None:
    bucket = TokenBucket(10, clock, clock.sleep)
    bucket.take(100)
    assert clock.waits == []
    bucket.take(1)
    assert clock.waits == [pytest.approx(9.1)]


def test_many_threads_share_one_bucket_in_turn() -> None:
    waits: list[float] = []
    bucket = TokenBucket(64, lambda: 0.0, waits.append)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: bucket.take(1), range(256)))
    assert sorted(waits) == [number / 64 for number in range(1, 193)]


def test_bytes_of_small_bodies_are_limited(clock: Clock) -> None:
    limited = Limited(MemoryDestination(), 1000, None, clock, clock.sleep)
    for number in range(11):
        limited.put(f"k{number}", parcel_of(b"x" * 1000), put_id="id")
    assert clock.now == pytest.approx(110.0)


def test_a_large_body_waits_chunk_by_chunk(clock: Clock) -> None:
    limited = Limited(MemoryDestination(), 1000, None, clock, clock.sleep)
    limited.put("k", Pieces(11, 1000).sealed(), put_id="id")
    assert clock.waits == [pytest.approx(1.0)] * 10


def test_requests_of_all_kinds_are_limited_together(clock: Clock) -> None:
    limited = Limited(MemoryDestination(), None, 2, clock, clock.sleep)
    for number in range(2):
        limited.put(f"k{number}", parcel_of(b""), put_id="id")
        limited.head("k")
        limited.probe()
    assert clock.now == pytest.approx(102.0)


def test_without_limits_nothing_waits(clock: Clock) -> None:
    limited = Limited(MemoryDestination(), clock=clock, sleep=clock.sleep)
    limited.put("k", Pieces(3, 100_000).sealed(), put_id="id")
    limited.head("k")
    assert clock.waits == []
