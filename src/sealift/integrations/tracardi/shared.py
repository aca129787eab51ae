"""The aggregates that all events of this process share."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final, Protocol

from sealift.errors import StateError, TransientError
from sealift.integrations.tracardi.settings import Place

MOST_OPEN: Final = 64
"""Destinations open at once; each costs two threads, a journal and connections."""

CLOSE_SECONDS: Final = 5.0
"""How long the end of a process may take; what is not in S3 by then waits in the journal."""

_SALT: Final = secrets.token_bytes(32)
_WRITERS: Final = 16


class Aggregate(Protocol):
    """What is used of `sealift.DailyAggregate`."""

    def submit(self, payload: object) -> "Future[Any]":
        """Journal *payload*; the future ends when it is in S3."""
        ...

    def close(self, *, timeout: float) -> None:
        """Bring what waits into S3, for so many seconds at most, and let go of everything."""
        ...


@dataclass(slots=True)
class _Open:
    """An aggregate in use."""

    aggregate: Aggregate
    under_way: int = 0
    """Events that have no outcome yet."""


class SharedAggregates:
    """The open aggregates of a process, by destination and credentials.

    Tracardi makes an instance of the plugin for each event and closes it afterwards;
    what gathers events into few writes must outlive them.

    Args:
        open_aggregate: Opens the aggregate of a place.
        clock: Monotonic, in seconds.
    """

    def __init__(
        self,
        open_aggregate: Callable[[Place], Aggregate],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_aggregate = open_aggregate
        self._clock = clock
        self._open: OrderedDict[Place, _Open] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        # Not asyncio's own threads: there a disk that hangs would hold up all of Tracardi.
        self.writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="sealift-tracardi")

    def __repr__(self) -> str:
        return f"SharedAggregates({len(self._open)} open)"

    def submit(self, place: Place, payload: object) -> "Future[Any]":
        """Journal *payload* durably; the future ends when it is in S3.

        Raises:
            SealiftError: It is not in the journal.
        """
        used = self._use(place)
        try:
            future = used.aggregate.submit(payload)
        except BaseException:
            self._leave(used)
            raise
        future.add_done_callback(lambda _done: self._leave(used))
        return future

    def close(self) -> None:
        """Close every aggregate; what is in their journals waits for the next process."""
        with self._lock:
            self._closed = True
            opened = list(self._open.values())
            self._open.clear()
        self.writers.shutdown(wait=True)
        until = self._clock() + CLOSE_SECONDS
        for one in opened:
            one.aggregate.close(timeout=max(0.0, until - self._clock()))

    def _use(self, place: Place) -> _Open:
        key = _key(place)
        with self._lock:
            if self._closed:
                raise StateError("This process is about to end, and takes no more events.")
            if key not in self._open:
                self._make_room()
                self._open[key] = _Open(self._open_aggregate(place))
            found = self._open[key]
            self._open.move_to_end(key)
            found.under_way += 1
            return found

    def _leave(self, used: _Open) -> None:
        with self._lock:
            used.under_way -= 1

    def _make_room(self) -> None:
        """Close the aggregate that was idle longest, if there are too many."""
        if len(self._open) < MOST_OPEN:
            return
        idle = next((key for key, one in self._open.items() if not one.under_way), None)
        if idle is None:
            raise TransientError(
                f"Events wait for {MOST_OPEN} destinations already.",
                hint="Look why they do not arrive, and then send again.",
            )
        leaving = self._open.pop(idle).aggregate
        self.writers.submit(leaving.close, timeout=CLOSE_SECONDS)


def _key(place: Place) -> Place:
    """Give *place* with a keyed hash in place of its credentials; it is only compared."""
    both = f"{place.aws_access_key_id}\0{place.aws_secret_access_key}".encode()
    mark = blake2b(both, key=_SALT, digest_size=16).hexdigest()
    return replace(place, aws_access_key_id="", aws_secret_access_key=mark)
