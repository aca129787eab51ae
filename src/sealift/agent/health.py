"""Whether a destination may be used now: open, backing off, or paused with a probe now and then."""

from collections.abc import Callable
from enum import StrEnum

from sealift.agent.schedule import asked_seconds
from sealift.errors import AccessDeniedError, PausedError, SealiftError

FAILURES_TO_BACK_OFF = 5
DENIALS_TO_PAUSE = 3
LONGEST_BACK_OFF_SECONDS = 60.0
PATIENCE_SECONDS = 10.0
"""How long a run of `--once` waits for a destination that does not answer."""


class Gate(StrEnum):
    """How many attempts may be made."""

    OPEN = "open"
    """As many as the pace allows."""

    BACKING_OFF = "backing off"
    """None until the time has come, then one."""

    PAUSED = "paused"
    """None until the next probe, then one."""


class Health:
    """Opens and closes the way to a destination.

    Several failures in a row close it for a short time that grows; an error that
    concerns every item pauses it. In both cases one attempt at a time tries
    whether it works again, and a success opens it.

    Args:
        probe_seconds: Time between two probes of a paused destination.
        random: Gives numbers from 0 to 1.
    """

    def __init__(self, probe_seconds: float, random: Callable[[], float]) -> None:
        self.gate = Gate.OPEN
        self.reason: SealiftError | None = None
        """Why it is not open."""

        self.retry_at = 0.0
        """Monotonic time of the next attempt while it is not open."""

        self._closed_at = 0.0
        self._probe_seconds = probe_seconds
        self._random = random
        self._failures = 0
        self._denials = 0
        self._successes = 0

    def allows(self, now: float) -> int | None:
        """Tell how many attempts may be under way; None for as many as the pace allows."""
        if self.gate is Gate.OPEN:
            return None
        return 1 if now >= self.retry_at else 0

    def succeeded(self) -> bool:
        """Count a success; tell whether it opened the way again."""
        self._failures = self._denials = 0
        self._successes += 1
        reopened = self.gate is not Gate.OPEN
        self.gate = Gate.OPEN
        self.reason = None
        return reopened

    def failed(self, error: SealiftError, now: float) -> bool:
        """Count a failure; tell whether it changed the gate."""
        before = self.gate
        if isinstance(error, PausedError) and self._pauses(error):
            self._close(Gate.PAUSED, error, now)
            self.retry_at = now + self._probe_seconds
            return before is not Gate.PAUSED
        if before is not Gate.OPEN and now < self.retry_at:
            return False  # begun before it closed: one blip of many at once counts once
        self._failures += 1
        if before is Gate.PAUSED:
            self.retry_at = now + self._probe_seconds
        elif self._failures >= FAILURES_TO_BACK_OFF or before is Gate.BACKING_OFF:
            self._close(Gate.BACKING_OFF, error, now)
            self.retry_at = now + self._back_off_seconds(error)
        return self.gate is not before

    def is_hopeless(self, now: float) -> bool:
        """Tell whether a run that is to end should wait for it no longer."""
        if self.gate is Gate.BACKING_OFF:
            return now - self._closed_at >= PATIENCE_SECONDS
        return self.gate is Gate.PAUSED

    def _close(self, gate: Gate, error: SealiftError, now: float) -> None:
        if self.gate is Gate.OPEN:
            self._closed_at = now
        self.gate = gate
        self.reason = error

    def _pauses(self, error: PausedError) -> bool:
        """Tell a denial that concerns everything from one that concerns a single key."""
        if not isinstance(error, AccessDeniedError):
            return True
        self._denials += 1
        return self._successes == 0 or self._denials >= DENIALS_TO_PAUSE

    def _back_off_seconds(self, error: SealiftError) -> float:
        steps = min(self._failures - FAILURES_TO_BACK_OFF, 10)
        longest = min(LONGEST_BACK_OFF_SECONDS, 0.5 * 2.0 ** max(steps, 0))
        asked = asked_seconds(error)
        return max(asked, longest * (0.5 + 0.5 * self._random()))
