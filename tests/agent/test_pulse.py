"""A route's loop gives signs of life while it waits, and while it reads a large file."""

import threading
from collections.abc import Iterator
from pathlib import Path

from sealift.agent.pulse import Felt, Pulse
from sealift.destinations.memory import MemoryDestination
from sealift.events import RouteStarted
from tests.agent.rig import Rig


def test_a_question_is_open_until_the_loop_turns() -> None:
    times = iter((10.0, 12.0, 15.0, 20.0))
    woken: list[bool] = []
    pulse = Pulse(lambda: next(times), lambda: woken.append(True))
    with pulse.expected():
        assert pulse.ask() == 0.0
        assert pulse.ask() == 2.0
        assert pulse.ask() == 5.0
        assert woken == [True]
        pulse.beat()
        assert pulse.ask() == 0.0
    assert woken == [True, True]
    assert pulse.ask() == 0.0, "a loop that is not meant to turn is not silent"


class _Body:
    def chunks(self) -> Iterator[bytes]:
        yield b"one"
        yield b"two"


def test_reading_a_large_body_is_a_sign_until_it_is_sealed() -> None:
    beats: list[bool] = []
    felt = Felt(_Body(), lambda: beats.append(True))
    assert list(felt.chunks()) == [b"one", b"two"]
    assert len(beats) == 2
    felt.let_go()
    assert list(felt.chunks()) == [b"one", b"two"]
    assert len(beats) == 2


def test_an_idle_route_answers_at_once(tmp_path: Path) -> None:
    """Though it would wait a minute for its next scan."""
    rig = Rig(tmp_path, (MemoryDestination(),))
    with rig.running() as agent:
        rig.wait_for(RouteStarted)
        for _ in range(3):
            answered = threading.Event()
            beat = agent._runners[0].pulse.beat

            def noted(beat=beat, answered=answered) -> None:
                beat()
                answered.set()

            agent._runners[0].pulse.beat = noted  # type: ignore[method-assign]
            assert agent.vitals().phase == "running"
            assert answered.wait(10)
            assert agent.vitals().silent_seconds["r"] < 5.0
    assert agent.vitals().phase == "idle"


def test_scan_now_says_why_it_does_nothing(tmp_path: Path) -> None:
    """Before, during and after a run."""
    rig = Rig(tmp_path, (MemoryDestination(),))
    with rig.running() as agent:
        rig.wait_for(RouteStarted)
        assert agent.scan_now() == ""
        agent.drain()
        assert agent.scan_now() != ""
    assert "does not run" in agent.scan_now()


def test_a_route_gives_signs_of_life_while_it_seals_a_large_file(tmp_path: Path) -> None:
    """And none from the worker that uploads it, which says nothing of the loop."""
    rig = Rig(tmp_path, (MemoryDestination(),), large_bytes=1 << 20)
    rig.write("big.txt", b"x" * (3 << 20))
    agent = rig.agent()
    threads: list[str] = []
    with agent:
        [runner] = agent._runners
        runner._intake._beat = lambda: threads.append(threading.current_thread().name)
        assert agent.run(once=True).exit_code == 0
    assert len(threads) >= 3
    assert set(threads) == {"sealift-0"}
