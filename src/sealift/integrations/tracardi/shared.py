"""The aggregates that all events of this process share, each with a journal of its own."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Protocol

from sealift.errors import StateError, TransientError
from sealift.integrations.tracardi.journals import Slot, claim, leftovers
from sealift.integrations.tracardi.settings import Place

MOST_OPEN: Final = 64
"""Destinations open at once; each costs a thread, a journal and connections."""

_SALT: Final = secrets.token_bytes(32)
_WRITERS: Final = 16


class Aggregate(Protocol):
    """What is used of `sealift.DailyAggregate`."""

    def submit(self, payload: Mapping[str, Any]) -> "Future[Any]":
        """Journal *payload*; the future ends when it is in S3."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(slots=True)
class _Open:
    """An aggregate in use."""

    aggregate: Aggregate
    slot: Slot
    under_way: int = 0
    """Events that have no outcome yet."""


class SharedAggregates:
    """The open aggregates of a process, by destination and credentials.

    Tracardi makes an instance of the plugin for each event and closes it afterwards;
    what gathers events into few writes must outlive them.

    Args:
        state_dir: Where the journals are.
        open_aggregate: Opens the aggregate of a place, with its journal in a folder.
    """

    def __init__(self, state_dir: Path, open_aggregate: Callable[[Place, Path], Aggregate]) -> None:
        self._state_dir = state_dir
        self._open_aggregate = open_aggregate
        self._open: OrderedDict[Place, _Open] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        # Not asyncio's own threads: there a disk that hangs would hold up all of Tracardi.
        self.writers = ThreadPoolExecutor(_WRITERS, thread_name_prefix="sealift-tracardi")

    def __repr__(self) -> str:
        return f"SharedAggregates({len(self._open)} open)"

    def submit(self, place: Place, payload: Mapping[str, Any]) -> "Future[Any]":
        """Journal *payload* durably; the future ends when it is in S3.

        Raises:
            SealiftError: It is not in the journal.
        """
        key = _key(place)
        used = self._use(key, place)
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
        for one in opened:
            _close(one)

    def abandon(self) -> None:
        """Leave everything to the process that this one was forked from."""
        for one in self._open.values():
            one.slot.release()

    def _use(self, key: Place, place: Place) -> _Open:
        with self._lock:
            if self._closed:
                raise StateError("This process is about to end, and takes no more events.")
            found = self._open.get(key)
            if found is None:
                self._make_room()
                found = self._open[key] = self._opened(place)
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
        for key, one in self._open.items():
            if not one.under_way:
                del self._open[key]
                _close(one)
                return
        raise TransientError(
            f"Events wait for {MOST_OPEN} destinations already.",
            hint="Look why they do not arrive, and then send again.",
        )

    def _opened(self, place: Place) -> _Open:
        slot = claim(self._state_dir, place)
        try:
            made = _Open(self._open_aggregate(place, slot.journal), slot)
        except BaseException:
            slot.release()
            raise
        self.writers.submit(self._bring_leftovers, place)
        return made

    def _bring_leftovers(self, place: Place) -> None:
        """Bring to S3 what processes that are gone left in their journals."""
        for slot in leftovers(self._state_dir, place):
            _close(_Open(self._open_aggregate(place, slot.journal), slot))


def _close(one: _Open) -> None:
    try:
        one.aggregate.close()
    finally:
        one.slot.release()


def _key(place: Place) -> Place:
    """Give *place* with a keyed hash in place of its credentials; it is only compared."""
    both = f"{place.aws_access_key_id}\0{place.aws_secret_access_key}".encode()
    mark = blake2b(both, key=_SALT, digest_size=16).hexdigest()
    return replace(place, aws_access_key_id="", aws_secret_access_key=mark)
