"""Folds the parts of a day into its file, with bounded memory; safe to kill at any instant.

A folding is one conditional write of the file together with its table. A part is deleted
only when the file, as read later, holds all of its events, and after some time of grace.
"""

import random as chance
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sealift.aggregate.days import Day, Days, ShapeError
from sealift.aggregate.lease import Lease
from sealift.aggregate.merge import Event
from sealift.aggregate.parts import PartName, Parts
from sealift.aggregate.table import Table
from sealift.errors import (
    InvalidContentError,
    NotSentError,
    OutcomeUnknownError,
    StoreRefusedError,
    TransientError,
)

_ROUND_BYTES: Final = 12 << 20
_MOST_LOSSES: Final = 20
_STALE_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What a compaction did."""

    date: str
    key: str
    etag: str = ""
    """Of the day's file as it is now; empty if there is none."""

    events: int = 0
    """So many were folded into it."""

    parts: int = 0
    """So many parts were folded."""

    deleted: int = 0
    """So many parts that were folded, now or earlier, are deleted."""

    kept: int = 0
    """So many parts are still there."""

    unfolded: frozenset[str] = frozenset()
    """Writers of parts that cannot be folded: what came before them is missing."""


class Compactor:
    """Folds parts.

    Args:
        days: The days' files.
        parts: What is kept beside them.
        single_writer: Nobody else writes: allows it on a store without conditions.
        grace_seconds: How long a folded part is kept.
        clock: Wall clock, seconds since 1970.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        days: Days,
        parts: Parts,
        *,
        single_writer: bool,
        grace_seconds: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._days = days
        self._parts = parts
        self._single_writer = single_writer
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._sleep = sleep
        self._one = threading.Lock()

    def compact(self, date: str, *, anew: bool = False) -> Compacted:
        """Fold what waits beside a day's file.

        Args:
            date: The day.
            anew: Fold also what follows on events that the file no longer holds,
                because it was deleted or replaced.

        Raises:
            InvalidContentError: The day's file is none. It is not touched; the parts stay.
            StoreRefusedError: The store ignores conditions, and other writers may exist.
            NotSentError: Another process compacts this day.
            TransientError: Some of it may be done. Do it again.
        """
        if not (self._single_writer or self._days.store.conditions_hold()):
            raise StoreRefusedError(
                f"The store of {self._url(date)} ignores conditions, so two compactors could "
                "undo each other's work. The parts stay.",
                hint="If nothing else writes there, say so with single_writer.",
            )
        lease = Lease(self._days, date, clock=self._clock)
        if left := lease.take():
            raise NotSentError(
                f"Another process compacts {self._url(date)}.",
                hint=f"Try again in {left:.0f} seconds.",
            )
        with self._one:
            try:
                return self._rounds(date, lease, anew=anew)
            finally:
                with suppress(TransientError):
                    lease.give_back()

    def _rounds(self, date: str, lease: Lease, *, anew: bool) -> Compacted:
        done = Compacted(date=date, key=self._days.key(date))
        losses = 0
        while True:
            try:
                done, is_finished = self._round(done, anew=anew)
            except OutcomeUnknownError:  # another was faster, or it is not known
                losses += 1
                if losses > _MOST_LOSSES:
                    raise
                self._sleep(min(1.0, 0.05 * losses) * chance.random())  # noqa: S311
                continue
            if is_finished or lease.take():  # or it ran out, and somebody else goes on
                return done

    def _round(self, done: Compacted, *, anew: bool) -> tuple[Compacted, bool]:
        """Read the file once, and fold as much as one round may; tell whether it was the last.

        What it holds in memory ends with it.
        """
        date = done.date
        names = [*self._parts.listed(date)]
        day = self._days.read(date)
        if day.problem:
            raise self._foreign(date, day.problem)
        todo = [name for name in names if not _is_folded(name, day.table)]
        deleted = self._delete(name for name in names if _is_folded(name, day.table))
        count, fresh = self._gather(day.table, todo, anew=anew)
        body = self._body(date, day, fresh) if todo else b""  # if only to see that it is one
        if fresh:
            self._put(date, day, body, fresh)
        else:
            self._sweep(date, day.table)
        done = replace(
            done,
            etag=day.etag,
            events=done.events + len(fresh),
            parts=done.parts + count,
            deleted=done.deleted + deleted,
            kept=len(names) - deleted,
            unfolded=frozenset(name.writer for name in todo),
        )
        return done, not fresh

    def _gather(
        self, table: Table, names: Iterable[PartName], *, anew: bool
    ) -> tuple[int, list[Event]]:
        """Read parts, those stored first before others, as far as a round may go."""
        upto = dict(table.writers)
        fresh: list[Event] = []
        size = parts = 0
        for name in sorted(names, key=lambda one: (one.modified, one.writer, one.first)):
            if size >= _ROUND_BYTES:
                break
            part = self._parts.read(name)
            known = upto.get(name.writer, 0)
            # A listing is no snapshot: a part may be seen, and the one before it not.
            if part is None or (part.after > known and not anew):
                continue
            fresh += (event for event in part.events if event.seq > known)
            upto[name.writer] = max(known, name.last)
            size += name.size
            parts += 1
        return parts, sorted(fresh)

    def _body(self, date: str, day: Day, fresh: list[Event]) -> bytes:
        try:
            return self._days.body_after(day, fresh)
        except ShapeError as error:
            problem = str(error)
        raise self._foreign(date, problem)

    def _put(self, date: str, day: Day, body: bytes, fresh: list[Event]) -> None:
        table = self._days.table_after(day, fresh)
        if not self._days.has_room_for(table):
            table = self._days.with_record(date, table)
        self._days.put(day, body, table)

    def _delete(self, folded: Iterator[PartName]) -> int:
        count = 0
        for name in folded:
            if self._clock() - name.modified >= self._grace_seconds:
                self._parts.delete(name)
                count += 1
        return count

    def _sweep(self, date: str, table: Table) -> None:
        """Delete records that no file names, once no compactor can be about to name them."""
        store = self._days.store
        for found in store.list(f"{self._days.folder(date)}tables/"):
            is_named = found.key == self._days.record_key(date, table.record)
            if not is_named and self._clock() - found.modified > _STALE_SECONDS:
                store.delete(found.key)

    def _foreign(self, date: str, problem: str) -> InvalidContentError:
        return InvalidContentError(
            f"{self._url(date)} is no day's file: {problem}. It was not touched.",
            hint="Mend it or move it away; what comes meanwhile waits in parts beside it.",
        )

    def _url(self, date: str) -> str:
        return self._days.store.url(self._days.key(date))


def _is_folded(name: PartName, table: Table) -> bool:
    return table.holds(name.writer, name.last)
