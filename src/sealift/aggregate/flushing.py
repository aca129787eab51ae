"""Brings a batch of accepted events into S3, once, whatever answers get lost.

Every event has a writer and a number, and numbers of one writer grow. The day's file
carries, in its metadata, up to which number it holds each writer's events; both change in
one conditional write. So the same batch may be sent any number of times:

- **Lost answer.** The file is read again; its table says whether the events are in.
- **Kill between the write and the journal's note.** The journal gives the batch again, and
  the table says that it is in.
- **Cloned journal.** Machine, boot and folder are part of a writer's identity: a copy takes
  a new id for new events, and what waited is sent by both under the old id, and counted once.
- **Late landing.** A request that was given up can only land on the version it was made
  from. No version's bytes come again (see `write_day`), so no ETag does.
- **Contention, size, a foreign file, a store without conditions.** The batch becomes a
  part. The events are then in S3, and in the file when a compactor has folded them, in the
  writer's order: the writer stays away from the file until then, because a table that says
  "up to 9" must not skip a part with 8.
- **A part, and then a kill.** The batch is sent again, as part or directly, alone or with
  more; whatever is folded second is skipped by its numbers.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from sealift.aggregate.days import Day, Days, NoRoomError, ShapeError
from sealift.aggregate.journal import Pending
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.pacing import Pace
from sealift.aggregate.parts import Parts
from sealift.errors import OutcomeUnknownError

_MOST_LOSSES: Final = 3
_MOST_SECONDS: Final = 2.0
_LOOK_AGAIN_SECONDS: Final = 15.0
_KNOWN_DAYS: Final = 3
_PART_SECONDS: Final = 1.0
"""Shortest time between two parts: each has to be folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a batch is now."""

    key: str
    etag: str
    rev: int
    merged: bool
    """It is in the day's file; else in a part."""

    reason: str = ""
    """Why it is in a part."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of one day's file between two batches."""

    pace: Pace
    day: Day | None = None
    """The file as we wrote or read it last; None if it may be another by now."""

    large: str = ""
    """Why it is not rewritten for each batch any more; stays."""

    problem: str = ""
    """Why nobody may add to it; it is looked at again now and then."""

    look_at: float = 0.0
    parted: bool = False
    """The last batch became a part."""


class Flusher:
    """Writes batches of events.

    Args:
        days: The days' files.
        parts: What is kept beside them.
        options: Limits and pace.
        clock: Monotonic, in seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        days: Days,
        parts: Parts,
        options: AggregateOptions,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._days = days
        self._parts = parts
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._known: dict[str, _Known] = {}

    def flush(self, date: str, batch: Sequence[Pending]) -> Landing:
        """Bring events of one day into S3.

        Args:
            date: Their day.
            batch: All that waits of each of its writers up to some number.

        Raises:
            TransientError: They may be in S3. Flush them again.
        """
        known = self._known_of(date)
        known.parted = False
        if not self._days.store.conditions_hold():
            reason = "the store ignores conditions"
        else:
            reason = known.large or self._still_wrong(known)
            if not reason:
                landing, reason = self._directly(date, known, batch)
                if landing:
                    return landing
        known.parted = True
        return self._as_parts(date, batch, reason)

    def problem(self, date: str) -> str:
        """Say why nobody may add to a day's file; empty if all is well."""
        return self._known_of(date).problem

    def wait_seconds(self, date: str) -> float:
        """Give how long to wait before the next batch of a day."""
        known = self._known_of(date)
        wait = known.pace.after_win()
        return max(wait, _PART_SECONDS) if known.parted else wait

    def _known_of(self, date: str) -> _Known:
        known = self._known.get(date)
        if known is None:
            pace = Pace(self._options.flush_seconds, clock=self._clock)
            known = self._known[date] = _Known(pace=pace)
            for past in sorted(self._known)[:-_KNOWN_DAYS]:
                del self._known[past]
        return known

    def _still_wrong(self, known: _Known) -> str:
        if known.problem and self._clock() < known.look_at:
            return known.problem
        return ""

    def _directly(
        self, date: str, known: _Known, batch: Sequence[Pending]
    ) -> tuple[Landing | None, str]:
        """Write into the day's file; else say why not."""
        began = self._clock()
        losses = 0
        while True:
            day = known.day or self._look(date, known)
            if day is None:
                return None, known.large
            known.problem = day.problem or _gone(day, batch)
            if reason := known.problem or self._why_not(known, day, batch):
                known.look_at = self._clock() + _LOOK_AGAIN_SECONDS
                known.day = None
                return None, reason
            fresh = day.lacks(one.event for one in batch)
            try:
                known.day = self._days.replaced(day, fresh) if fresh else day
            except ShapeError as error:
                known.problem, known.day = str(error), None
            except NoRoomError as error:
                known.large, known.day = str(error), None
                return None, known.large
            except OutcomeUnknownError:  # lost, or not known: its table will tell
                known.day = None
                losses += 1
            else:
                known.pace.saw(known.day.table.writers)
                return _landing(known.day), ""
            if known.problem:
                return None, known.problem
            if losses >= _MOST_LOSSES or self._clock() - began > _MOST_SECONDS:
                return None, "others were always faster"
            self._sleep(known.pace.after_loss(losses))

    def _look(self, date: str, known: _Known) -> Day | None:
        """Read the file; None if it is too large to be read for each batch."""
        found = self._days.store.head(self._days.key(date))
        if found and found.size > self._options.direct_bytes:
            known.large = f"it is over {self._options.direct_bytes} bytes"
            return None
        day = self._days.read(date) if found else Day(key=self._days.key(date))
        known.pace.saw(day.table.writers)
        return day

    def _why_not(self, known: _Known, day: Day, batch: Sequence[Pending]) -> str:
        if known.pace.writers > self._options.direct_writers:
            return f"{known.pace.writers} writers are at work"
        for one in batch:
            mark = one.journal.mark(one.event.writer, one.date)
            if not day.table.holds(one.event.writer, mark.parted):
                return "earlier events wait to be folded"
        return ""

    def _as_parts(self, date: str, batch: Sequence[Pending], reason: str) -> Landing:
        etag = ""
        events = sorted(batch, key=lambda one: (one.event.writer, one.event.seq))
        for writer, group in groupby(events, key=lambda one: one.event.writer):
            entries = [*group]
            after = entries[0].journal.mark(writer, date).last
            etag = self._parts.put(date, [one.event for one in entries], after=after)
        key = self._days.key(date)
        return Landing(key=key, etag=etag, rev=0, merged=False, reason=reason)


def _gone(day: Day, batch: Sequence[Pending]) -> str:
    """Say whether a file is missing that has held events of ours."""
    if day.etag:
        return ""
    marks = (one.journal.mark(one.event.writer, one.date) for one in batch)
    return "it was there, and is gone" if any(mark.direct for mark in marks) else ""


def _landing(day: Day) -> Landing:
    return Landing(key=day.key, etag=day.etag, rev=day.table.rev, merged=True)
