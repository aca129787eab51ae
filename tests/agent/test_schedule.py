"""An item is tried again quickly at first, then patiently, and never given up."""

import pytest

from sealift.agent.schedule import Schedule
from sealift.errors import NotSentError, ThrottledError

DOWN = NotSentError("Down.")
SLOWER = ThrottledError("Slower.")


def waits(schedule: Schedule, failures: int, chance: float = 1.0) -> list[float]:
    return [schedule.wait_seconds(DOWN, count, lambda: chance) for count in range(failures)]


@pytest.mark.parametrize("failures", [0, 1, 5, 12, 100, 10_000])
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_an_item_waits_within_bounds(failures: int, chance: float) -> None:
    assert 0.1 <= Schedule().wait_seconds(DOWN, failures, lambda: chance) <= 300.0
    assert 0.5 <= Schedule().wait_seconds(SLOWER, failures, lambda: chance) <= 300.0


def test_an_item_waits_longer_each_time() -> None:
    found = waits(Schedule(), 12)
    assert found[:3] == [0.4, 0.8, 1.6]
    assert found == sorted(found)
    assert found[-1] == 300.0


def test_after_the_quick_retries_patience_begins() -> None:
    schedule = Schedule(quick_retries=3, base_seconds=1.0)
    assert waits(schedule, 5) == [1.0, 2.0, 4.0, 60.0, 60.0]
    assert waits(schedule, 5, chance=0.0) == [0.25, 0.25, 0.25, 15.0, 15.0]


def test_without_quick_retries_it_begins_at_once() -> None:
    assert waits(Schedule(quick_retries=0), 2) == [60.0, 60.0]


def test_no_wait_is_over_five_minutes() -> None:
    assert max(waits(Schedule(base_seconds=300.0), 20)) == 300.0


def test_4_an_item_waits_as_long_as_the_store_asks() -> None:
    asked = ThrottledError("Slower.", retry_after_seconds=400.0)
    assert Schedule().wait_seconds(asked, 0, lambda: 1.0) == 400.0
