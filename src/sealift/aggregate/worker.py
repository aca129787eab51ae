"""The thread that brings accepted events into S3, batch after batch, and answers who waits."""

import random as chance
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import Final

from sealift.aggregate.added import Added
from sealift.aggregate.flushing import Landing
from sealift.aggregate.journal import Pending
from sealift.errors import NotSentError, PausedError, SealiftError, TransientError
from sealift.events import BackedOff, Observer, Resumed

ROUTE: Final = "segments"
"""Name of the route in events."""

KEPT: Final = "The event is kept in the journal and sent by itself: do not add it again."
_BATCH: Final = 20_000
_FIRST_BACKOFF_SECONDS: Final = 0.2
_MOST_BACKOFF_SECONDS: Final = 5.0
_MOST_PAUSE_SECONDS: Final = 60.0
"""For what somebody has to mend first."""

Flush = Callable[[str, list[Pending]], Landing]


class Worker:
    """Holds what waits, in order, a queue for each day.

    Args:
        flush: Brings a batch of a day into S3.
        wait_seconds: How long to wait before the next batch of a day.
        gather_seconds: How long the first event of a batch waits for others.
        answer_seconds: How long callers wait while S3 cannot be reached.
        place: Name of the store, for events.
        notify: Who is told.
    """

    def __init__(
        self,
        flush: Flush,
        wait_seconds: Callable[[str], float],
        *,
        gather_seconds: float,
        answer_seconds: float,
        place: str,
        notify: Observer,
    ) -> None:
        self._flush = flush
        self._wait_seconds = wait_seconds
        self._gather_seconds = gather_seconds
        self._answer_seconds = answer_seconds
        self._place = place
        self._notify = notify
        self._queues: dict[str, deque[Pending]] = {}
        self._due: dict[str, float] = {}
        self._gathered: dict[str, float] = {}
        self._size = 0
        self._count = 0
        self._failures = 0
        self._failing_since = 0.0
        self._not_before = 0.0
        self._ending: float | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="sealift-segments", daemon=True)

    @property
    def waiting(self) -> int:
        """How many events are not known to be in S3."""
        return self._count

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, entries: Iterable[Pending]) -> None:
        """Take over accepted events, in the order of their numbers."""
        now = time.monotonic()
        with self._changed:
            for one in entries:
                queue = self._queues.get(one.date)
                if queue is None:
                    queue = self._queues[one.date] = deque()
                    self._gathered[one.date] = now + self._gather_seconds
                queue.append(one)
                self._count += 1
            self._changed.notify_all()

    def wait_empty(self, seconds: float) -> bool:
        """Wait until everything is in S3; False if it is not in time."""
        with self._changed:
            self._not_before = 0.0
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._count, seconds)

    def stop(self, seconds: float) -> None:
        """End, and before try to bring what waits into S3, for so many seconds at most."""
        with self._changed:
            self._ending = time.monotonic() + seconds
            self._not_before = 0.0
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        for queue in self._queues.values():
            for one in queue:
                _fail(one, NotSentError("The daily aggregate was closed.", hint=KEPT))

    def _run(self) -> None:
        while date := self._next():
            with self._changed:
                queue = self._queues[date]
                batch = [queue.popleft() for _ in range(min(len(queue), _BATCH))]
                if not queue:
                    del self._queues[date], self._gathered[date]
            try:
                landing = self._flush(date, batch)
            except SealiftError as error:
                self._failed(date, batch, error)
            except Exception as error:  # noqa: BLE001  the thread must not end, whatever it is
                text = f"Unexpected {type(error).__name__} while segments were written."
                self._failed(date, batch, SealiftError(text, hint="Please report this."))
            else:
                self._landed(date, batch, landing)

    def _next(self) -> str:
        """Wait for a day that is due; empty when it is time to end."""
        with self._changed:
            while True:
                now = time.monotonic()
                if self._ending is not None and (
                    not self._queues or now > self._ending or self._failures > 1
                ):
                    return ""
                wait = None
                if self._queues:
                    date = min(self._queues, key=self._due_at)
                    due = max(self._due_at(date), self._not_before)
                    if due <= now or self._ending is not None:
                        return date
                    wait = due - now
                self._changed.wait(wait)

    def _due_at(self, date: str) -> float:
        """Say when a day is to be written, as far as pace and gathering go."""
        due = self._due.get(date, 0.0)
        # When as many wait as were answered lately, nobody else is to be expected.
        is_full = 1 < self._size <= len(self._queues[date])
        return due if is_full else max(due, self._gathered.get(date, 0.0))

    def _landed(self, date: str, batch: list[Pending], landing: Landing) -> None:
        by_journal: dict[int, list[Pending]] = {}
        for one in batch:
            by_journal.setdefault(id(one.journal), []).append(one)
        for entries in by_journal.values():
            entries[0].journal.landed(entries, merged=landing.merged)
        added = Added(
            date=date,
            key=landing.key,
            etag=landing.etag,
            rev=landing.rev,
            merged=landing.merged,
            reason=landing.reason,
        )
        with self._changed:
            self._count -= len(batch)
            self._size = max(len(batch), self._size * 3 // 4)
            self._due[date] = time.monotonic() + self._wait_seconds(date)
            if len(self._due) > len(self._queues) + 2:
                self._due = {d: at for d, at in self._due.items() if d in self._queues or d == date}
            failed, self._failures = self._failures, 0
            self._changed.notify_all()
        if failed:
            self._notify(Resumed(route=ROUTE, place=self._place))
        for one in batch:
            with suppress(InvalidStateError):  # answered, or given up by the caller
                if not one.future.done():
                    one.future.set_result(added)

    def _failed(self, date: str, batch: list[Pending], error: SealiftError) -> None:
        now = time.monotonic()
        is_for_people = isinstance(error, PausedError) or not isinstance(error, TransientError)
        with self._changed:
            queue = self._queues.setdefault(date, deque())
            queue.extendleft(reversed(batch))
            self._gathered[date] = now
            if not self._failures:
                self._failing_since = now
            self._failures += 1
            limit = _MOST_PAUSE_SECONDS if is_for_people else _MOST_BACKOFF_SECONDS
            most = min(limit, _FIRST_BACKOFF_SECONDS * 2.0 ** min(self._failures, 20))
            wait = max(most * chance.random(), getattr(error, "retry_after_seconds", 0.0))  # noqa: S311
            self._not_before = now + wait
            late = now - self._failing_since >= self._answer_seconds
            told = is_for_people or late
            asking = [one for each in self._queues.values() for one in each] if told else []
        self._notify(
            BackedOff(
                route=ROUTE,
                destination=self._place,
                code=error.code,
                reason=error.message,
                seconds=wait,
            )
        )
        for one in asking:
            _fail(one, type(error)(error.message, hint=f"{error.hint} {KEPT}".strip()))


def _fail(one: Pending, error: SealiftError) -> None:
    with suppress(InvalidStateError):
        if not one.future.done():
            one.future.set_exception(error)
