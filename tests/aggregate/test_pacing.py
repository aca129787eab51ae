"""Winners wait, so that nobody starves."""

import random

import pytest

from sealift.aggregate.pacing import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_who_is_alone_may_write_in_a_burst_and_then_at_the_average() -> None:
    clock = Clock()
    pace = Pace(0.1, clock=clock)
    waits = [pace.after_win() for _ in range(60)]
    assert waits == [0.0] * 32 + [0.1] * 28
    clock.now += 1.0
    assert [pace.after_win() for _ in range(11)] == [0.0] * 10 + [0.1]
    assert Pace(0.0, clock=clock).after_win() == 0.0


@pytest.mark.parametrize("writers", [2, 6, 16])
def test_together_they_make_three_commits_a_second(writers: int) -> None:
    clock = Clock()
    for chance, share in ((0.0, 0.5), (0.5, 1.0), (1.0, 1.5)):
        pace = Pace(0.1, clock=clock, random=lambda chance=chance: chance)
        pace.saw({})
        pace.saw({f"w{n}": 1 for n in range(writers)})
        assert pace.writers == writers
        assert pace.after_win() == pytest.approx(share * writers / 3)


def test_only_those_count_who_wrote_lately() -> None:
    clock = Clock()
    pace = Pace(0.1, clock=clock)
    pace.saw({"a": 5, "b": 7})
    assert pace.writers == 0, "what was there before is no sign of life"
    pace.saw({"a": 6, "b": 7, "c": 1})
    assert pace.writers == 2
    clock.now += 61
    pace.saw({"a": 6, "b": 8, "c": 1})
    assert pace.writers == 1


def test_losers_wait_longer_each_time_and_never_long() -> None:
    pace = Pace(0.1, clock=Clock(), random=lambda: 1.0)
    assert [pace.after_loss(n) for n in (1, 2, 3, 6, 5000)] == [0.1, 0.2, 0.4, 2.0, 2.0]


def test_the_pacing_as_a_whole_starves_nobody() -> None:
    """Sixteen writers at 62 ms a write, simulated; the first one's burst is left out."""
    chance = random.Random(7)
    clock = Clock()
    paces = [Pace(0.1, clock=clock, random=chance.random) for _ in range(16)]
    wins, losses, read = [0] * 16, [0] * 16, [0] * 16
    early = wins
    version = 0
    events = [(clock.now + chance.random(), n, "read") for n in range(16)]
    while clock.now < 1360.0:
        events.sort()
        clock.now, n, what = events.pop(0)
        if clock.now < 1060.0:
            early = [*wins]
        if what == "read":
            read[n] = version
            paces[n].saw({f"w{k}": count for k, count in enumerate(wins)})
            events.append((clock.now + 0.062, n, "write"))
        elif read[n] == version:
            version, losses[n] = version + 1, 0
            wins[n] += 1
            paces[n].saw({f"w{k}": count for k, count in enumerate(wins)})
            events.append((clock.now + paces[n].after_win(), n, "read"))
        else:
            losses[n] += 1
            events.append((clock.now + paces[n].after_loss(losses[n]), n, "read"))
    late = [after - before for after, before in zip(wins, early, strict=True)]
    assert 2.0 < sum(late) / 300 <= 3.2
    assert min(late) > 0.8 * max(late)
