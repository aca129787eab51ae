"""Worker threads that share one queue, as many as are wanted at the moment."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")


class Crew(Generic[T]):
    """Does work in threads; `limit` and `staff` say in how many.

    Used from one thread.

    Args:
        work: Does one piece of work. It must not raise.
        name: Name of its threads.
    """

    def __init__(self, work: Callable[[T], None], name: str) -> None:
        self._work = work
        self._name = name
        self._queue: SimpleQueue[T | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._most = 0
        self._hands: set[int] = set()

    def submit(self, piece: T) -> None:
        """Have *piece* done when a thread is free."""
        self._queue.put(piece)

    def limit(self, most: int) -> None:
        """Let no more than *most* threads go on; those above finish what they are at."""
        with self._lock:
            self._most = most

    def staff(self, needed: int) -> None:
        """Have *needed* threads at least, as far as the limit allows.

        Raises:
            RuntimeError: The system gives no thread at all. With fewer than needed
                it goes on.
        """
        with self._lock:
            for number in range(min(needed, self._most)):
                if number not in self._hands and not self._hire(number):
                    return

    def stop(self) -> None:
        """Let the threads go home when they have finished what they are at.

        What none has begun waits for threads that come after a new `limit`.
        """
        with self._lock:
            self._most = 0
            for _ in self._hands:
                self._queue.put(None)

    def _hire(self, number: int) -> bool:
        hand = threading.Thread(target=self._run, args=(number,), name=self._name, daemon=True)
        try:
            hand.start()
        except RuntimeError:  # the system has no more threads: those that are there go on
            if not self._hands:
                raise
            return False
        self._hands.add(number)
        return True

    def _run(self, number: int) -> None:
        while True:
            piece = self._queue.get()
            if piece is not None:  # else it is only woken, to see that it may go home
                self._work(piece)
            if number >= self._most and self._may_leave(number):
                return

    def _may_leave(self, number: int) -> bool:
        with self._lock:
            if number < self._most:
                return False
            self._hands.discard(number)
            return True
