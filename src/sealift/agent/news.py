"""Events on their way to the observer: held back until the ledger has what they tell."""

from collections.abc import Callable

from sealift.errors import SealiftError
from sealift.events import Event, Observer, Paused, Resumed
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Pause


class News:
    """Gathers a turn's events and tells them when it is committed.

    Args:
        ledger: Where pauses are remembered, for `sealift status`.
        wall: Seconds since 1970.
        observer: Who is told.
    """

    def __init__(self, ledger: Ledger, wall: Callable[[], float], observer: Observer) -> None:
        self._ledger = ledger
        self._wall = wall
        self._observer = observer
        self._events: list[Event] = []

    def notify(self, event: Event) -> None:
        """Take an event; pauses and resumptions are written down as well."""
        if isinstance(event, Paused):
            self._ledger.pause(written(event, since=self._wall()))
        elif isinstance(event, Resumed):
            self._ledger.resume(event.route, event.place)
        self._events.append(event)

    def forget(self) -> None:
        """Drop what was taken since: the commit that it belonged to failed."""
        self._events = []

    def tell(self) -> None:
        """Tell what was taken since the last time."""
        events, self._events = self._events, []
        for event in events:
            self._observer(event)


def paused(route: str, place: str, error: SealiftError, *, seconds: float) -> Paused:
    """Tell that *place* is unusable because of *error*, and is probed in so many seconds."""
    return Paused(
        route=route,
        place=place,
        code=error.code,
        reason=error.message,
        hint=error.hint,
        probe_seconds=seconds,
    )


def written(event: Paused, *, since: float) -> Pause:
    """Give a pause as the ledger remembers it."""
    return Pause(
        route=event.route,
        place=event.place,
        code=event.code,
        reason=event.reason,
        hint=event.hint,
        since=since,
    )
