"""Where workers leave outcomes, and where the route's thread waits for them."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from sealift.agent.job import Outcome
from sealift.errors import PausedError

LINGER_SECONDS = 0.004
"""How long outcomes are gathered for one commit; a near store answers dozens in that time."""


class Mailbox:
    """
    Gathers outcomes into batches that are worth a commit.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.queue: SimpleQueue[Sequence[Outcome] | None] = SimpleQueue()
        self.woken = False
        """Somebody wants the route to look for work; for the reader to reset."""

        self._clock = clock

    def wake(self) -> None:
        """End the wait of the route's thread. From any thread."""
        self.queue.put(None)

    def gather(self, in_flight: int, seconds: float) -> list[Outcome]:
        """
        Wait for outcomes, and a moment more for those that come with them.

        Args:
            in_flight: How many can come at most.
            seconds: How long to wait for the first.
        """
        outcomes: list[Outcome] = []
        deadline = self._clock() + seconds
        while not outcomes or len(outcomes) < in_flight or self.queue.qsize():
            try:
                mail = self.queue.get(timeout=max(0.0, deadline - self._clock()))
            except Empty:
                break
            if mail is None:
                self.woken = True
                deadline = 0.0
                continue
            if not outcomes:
                deadline = min(deadline, self._clock() + LINGER_SECONDS)
            outcomes += mail
            if any(isinstance(outcome.error, PausedError) for outcome in mail):
                deadline = 0.0  # before the others fail as well
        return outcomes
