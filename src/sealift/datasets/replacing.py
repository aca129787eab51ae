"""Puts a new set in the place of an old one: made beside it, compared, and renamed over it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from sealift.datasets.document import Record, digest_of, fingerprint
from sealift.datasets.mongo import COPY, Mongo
from sealift.datasets.mongo_state import Changes, Live, State
from sealift.errors import OutcomeUnknownError, SealiftError

_ABANDONED_AFTER: Final = timedelta(days=2)

Telling = Callable[[str, int], Callable[[int], object]]
"""Makes of what is done, and of how many records there are, a function that is told how far."""


class Replacement:
    """A copy of a collection that is to take its place.

    Args:
        mongo: Where the collection is.
        worker: Name of this state directory; no two that work at once may have the same.
        now: Seconds since 1970.
        chance: Makes the copy's name its own: a request of a sync that was killed may still
            be under way on the server, and must not write into the copy of the next.
        telling: Makes who is told of progress.
    """

    def __init__(
        self, mongo: Mongo, worker: str, *, now: float, chance: bytes, telling: Telling
    ) -> None:
        self._mongo = mongo
        self._worker = worker
        self._today = datetime.fromtimestamp(now, UTC).date()
        self._telling = telling
        self.name = f"{mongo.collection}{COPY}{self._today:%Y%m%d}_{worker}_{chance.hex()}"

    def put(
        self,
        records: list[Record],
        changes: Changes,
        state: State,
        live: Live,
        *,
        anew: bool,
        first: bool,
    ) -> None:
        """Make the copy, compare it with the document, and rename it over the collection.

        Args:
            records: All records of the new set.
            changes: What differs from the old one.
            state: As it was read before the old set was.
            live: What the collection will hold.
            anew: Write all records, instead of copying the old set on the server.
            first: There is no old set, so nobody misses the indexes until they are made.

        Raises:
            OvertakenError: Another sync was quicker. Readers still see the set from before, or
                the other sync's.
        """
        self._sweep()
        try:
            told = self._telling("write", len(records) if anew else changes.count)
            self._mongo.make(self.name)
            if anew:
                self._mongo.fill(self.name, records, told)
            else:
                self._mongo.copy(self.name)
                self._mongo.change(self.name, changes, told)
            if not first:
                self._mongo.index(self.name)
            prove(self._mongo, self.name, live, self._telling)
            claimed = self._mongo.claim(state, self.name)
            self._mongo.rename(self.name)
            if first:
                self._mongo.index()
        except SealiftError:
            with suppress(SealiftError):
                self._mongo.drop(self.name)
            raise
        self._mongo.settle(claimed, live)

    def _sweep(self) -> None:
        """Drop copies that a killed sync of this worker left, and of others some days ago."""
        for name in self._mongo.copies():
            day, worker, *_ = f"{name.removeprefix(self._mongo.collection + COPY)}_".split("_")
            if worker == self._worker or self._is_old(day):
                self._mongo.drop(name)

    def _is_old(self, day: str) -> bool:
        try:
            made = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return False
        return made < self._today - _ABANDONED_AFTER


def prove(mongo: Mongo, collection: str, live: Live, telling: Telling) -> None:
    """Read a collection back, and compare its records with those of the document.

    Raises:
        OutcomeUnknownError: They differ.
    """
    told = telling("verify", live.records)
    prints = []
    for number, (_, record) in enumerate(mongo.read(collection)):
        prints.append(fingerprint(record))
        if number % 10_000 == 0:
            told(number)
    if digest_of(prints) != live.digest:
        raise OutcomeUnknownError(
            f"{collection} does not hold what was written to it: it has {len(prints)} records, "
            f"{live.records} are wanted, and their digests differ.",
            hint="If somebody else writes there, let them stop; then sealift dataset sync --again.",
        )
