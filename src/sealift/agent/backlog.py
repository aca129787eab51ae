"""Deliveries that wait in the ledger, and when to look at them again."""

from collections.abc import Callable, Collection, Sequence

from sealift.agent.health import Gate
from sealift.agent.lane import Lane
from sealift.agent.resealing import LEASE_SECONDS
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Due

BATCH = 256
"""Items in one commit."""

LEAST = BATCH // 8
"""Fewer are not fetched while others are under way: each fetch is a commit."""

LOOK_SECONDS = 2.0
"""How soon a decision of `sealift quarantine release` or `retry` is taken up."""

SOONEST_SECONDS = 0.01

CLOCK_JUMP_SECONDS = 1.0


class Backlog:
    """Offers each lane what waits for it, within limits.

    Args:
        route: The route's name.
        ledger: Its ledger.
        lanes: Its lanes.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        route: str,
        ledger: Ledger,
        lanes: Sequence[Lane],
        *,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._lanes = lanes
        self._wall = wall
        self._monotonic = monotonic
        self._look_at = 0.0
        self._offset = wall() - monotonic()
        self.behind = False
        """More is due than there was room for at the last look."""

    def look_now(self) -> None:
        """Look at the next opportunity."""
        self._look_at = 0.0

    def next_seconds(self) -> float:
        """Tell in how many seconds to look."""
        return self._look_at - self._monotonic()

    def begin(self) -> None:
        """Begin a look: after the clock was set back, nothing waits for the time that it showed."""
        self.behind = False
        before, self._offset = self._offset, self._wall() - self._monotonic()
        if self._offset < before - CLOCK_JUMP_SECONDS:
            self._ledger.recover(self._route)

    def due(
        self, lane: Lane, flying: Collection[tuple[int, str]], most_bytes: int
    ) -> tuple[list[Due], bool]:
        """Give what is due for *lane*, and whether there is more.

        Args:
            lane: Whose.
            flying: Deliveries under way, as pairs of sequence number and lane.
            most_bytes: How many bytes they may have; the last one may exceed it.
        """
        room = min(lane.room(), BATCH)
        if room == 0 or most_bytes <= 0 or (room < LEAST and lane.in_flight):
            self.behind |= lane.health.gate is Gate.OPEN
            return [], False
        found = self._ledger.due(self._route, lane.name, now=self._wall(), limit=room)
        # Due although it is under way, after `sealift retry`, say: it must not be met at each look.
        under_way = [one for one in found if (one.item.seq, lane.name) in flying]
        if under_way:
            self._ledger.claim(under_way, until=self._wall() + LEASE_SECONDS)
        chosen: list[Due] = []
        for one in found:
            if (one.item.seq, lane.name) in flying:
                continue
            chosen.append(one)
            most_bytes -= one.item.sealed_size
            if most_bytes <= 0:
                break
        return chosen, bool(chosen) and (len(found) == room or len(chosen) < len(found))

    def looked(self) -> None:
        """Decide when to look next."""
        now = self._monotonic()
        seconds = LOOK_SECONDS
        for lane in self._lanes:
            closed = lane.health.retry_at - now if lane.health.gate is not Gate.OPEN else 0.0
            if closed > 0:
                seconds = min(seconds, closed)
            elif lane.room() and not (self.behind and lane.in_flight):
                due_at = self._ledger.next_due_at(self._route, lane.name)
                if due_at is not None:
                    seconds = min(seconds, due_at - self._wall())
        self._look_at = now + max(SOONEST_SECONDS, seconds)

    def is_short(self) -> bool:
        """Tell whether less than a batch waits."""
        return self._ledger.waiting(self._route) < BATCH
