"""Keeps two compactors from doing the same work.

Nothing depends on it being right: each folding is one conditional write, and whoever comes
second reads again. So clocks that differ, or a lease that ran out too early, cost requests only.
"""

import json
import time
from collections.abc import Callable
from typing import Any, Final

from sealift.aggregate.days import JSON, Days, parcel_of
from sealift.errors import OutcomeUnknownError

LEASE_SECONDS: Final = 60.0


class Lease:
    """The right to compact one day.

    Args:
        days: The days' files.
        date: The day.
        clock: Wall clock, seconds since 1970.
    """

    def __init__(self, days: Days, date: str, *, clock: Callable[[], float] = time.time) -> None:
        self._days = days
        self._key = f"{days.folder(date)}lease.json"
        self._clock = clock
        self._owner = days.put_id()
        self._etag = ""

    def take(self) -> float:
        """Take it, or take it for longer.

        Returns:
            0 if we have it; else in how many seconds the other's runs out.

        Raises:
            TransientError: It could not be found out now.
        """
        store = self._days.store
        if not store.conditions_hold():
            return 0.0  # a single writer needs none
        found = store.read(self._key)
        held = _read(found.body) if found else {}
        left = float(held.get("until", 0)) - self._clock()
        if held.get("owner") != self._owner and 0 < left <= LEASE_SECONDS * 2:
            return left
        try:
            self._etag = self._put(self._clock() + LEASE_SECONDS, found.etag if found else "")
        except OutcomeUnknownError:  # somebody else took it, or we did and cannot know
            return LEASE_SECONDS if not self._is_ours() else 0.0
        return 0.0

    def give_back(self) -> None:
        """Let the next one have it at once."""
        if self._etag:
            self._put(0.0, self._etag)

    def _is_ours(self) -> bool:
        found = self._days.store.read(self._key)
        self._etag = found.etag if found else ""
        return bool(found and _read(found.body).get("owner") == self._owner)

    def _put(self, until: float, etag: str) -> str:
        body = json.dumps({"owner": self._owner, "until": round(until, 3)}).encode()
        parcel = parcel_of(body, JSON)
        store, put_id = self._days.store, self._days.put_id()
        if etag:
            return store.replace(self._key, parcel, put_id=put_id, etag=etag)
        return store.create(self._key, parcel, put_id=put_id)


def _read(body: bytes) -> dict[str, Any]:
    try:
        held = json.loads(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}
