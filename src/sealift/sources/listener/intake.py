"""Where connections hand over what came: events to one spool, rejects to another."""

from collections.abc import Callable, Sequence
from functools import partial

from sealift.events import Observer, Paused, Resumed
from sealift.sources.listener.formats import is_xml
from sealift.sources.listener.framing import Bad
from sealift.sources.listener.happenings import EventsAccepted, EventsRefused, SenderClosed
from sealift.sources.listener.rejects import reject
from sealift.sources.listener.spool import Spool

RESUME_AT = 0.5
"""Part of the limit to which buffers must be emptied before reading goes on."""

LOOKS_AT_DISK = 4
"""At every so manieth look, the spool is measured."""


class Intake:
    """Hands events over, and tells when nothing more may be read.

    Used by the loop's thread.

    Args:
        route: The route's name.
        events: Where events go.
        rejects: Where rejects go.
        takes_json: Whether events may be JSON, not only XML.
        max_buffered_bytes: Most bytes that are not on disk yet.
        max_spool_bytes: Most bytes of events on disk that are not delivered yet.
        max_rejects_bytes: Bytes of rejects on disk from which on their senders are not
            read from; at twice as many, nobody is.
        redacts: Whether what leaves is redacted; rejects are then kept as plain text.
        wall: Seconds since 1970.
        notify: Who is told.
    """

    def __init__(
        self,
        route: str,
        events: Spool,
        rejects: Spool,
        *,
        takes_json: bool,
        max_buffered_bytes: int,
        max_spool_bytes: int,
        max_rejects_bytes: int,
        redacts: bool,
        wall: Callable[[], float],
        notify: Observer,
    ) -> None:
        self._route = route
        self._events = events
        self._rejects = rejects
        self.takes_json = takes_json
        """Whether events may be JSON, not only XML."""

        self._max_buffered = max_buffered_bytes
        self._max_spool = max_spool_bytes
        self._max_rejects = max_rejects_bytes
        self._redacts = redacts
        self._wall = wall
        self._notify = notify
        self._held: dict[object, int] = {}
        self._held_bytes = 0
        self._told: dict[str, str] = {}
        self._looks = 0
        self._on_disk = self._rejects_on_disk = 0
        self._no_room_at_all = f"There is no room: {2 * max_rejects_bytes} bytes are no events."
        self._held_senders: set[str] = set()
        self._written = self._written_told = 0
        self.pause = ""
        """Why nothing may be read now; empty if it may."""

    def sort_out(self, events: list[bytes], bad: list[Bad]) -> list[bytes]:
        """Give the *events* that the route's files can hold; add the others to *bad*."""
        if self.takes_json or all(map(is_xml, events)):
            return events
        bad += [Bad(event, _NO_JSON) for event in events if not is_xml(event)]
        return [event for event in events if is_xml(event)]

    def accept(self, events: list[bytes], then: Callable[[], None] | None) -> None:
        """Keep events; *then* is called from another thread when they are on disk."""
        self._events.append(events, partial(self._count, len(events), then))
        self._look_at_buffers()

    def refuse(self, bad: Sequence[Bad], peer: str, then: Callable[[], None] | None = None) -> None:
        """Keep what is no event, with its reason; *then* as with `accept`."""
        now = self._wall()
        kept = [reject(one, peer, now, redacts=self._redacts) for one in bad]
        self._rejects.append(kept, then)
        self._rejects_on_disk += sum(map(len, kept))
        if self._rejects_on_disk >= self._max_rejects:
            self._held_senders.add(peer)
        if self._rejects_on_disk >= 2 * self._max_rejects:
            self.pause = self.pause or self._no_room_at_all
        self._notify(
            EventsRefused(route=self._route, peer=peer, reason=bad[0].reason, count=len(bad))
        )

    def closed(self, peer: str, reason: str) -> None:
        """Tell that a connection was closed for a reason."""
        self._notify(SenderClosed(route=self._route, peer=peer, reason=reason))

    def why_not(self, peer: str) -> str:
        """Say why nothing may be read from a sender now; empty if it may."""
        if self.pause or peer not in self._held_senders:
            return self.pause
        return _NO_ROOM

    def tell_written(self) -> None:
        """Tell how many events came to be on disk since the last time."""
        written = self._written
        if written > self._written_told:
            count = written - self._written_told
            self._notify(EventsAccepted(route=self._route, count=count))
            self._written_told = written

    def buffered(self, connection: object, size: int) -> None:
        """Take note of how many bytes a connection holds."""
        self._held_bytes += size - self._held.pop(connection, 0)
        if size:
            self._held[connection] = size

    def look(self) -> bool:
        """Look at the disk and the buffers; tell whether somebody may read who might not before."""
        before = self.pause
        self.tell_written()
        self._looks += 1
        freed = False
        if self._looks % LOOKS_AT_DISK == 1:
            self._on_disk = self._events.bytes_on_disk()
            self._rejects_on_disk = self._rejects.bytes_on_disk()
            freed = bool(self._held_senders) and self._rejects_on_disk < self._max_rejects
        if freed:
            self._held_senders.clear()
        spools = (self._events, self._rejects)
        stuck = next((why for one in spools if (why := one.stuck or one.unclosed)), "")
        if stuck:
            self.pause = stuck
        elif self._on_disk >= self._max_spool:
            self.pause = f"The spool is full: {self._max_spool} bytes wait for their delivery."
        elif self._rejects_on_disk >= 2 * self._max_rejects:
            self.pause = self._no_room_at_all
        else:
            self.pause = ""
            self._look_at_buffers(RESUME_AT if before else 1.0)
        self._tell("listener", "" if self.pause == _BUFFERS else self.pause, _NOBODY_HINT)
        self._tell("rejects", _NO_ROOM if self._held_senders else "", _REJECTS_HINT)
        return freed or before != self.pause

    def _look_at_buffers(self, part: float = 1.0) -> None:
        waiting = self._events.queued_bytes + self._rejects.queued_bytes + self._held_bytes
        if not self.pause and waiting > self._max_buffered * part:
            self.pause = _BUFFERS

    def _count(self, events: int, then: Callable[[], None] | None) -> None:
        """Count events that are on disk now. From the spool's thread, and no other."""
        self._written += events
        if then is not None:
            then()

    def _tell(self, place: str, reason: str, hint: str) -> None:
        """Tell of a pause that only a person can end; full buffers empty by themselves."""
        told = self._told.get(place, "")
        if reason and not told:
            self._notify(
                Paused(
                    route=self._route,
                    place=place,
                    code="intake",
                    reason=reason,
                    hint=hint,
                    probe_seconds=1.0,
                )
            )
        elif told and not reason:
            self._notify(Resumed(route=self._route, place=place))
        self._told[place] = reason


_NO_JSON = "it is JSON, which a file of XML cannot hold"
_BUFFERS = "Too much waits to be written."
_NO_ROOM = "There is no room for more of what is no event."
_NOBODY_HINT = "Nothing is read from senders until there is room."
_REJECTS_HINT = (
    "Its senders are not read from; deliver rejects by rejects_prefix, or take them away."
)
