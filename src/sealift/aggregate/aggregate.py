"""`DailyAggregate`: one JSON file a day in S3, to which any number of writers add."""

import hashlib
import os
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Final, Self
from zoneinfo import ZoneInfo

from sealift.aggregate.added import Added, Shown
from sealift.aggregate.compactor import Compacted, Compactor
from sealift.aggregate.days import Days
from sealift.aggregate.flushing import Flusher, Landing
from sealift.aggregate.journal import Pending
from sealift.aggregate.journals import Journals
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.parts import Parts
from sealift.aggregate.payload import Profile, check_payload
from sealift.aggregate.rereading import Rereading
from sealift.aggregate.showing import shown
from sealift.aggregate.upkeep import Upkeep
from sealift.aggregate.worker import KEPT, ROUTE, Worker
from sealift.destinations.s3_versions import S3Versions
from sealift.destinations.versioned import VersionedStore
from sealift.errors import NotSentError, SealiftError, StateError, ThrottledError
from sealift.events import Observer, Paused, Resumed, ignore

_CLOSE_SECONDS: Final = 30.0
_WRITER_BYTES: Final = 6


class DailyAggregate:
    """
    Adds events to the file of their day, each once, whatever happens in between.

    An event is on this machine's disk when `submit` returns, and in S3 when its future
    ends. What is accepted and not in S3 when the process dies is sent by the next one
    that opens the same journal. All methods may be called from many threads at once.

    Args:
        options: Where, and how it grows.
        clock: Wall clock, seconds since 1970.
        notify: Who is told of outages, and of days that go wrong.
        store: Where the files are, instead of the bucket of the options.
        random: Gives so many random bytes.

    Raises:
        ConfigError: An option is wrong.
        StateError: The journal cannot be used.
    """

    def __init__(
        self,
        options: AggregateOptions,
        *,
        clock: Callable[[], float] = time.time,
        notify: Observer = ignore,
        store: VersionedStore | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        options.check()
        self._options = options
        self._clock = clock
        self._notify = notify
        self._random = random
        self._zone = ZoneInfo(options.time_zone)
        self._store = Rereading(store or S3Versions(options.s3, clock=clock))
        self._days = Days(self._store, options, random=random)
        self._parts = Parts(self._days)
        self._flusher = Flusher(self._days, self._parts, options)
        self._compactor = Compactor(
            self._days,
            self._parts,
            single_writer=options.single_writer,
            grace_seconds=options.grace_seconds,
            clock=clock,
        )
        self._worker = Worker(
            self._flush,
            self._flusher.wait_seconds,
            gather_seconds=options.gather_seconds,
            answer_seconds=options.answer_seconds,
            place=self._store.name,
            notify=notify,
        )
        self._journals = Journals(
            options.journal / _destination_id(options), self._worker.add, self._new_writer
        )
        self._journals.adopt()
        self._upkeep = Upkeep(
            self._compactor,
            lambda: self._journals.all,
            self._journals.adopt,
            seconds=options.compact_seconds,
            notify=notify,
        )
        self._told: dict[str, str] = {}
        self._closing = threading.Lock()
        self._is_closed = False
        self._worker.start()
        self._upkeep.start()

    def check(self, payload: object) -> Profile:
        """Check a payload, and give what of it would be stored; touches neither disk nor S3.

        Raises:
            PayloadError: It is no profile; the message says what is wrong.
        """
        return check_payload(payload)

    def add(self, payload: object, *, timeout: float | None = None) -> Added:
        """
        Add an event, and wait until it is in S3.

        Args:
            payload: The customer profile: `{"traits": {"smi_uid": …}, "segments": […]}`.
            timeout: How long to wait, in seconds.

        Raises:
            PayloadError: It is no profile. Nothing was written.
            LedgerWaitsError, ThrottledError: It was not accepted.
            TransientError: It is not in S3 yet, but kept, and sent by itself.
        """
        try:
            return self.submit(payload).result(timeout)
        except TimeoutError:
            raise NotSentError("S3 did not take it in time.", hint=KEPT) from None

    def submit(self, payload: object) -> Future[Added]:
        """
        Accept an event: it is on this machine's disk when this returns.

        Returns:
            Ends when the event is in S3; or with the reason why it is not yet: it is
            then kept, and sent by itself.

        Raises:
            PayloadError: It is no profile. Nothing was written.
            LedgerWaitsError: The disk does not take it. It was not accepted.
            ThrottledError: `max_waiting` events wait for S3. It was not accepted.
        """
        return self.submit_many([payload])[0]

    def submit_many(self, payloads: Sequence[object]) -> list[Future[Added]]:
        """Accept events together, all or none; see `submit`."""
        profiles = [check_payload(payload) for payload in payloads]
        if self._is_closed:
            raise StateError("The daily aggregate is closed.", hint="Open another one.")
        waiting = self._worker.waiting
        if waiting and waiting + len(profiles) > self._options.max_waiting:
            raise ThrottledError(
                f"{waiting} events wait for S3 already.", hint="Add them again later."
            )
        now = self._clock()
        date = self.date(now)
        taken = self._journals.own.accept([(date, one) for one in profiles], int(now * 1e9))
        return [one.future for one in taken]

    def date(self, now: float | None = None) -> str:
        """Give the date whose file an event of *now* goes to."""
        when = self._clock() if now is None else now
        return datetime.fromtimestamp(when, self._zone).date().isoformat()

    @property
    def waiting(self) -> int:
        """How many events are accepted and not known to be in S3."""
        return self._worker.waiting

    def flush(self, *, timeout: float = 60.0) -> None:
        """Wait until all that was accepted is in S3.

        Raises:
            NotSentError: It is not in time; it is kept, and sent by itself.
        """
        if not self._worker.wait_empty(timeout):
            raise NotSentError(f"{self._worker.waiting} events wait for S3.", hint=KEPT)

    def show(self, date: str = "") -> Shown:
        """Give a day as S3 has it, what waits in parts folded in; today if none is said.

        Raises:
            TransientError: It could not be read now.
        """
        return shown(self._days, self._parts, date or self.date(), waiting=self._worker.waiting)

    def compact(self, date: str = "", *, anew: bool = False) -> Compacted:
        """Fold the parts of a day into its file; see `Compactor.compact`."""
        return self._compactor.compact(date or self.date(), anew=anew)

    def close(self, *, timeout: float = _CLOSE_SECONDS) -> None:
        """End; before, bring into S3 what waits, for so many seconds at most.

        What does not get there stays in the journal for the next one that opens it.
        """
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
        self._worker.stop(timeout)
        self._upkeep.stop()
        self._journals.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _flush(self, date: str, batch: list[Pending]) -> Landing:
        landing = self._flusher.flush(date, batch)
        if not landing.merged and self._options.single_writer:
            landing = self._folded(date, batch, landing)
        self._tell(date, landing)
        return landing

    def _folded(self, date: str, batch: list[Pending], landing: Landing) -> Landing:
        """Fold at once what a single writer put into parts, as its store ignores conditions."""
        if self._store.conditions_hold():
            return landing
        # Parts outlive their folding: should a late request undo it, it is done again.
        self._upkeep.watch(date)
        try:
            done = self._compactor.compact(date)
        except SealiftError:
            return landing  # they are in S3; the upkeep folds them, or says why not
        if done.unfolded & {one.event.writer for one in batch}:
            return landing
        return replace(landing, etag=done.etag, merged=True)

    def _tell(self, date: str, landing: Landing) -> None:
        problem = "" if landing.merged else self._flusher.problem(date)
        before = self._told.get(date, "")
        if problem == before:
            return
        self._told = {date: problem}
        place = landing.key
        if problem:
            self._notify(
                Paused(
                    route=ROUTE,
                    place=place,
                    code="foreign_file",
                    reason=f"{self._store.url(place)} is no day's file: {problem}. "
                    "It was not touched; events go to parts beside it.",
                    hint="Mend it or move it away, and then run: sealift segments compact",
                    probe_seconds=self._options.compact_seconds,
                )
            )
        else:
            self._notify(Resumed(route=ROUTE, place=place))

    def _new_writer(self) -> str:
        return urlsafe_b64encode(self._random(_WRITER_BYTES)).decode()


def _destination_id(options: AggregateOptions) -> str:
    s3 = options.s3
    facts = (s3.endpoint_url, s3.bucket, s3.prefix, options.suffix)
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
