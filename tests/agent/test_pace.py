"""The pace against simulated stores: few at once near by, hundreds far away, half when asked."""

import heapq
from collections.abc import Callable, Iterator

import pytest

from sealift.agent.pace import FEWEST, HOLD_SECONDS, Pace

MOST = 512


def near(_at_once: int) -> float:
    """A store on this machine: two processors do 4,000 puts a second, whatever comes at once."""
    return _at_once / 4000


def far(at_once: int) -> float:
    """A store 50 ms away; this machine manages 3,000 puts a second."""
    return max(0.05, at_once / 3000)


class Simulation:
    """Puts under way as a heap of end times; the store's latency depends on their number."""

    def __init__(self, latency: Callable[[int], float]) -> None:
        self.latency = latency
        self.now = 0.0
        self.pace = Pace(MOST, 0.0)
        self._ends: list[tuple[float, float]] = []

    def run(self, seconds: float) -> Iterator[tuple[float, int]]:
        """Yield time and limit whenever the limit has changed."""
        until = self.now + seconds
        while self.now < until:
            while len(self._ends) < self.pace.limit:
                heapq.heappush(self._ends, (self.now + self.latency(self.pace.limit), self.now))
            self.now, began = heapq.heappop(self._ends)
            if self.pace.finished(self.now - began, self.now, busy=True):
                yield self.now, self.pace.limit

    def limits(self, seconds: float) -> list[int]:
        return [limit for _, limit in self.run(seconds)]


def test_a_near_store_is_served_by_few_at_once() -> None:
    store = Simulation(near)
    limits = store.limits(60.0)
    assert store.pace.limit <= 8
    assert max(limits) <= 16


def test_a_far_store_is_served_by_hundreds_within_a_second() -> None:
    store = Simulation(far)
    reached = next(now for now, limit in store.run(10.0) if limit >= 128)
    assert reached < 1.0


def test_the_pace_comes_to_rest() -> None:
    for latency in (near, far):
        store = Simulation(latency)
        list(store.run(20.0))
        changes = store.limits(60.0)
        assert len(changes) <= 2 * 60 / HOLD_SECONDS, "it oscillates"


def test_2_it_halves_when_the_store_asks_for_fewer_and_comes_back() -> None:
    store = Simulation(far)
    list(store.run(5.0))
    before = store.pace.limit
    assert store.pace.throttled(store.now)
    assert store.pace.limit == before // 2
    assert store.limits(HOLD_SECONDS - 1) == [], "it holds first"
    list(store.run(10.0))
    assert store.pace.limit >= before // 2


def test_2_it_never_goes_below_one() -> None:
    pace = Pace(MOST, 0.0)
    for second in range(20):
        pace.throttled(float(second))
    assert pace.limit == 1
    assert not pace.throttled(20.0)


@pytest.mark.parametrize("most", [1, 2, 4, 100])
def test_it_never_exceeds_the_setting(most: int) -> None:
    store = Simulation(far)
    store.pace = Pace(most, 0.0)
    assert store.pace.limit == min(FEWEST, most)
    assert all(limit <= most for limit in store.limits(20.0))


def test_it_learns_nothing_while_there_is_too_little_to_do() -> None:
    pace = Pace(MOST, 0.0)
    changed = [pace.finished(0.05, n * 0.05, busy=False) for n in range(1, 1000)]
    assert not any(changed)
