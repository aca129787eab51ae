"""When a run of `--once` is finished: what is ready was delivered, the rest is not waited for."""

from collections.abc import Callable, Sequence

from sealift.agent.feed import Feed
from sealift.agent.lane import Lane
from sealift.agent.route import Route
from sealift.ledger.ledger import Ledger

QUICK_TRIES = 4
"""An item that failed so often is left to a later run."""

RIPENING_SECONDS = 0.5
"""How much longer than the settle time a file is waited for."""


class Patience:
    """Tells how long a run that is to end has something to wait for.

    Args:
        route: The route.
        ledger: Its ledger.
        lanes: Its lanes.
        feed: Its candidates.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        lanes: Sequence[Lane],
        feed: Feed,
        clock: Callable[[], float],
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._lanes = lanes
        self._feed = feed
        self._clock = clock
        self._until: float | None = None

    def begin(self) -> None:
        """Begin a run."""
        self._until = None

    def is_over(self) -> bool:
        """Tell whether nothing is left to wait for while nothing is in flight."""
        now = self._clock()
        lanes = [lane for lane in self._lanes if not lane.health.is_hopeless(now)]
        if not lanes:
            return True
        if self._feed.sweeping or self._ripens_soon(now):
            return False
        # What waits patiently is not waited for.
        tries = max(1, min(QUICK_TRIES, self._route.schedule.quick_retries))
        name = self._route.name
        return not any(self._ledger.still_tried(name, lane.name, tries=tries) for lane in lanes)

    def left_seconds(self) -> float | None:
        """Tell how long files are waited for yet; None if none is."""
        left = None if self._until is None else self._until - self._clock()
        return left if left is not None and left > 0 else None

    def _ripens_soon(self, now: float) -> bool:
        """Tell whether a file is worth waiting for; one that goes on changing is not."""
        longest = self._route.settle_seconds + RIPENING_SECONDS
        if self._until is None:
            self._until = now + longest
        ripe = self._feed.next_seconds(sweeps=False)
        return ripe is not None and ripe <= longest and now < self._until
