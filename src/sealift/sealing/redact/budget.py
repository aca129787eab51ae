"""The time that one document may take, and what happens when it is over."""

from collections.abc import Callable

from sealift.errors import RedactionError


class Budget:
    """
    Counts the seconds that the redaction of one document takes.

    A search under way cannot be interrupted, and need not be: its time is linear in
    the length of the text. What comes after it is not begun, and its result not used.

    Args:
        seconds: How long it may take.

        clock: Seconds from any beginning; of this thread's CPU time, so that a busy
            machine sends no document into quarantine.

        wall: Seconds that are never fewer than the clock's, and cheaper to ask for:
            until they are over, the clock is not asked.
    """

    __slots__ = ("_clock", "_not_before", "_seconds", "_until", "_wall")

    def __init__(
        self, seconds: float, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._seconds = seconds
        self._not_before = wall() + seconds
        self._until = clock() + seconds

    def spend(self) -> None:
        """Go on, if there is time left.

        Raises:
            RedactionError: There is none. Nothing of the document may leave.
        """
        if self._wall() >= self._not_before and self._clock() > self._until:
            raise RedactionError(
                f"Redaction took longer than redact_seconds = {self._seconds:g}.",
                hint="Raise redact_seconds in the route's seal section, or split the file.",
            )
