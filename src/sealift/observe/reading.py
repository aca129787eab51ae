"""A behaviour: tell how far the upload of a large body is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealift.destinations.base import Destination, PartLog, Stored
from sealift.destinations.wrapper import Wrapper
from sealift.events import Observer, Progressed
from sealift.sealing.parcel import LargeBody, Parcel


class Observed(Wrapper):
    """Notifies of every chunk that a destination reads of a large body.

    Args:
        destination: The one that is held.
        route: The route's name, for events.
        notify: Who is told, from the threads that upload.
    """

    def __init__(self, destination: Destination, *, route: str, notify: Observer) -> None:
        super().__init__(destination)
        self._route = route
        self._notify = notify

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """Store *parcel* under *key*; see `Destination.put`."""
        body = parcel.body
        if not isinstance(body, bytes):
            started = Progressed(
                route=self._route,
                item_id=put_id,
                name=key,
                destination=self.name,
                done=0,
                size=parcel.size,
            )
            parcel = replace(parcel, body=_ObservedBody(body, started, self._notify))
        return self.destination.put(key, parcel, put_id=put_id, create=create, part_log=part_log)


@dataclass(frozen=True, slots=True)
class _ObservedBody:
    body: LargeBody
    started: Progressed
    notify: Observer

    def chunks(self) -> Iterator[bytes]:
        done = 0
        self.notify(self.started)
        for chunk in self.body.chunks():
            yield chunk
            done += len(chunk)
            self.notify(replace(self.started, done=done))
