"""Threads come when there is work, leave when they are too many, and lose none of it."""

import threading
from queue import SimpleQueue

from sealift.agent.crew import Crew

NAME = "test-crew"


def hands() -> int:
    return sum(thread.name == NAME for thread in threading.enumerate())


def until(count: int) -> None:
    """Wait until so many threads are there."""
    for _ in range(500):
        if hands() == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{hands()} threads, not {count}")


def test_it_has_as_many_threads_as_are_needed_and_allowed() -> None:
    gate, done = threading.Semaphore(0), SimpleQueue[int]()

    def work(piece: int) -> None:
        gate.acquire()
        done.put(piece)

    crew = Crew(work, NAME)
    crew.limit(3)
    for piece in range(10):
        crew.submit(piece)
    crew.staff(2)
    until(2)
    crew.staff(10)
    until(3)
    crew.limit(1)
    gate.release(10)
    assert sorted(done.get(timeout=5) for _ in range(10)) == list(range(10))
    until(1)
    crew.stop()
    until(0)


def test_what_was_not_begun_is_done_by_those_who_come_after_a_stop() -> None:
    begun, gate, done = threading.Event(), threading.Event(), SimpleQueue[int]()

    def work(piece: int) -> None:
        begun.set()
        gate.wait(5)
        done.put(piece)

    crew = Crew(work, NAME)
    crew.limit(1)
    for piece in range(3):
        crew.submit(piece)
    crew.staff(3)
    assert begun.wait(5)
    crew.stop()
    gate.set()
    assert done.get(timeout=5) == 0
    until(0)
    assert done.empty()
    crew.limit(2)
    crew.staff(2)
    assert sorted(done.get(timeout=5) for _ in range(2)) == [1, 2]
    crew.stop()
    until(0)
