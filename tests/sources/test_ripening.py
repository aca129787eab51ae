"""A file is ready when it has not changed for a while, whatever the clocks do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.ledger.records import Identity
from sealift.sources.ripening import MOST_WATCHED, Ripening
from tests.sources.samples import Clock

DAY = 86_400.0
SETTLE = 2.0


class World:
    """One growing file, two clocks, and the time that has truly passed."""

    def __init__(self, settle_seconds: float = SETTLE) -> None:
        self.wall, self.monotonic = Clock(1_800_000_000.0), Clock(500.0)
        self.ripening = Ripening(settle_seconds, self.wall, self.monotonic)
        self.size = 0
        self.write()

    def write(self, mtime: float | None = None) -> None:
        """Append; the writer may set the mtime as it likes, but not the ctime."""
        self.size += 1
        self.changed_at = max(self.wall.now, mtime or 0.0)
        self.identity = Identity(1, 2, self.size, int((mtime or self.wall.now) * 1e9))
        self.written_at = self.monotonic.now

    def wait(self, seconds: float) -> None:
        self.wall.now += seconds
        self.monotonic.now += seconds

    def look(self) -> bool:
        return self.ripening.is_stable(b"file", self.identity, self.changed_at)

    @property
    def still_for(self) -> float:
        return self.monotonic.now - self.written_at


def test_an_old_file_is_ready_at_first_sight_and_not_kept_in_mind() -> None:
    world = World()
    world.wait(2.0)
    assert world.look()
    assert len(world.ripening) == 0


def test_a_young_file_is_ready_when_its_time_has_come() -> None:
    world = World()
    world.wait(0.5)
    assert not world.look()
    assert world.ripening.next_seconds() == pytest.approx(1.5)
    world.wait(1.4)
    assert (world.ripening.due(), world.look()) == ([], False)
    world.wait(0.11)
    assert world.ripening.due() == [b"file"]
    assert world.look()
    assert world.ripening.next_seconds() is None


def test_growth_begins_the_wait_anew() -> None:
    world = World()
    assert not world.look()
    world.wait(1.9)
    world.write()
    world.wait(0.2)
    assert not world.look()
    assert world.ripening.next_seconds() == pytest.approx(1.8)


def test_without_a_settle_time_a_file_is_ready_but_not_sooner_than_asked() -> None:
    world = World(0.0)
    assert world.look()
    world.ripening.keep(b"file", world.identity, 60.0)
    assert not world.look()
    world.wait(60.0)
    assert world.look()


def test_a_file_that_is_forgotten_is_not_due() -> None:
    world = World()
    world.look()
    world.ripening.forget(b"file")
    assert len(world.ripening) == 0


@pytest.mark.parametrize("years", [1, 1000])
def test_a_file_from_the_future_waits_one_settle_time(years: int) -> None:
    world = World()
    world.write(mtime=world.wall.now + years * 365 * DAY)
    assert not world.look()
    world.wait(SETTLE)
    assert world.look()


@pytest.mark.parametrize("jump", [DAY, -DAY, 1.5, -1.5])
def test_47_after_a_jump_of_the_clock_file_times_are_not_believed(jump: float) -> None:
    world = World()
    world.wall.now += jump
    world.wait(0.1)
    assert not world.look()
    world.wait(SETTLE - 0.2)
    assert not world.look()
    world.wait(0.3)
    assert world.look()


def test_47_a_jump_does_not_make_a_waiting_file_ready_sooner() -> None:
    world = World()
    assert not world.look()
    world.wall.now += DAY
    world.wait(1.0)
    assert not world.look()
    world.wait(1.0)
    assert world.look()


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.0, 3.0)),
        st.tuples(st.just("jump"), st.sampled_from([DAY, -DAY, -5.0, 1.5, -1.5])),
        st.tuples(st.just("write"), st.sampled_from([None, 1.0, 1.9e9])),
        st.tuples(st.just("keep"), st.floats(0.0, 10.0)),
    ),
    max_size=40,
)


@given(steps=_STEPS)
def test_47_a_file_that_goes_on_changing_is_never_ready(steps: list[tuple[str, float]]) -> None:
    world = World()
    for what, value in steps:
        if what == "wait":
            world.wait(value)
        elif what == "jump":
            world.wall.now += value
        elif what == "write":
            world.write(value)
        else:
            world.ripening.keep(b"file", world.identity, max(value, SETTLE))
        if world.look():
            assert world.still_for >= SETTLE - 1e-3


@given(steps=_STEPS)
def test_a_file_that_stops_changing_is_ready_after_the_settle_time(
    steps: list[tuple[str, float]],
) -> None:
    world = World()
    for what, value in steps:
        if what == "wait":
            world.wait(value)
        elif what == "jump":
            world.wall.now += value
        else:
            world.write()
        world.look()
    world.write()
    for _ in range(5):
        if world.look():
            break
        world.wait(world.ripening.next_seconds() or 0.0)
    assert world.still_for <= SETTLE + 1e-3
    assert len(world.ripening) == 0


def test_42_so_many_files_are_kept_in_mind_and_no_more() -> None:
    world = World()
    for number in range(MOST_WATCHED):
        assert not world.ripening.is_stable(b"%d" % number, world.identity, world.changed_at)
    assert not world.ripening.overflowed
    assert not world.look()
    assert world.ripening.overflowed
    assert len(world.ripening) == MOST_WATCHED
    world.wait(SETTLE)
    assert len(world.ripening.due()) == MOST_WATCHED
    assert world.look()
