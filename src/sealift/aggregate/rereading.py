"""A behaviour: read again, briefly, what a bad network kept from us; writes pass through, once."""

import random as chance
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from sealift.destinations.base import Found
from sealift.destinations.retrying import RetryPolicy
from sealift.destinations.versioned import Listed, Version, VersionedStore
from sealift.errors import PausedError, ThrottledError, TransientError
from sealift.sealing.parcel import Parcel

T = TypeVar("T")


class Rereading:
    """
    Repeats what changes nothing, or nothing more, when it is done twice.

    A folding reads dozens of objects; were each lost answer the end of it, a network
    that loses one in five would let none come through. Conditional writes are not
    repeated here: who can read again owns that loop.

    Args:
        store: The one that is held.
        policy: How often, and how long in between.
        sleep: Waits so many seconds.
        random: Gives a number from 0 to 1.
    """

    def __init__(
        self,
        store: VersionedStore,
        policy: RetryPolicy | None = None,
        *,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._store = store
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._random = random

    @property
    def name(self) -> str:
        """Name for ledgers and reports."""
        return self._store.name

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        return self._store.prefix

    def conditions_hold(self) -> bool:
        """Whether conditions are honoured; see `VersionedStore.conditions_hold`."""
        return self._repeated(self._store.conditions_hold)

    def head(self, key: str) -> Found | None:
        """Look what is under *key*; see `VersionedStore.head`."""
        return self._repeated(lambda: self._store.head(key))

    def read(self, key: str) -> Version | None:
        """Read what is under *key*; see `VersionedStore.read`."""
        return self._repeated(lambda: self._store.read(key))

    def list(self, prefix: str) -> Iterator[Listed]:
        """List what is under *prefix*, all at once; see `VersionedStore.list`."""
        return iter(self._repeated(lambda: [*self._store.list(prefix)]))

    def delete(self, key: str) -> None:
        """Delete what is under *key*; see `VersionedStore.delete`."""
        self._repeated(lambda: self._store.delete(key))

    def create(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """Store *parcel* where nothing is, in one try; see `VersionedStore.create`."""
        return self._store.create(key, parcel, put_id=put_id)

    def replace(self, key: str, parcel: Parcel, *, put_id: str, etag: str) -> str:
        """Store *parcel* in place of *etag*, in one try; see `VersionedStore.replace`."""
        return self._store.replace(key, parcel, put_id=put_id, etag=etag)

    def overwrite(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """Store *parcel* whatever is there, in one try; see `VersionedStore.overwrite`."""
        return self._store.overwrite(key, parcel, put_id=put_id)

    def url(self, key: str) -> str:
        """Name the object for people."""
        return self._store.url(key)

    def close(self) -> None:
        """Let go of connections."""
        self._store.close()

    def _repeated(self, call: Callable[[], T]) -> T:
        limit = self._policy.base_seconds
        for _ in range(self._policy.attempts - 1):
            try:
                return call()
            except (PausedError, ThrottledError):
                raise
            except TransientError:
                self._sleep(limit * self._random())
                limit = min(2 * limit, self._policy.max_seconds)
        return call()
