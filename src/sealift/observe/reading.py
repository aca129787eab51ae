"""A behaviour: tell how far the upload of a large body is, and how long each put took."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sealift.destinations.base import Destination, PartLog, Stored
from sealift.destinations.wrapper import Wrapper
from sealift.events import Observer, Progressed, ignore
from sealift.sealing.parcel import LargeBody, Parcel

Took = Callable[[str, str, float], None]
"""Is told route, destination and seconds of a put."""


class Observed(Wrapper):
    """Notifies of every chunk that a destination reads of a large body, and times its puts.

    Args:
        destination: The one that is held.
        route: The route's name.
        notify: Who is told of chunks, from the threads that upload.
        took: Who is told how long a put took.
        clock: Gives monotonic seconds.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        route: str,
        notify: Observer = ignore,
        took: Took | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__(destination)
        self._route = route
        self._notify = notify
        self._took = took
        self._clock = clock

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
        if not isinstance(parcel.body, bytes):
            parcel = replace(parcel, body=self._observed(parcel.body, parcel.size, key, put_id))
        began = self._clock()
        try:
            return self.destination.put(
                key, parcel, put_id=put_id, create=create, part_log=part_log
            )
        finally:
            if self._took is not None:
                self._took(self._route, self.name, self._clock() - began)

    def _observed(self, body: LargeBody, size: int, key: str, put_id: str) -> LargeBody:
        start = Progressed(
            route=self._route, item_id=put_id, name=key, destination=self.name, done=0, size=size
        )
        return _ObservedBody(body, start, self._notify)


@dataclass(frozen=True, slots=True)
class _ObservedBody:
    body: LargeBody
    start: Progressed
    notify: Observer

    def chunks(self) -> Iterator[bytes]:
        done = 0
        self.notify(self.start)
        for chunk in self.body.chunks():
            yield chunk
            done += len(chunk)
            self.notify(replace(self.start, done=done))
