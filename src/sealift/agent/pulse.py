"""Whether a route's loop still turns: who wants to know asks, and each turn is an answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sealift.sealing.parcel import LargeBody


class Pulse:
    """A loop's sign of life.

    Args:
        clock: Monotonic seconds.
        wake: Lets a loop that waits take a turn. From any thread.
    """

    def __init__(self, clock: Callable[[], float], wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._asked_at: float | None = None
        self._expected = False

    def ask(self) -> float:
        """Ask for a sign of life. From any thread.

        Returns:
            For how many seconds an earlier question has not been answered; 0 if
            there is none, or the loop is not meant to turn now.
        """
        if not self._expected:
            return 0.0
        asked_at = self._asked_at
        if asked_at is not None:
            return self._clock() - asked_at
        self._asked_at = self._clock()
        self._wake()
        return 0.0

    def beat(self) -> None:
        """Give a sign of life."""
        self._asked_at = None

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Let the loop be expected to turn while the block runs."""
        self.beat()
        self._expected = True
        try:
            yield
        finally:
            self._expected = False


class Felt:
    """A large body whose reading is a sign of life, until `let_go`.

    Args:
        body: The body.
        beat: Called with each chunk.
    """

    def __init__(self, body: LargeBody, beat: Callable[[], None]) -> None:
        self._body = body
        self._beat = beat

    def chunks(self) -> Iterator[bytes]:
        """Read the body. See `LargeBody.chunks`."""
        for chunk in self._body.chunks():
            self._beat()
            yield chunk

    def let_go(self) -> None:
        """Let later readings, by the workers of a lane, be no sign of the loop's life."""
        self._beat = _nothing


def _nothing() -> None:
    """Give no sign."""
