"""Events on their way to the observer: held back until the ledger has what they tell."""

from collections.abc import Callable

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
            self._ledger.pause(
                Pause(
                    route=event.route,
                    place=event.place,
                    code=event.code,
                    reason=event.reason,
                    hint=event.hint,
                    since=self._wall(),
                )
            )
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
