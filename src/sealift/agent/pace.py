"""Finds out how many uploads at once a destination is best served with."""

from dataclasses import dataclass

FEWEST = 4
GAIN_TO_GROW = 1.12
"""Throughput must rise by this factor for a step up to be kept."""

FAR_SECONDS = 0.015
"""A put that takes longer waits for the network, not for this machine."""

HOLD_SECONDS = 5.0
ROUND_SECONDS = 0.08


@dataclass(slots=True)
class _Round:
    began: float
    finished: int = 0
    seconds: float = 0.0
    starved: bool = False


class Pace:
    """Adapts the number of uploads at once to what it measures.

    It climbs while more at once brings more done: doubling near by, in steps of
    four far away. Where a step up does not pay, it goes back and holds. When the
    store asks for fewer requests it halves.

    Args:
        most: Upper limit, at least 1.
        now: Monotonic clock at the start, in seconds.
    """

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self.limit = min(FEWEST, most)
        self._kept = self.limit
        self._kept_rate = 0.0
        self._hold_until = 0.0
        self._round = _Round(now)

    def finished(self, seconds: float, now: float, *, busy: bool) -> bool:
        """Count an upload that took *seconds*.

        Args:
            seconds: How long it took.
            now: Monotonic clock.
            busy: More items waited to be uploaded at that moment.

        Returns:
            Whether `limit` has changed.
        """
        round_ = self._round
        round_.finished += 1
        round_.seconds += seconds
        round_.starved |= not busy
        lasted = now - round_.began
        if round_.finished < 2 * self.limit or lasted < ROUND_SECONDS:
            return False
        self._round = _Round(now)
        if round_.starved or now < self._hold_until:
            return False
        rate = round_.finished / lasted
        latency = round_.seconds / round_.finished
        return self._climb(rate, latency, now)

    def throttled(self, now: float) -> bool:
        """Halve, because the store asks for fewer requests; tell whether that changed anything."""
        before = self.limit
        self.limit = max(1, self.limit // 2)
        self._kept, self._kept_rate = self.limit, 0.0
        self._hold_until = now + HOLD_SECONDS
        self._round = _Round(now)
        return self.limit != before

    def _climb(self, rate: float, latency: float, now: float) -> bool:
        before = self.limit
        if rate > self._kept_rate * GAIN_TO_GROW:
            self._kept, self._kept_rate = self.limit, rate
            factor = 4 if latency > FAR_SECONDS else 2
            self.limit = min(self._most, self.limit * factor)
        else:
            self.limit = self._kept
            self._kept_rate = rate
            self._hold_until = now + HOLD_SECONDS
        return self.limit != before
