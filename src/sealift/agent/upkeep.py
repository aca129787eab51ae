"""What a route does now and then: let go of stale uploads, and forget old history."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from sealift.agent.lane import Lane
from sealift.destinations.base import Destination
from sealift.errors import SealiftError
from sealift.ledger.ledger import Ledger
from sealift.ledger.pruning import prune
from sealift.ledger.uploads import DeliveryParts, abandoned_uploads

INTERVAL_SECONDS = 3600.0

CHUNK = 2000
"""So many rows are looked at in one commit, so that a delivery never waits long for it."""


class Upkeep:
    """Does a route's chores, once an hour.

    Args:
        route: The route's name.
        ledger: Its ledger.
        lanes: Its lanes.
        history_seconds: How long what is done is remembered; 0 for ever.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        route: str,
        ledger: Ledger,
        lanes: Sequence[Lane],
        *,
        history_seconds: float,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._lanes = lanes
        self._history_seconds = history_seconds
        self._wall = wall
        self._monotonic = monotonic
        self._next_at = 0.0
        self._pruned_to: int | None = None

    def next_seconds(self) -> float:
        """Tell in how many seconds there is something to do."""
        return 0.0 if self._pruned_to is not None else self._next_at - self._monotonic()

    def work(self) -> None:
        """Do what is due: all chores once an hour, and pruning a chunk at a time."""
        if self.next_seconds() > 0:
            return
        if self._pruned_to is None:
            self._next_at = self._monotonic() + INTERVAL_SECONDS
            for lane in self._lanes:
                abort_stale_uploads(self._ledger, self._route, lane.destination, self._wall)
            if not self._history_seconds:
                return
        before = self._wall() - self._history_seconds
        self._pruned_to = prune(
            self._ledger, self._route, before=before, above=self._pruned_to or 0, most=CHUNK
        )


def abort_stale_uploads(
    ledger: Ledger, route: str, destination: Destination, wall: Callable[[], float]
) -> threading.Thread | None:
    """Abort the uploads of *route* that were begun and given up; what fails is tried next time.

    Returns:
        The thread that does it, as a store may take long to answer; None if there
        is nothing to do.
    """
    stale = abandoned_uploads(ledger, route, destination.name)
    if not stale:
        return None

    def abort() -> None:
        with suppress(SealiftError):
            destination.abort_stale_uploads([(key, upload_id) for _, key, upload_id in stale])
            for seq, _key, _upload_id in stale:
                DeliveryParts(ledger, seq, destination.name, wall).clear()

    thread = threading.Thread(target=abort, name="sealift-abort", daemon=True)
    thread.start()
    return thread
