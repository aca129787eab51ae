"""The way to one destination: worker threads, as many as its pace and health allow."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sealift.agent.health import Gate, Health
from sealift.agent.pace import Pace
from sealift.deliver import Address, find, lift
from sealift.destinations.base import Destination, PartLog, Stored
from sealift.errors import SealiftError, SourceChangedError, ThrottledError, TransientError
from sealift.events import BackedOff, Observer, PaceChanged, Paused, Resumed
from sealift.ledger.records import Identity
from sealift.sealing.parcel import Parcel

LEAST_QUEUED = 256
"""Jobs kept ready beside those under way, so that workers never wait for the next batch."""

LARGE_AT_ONCE = 2
"""Large bodies under way at once: each takes several parts of memory, and most of a line."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One attempt to get one item to one destination."""

    seq: int
    path: bytes
    identity: Identity
    lane: "Lane"
    address: Address
    parcel: Parcel | None
    """What to put; None to only look whether an earlier attempt arrived."""

    gone: str = ""
    """Why there is nothing to put any more, when there is not."""

    tries: int = 0
    """Attempts before this one."""

    last_code: str = ""
    """How the attempt before this one ended."""

    part_log: PartLog | None = None
    probe: bool = False
    """It tries whether a closed destination works again."""

    @property
    def large(self) -> bool:
        """Whether the body is read and sent in pieces."""
        return self.parcel is not None and type(self.parcel.body) is not bytes


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How an attempt ended."""

    job: Job
    stored: Stored | None = None
    """Where it is now; None if it failed, or a look found nothing."""

    error: SealiftError | None = None
    seconds: float = 0.0
    attempted: bool = True
    """False if the destination closed before the job's turn came."""


class Lane:
    """Carries jobs to one destination.

    Used from the route's thread only; its workers are inside.

    Args:
        route: The route's name, for events.
        destination: Where jobs go.
        most: Most uploads at once.
        replace: Put over another's object.
        health: Whether it may be used.
        outcomes: Where workers leave what came of a job.
        clock: Monotonic seconds.
        notify: Who is told.
    """

    def __init__(
        self,
        route: str,
        destination: Destination,
        *,
        most: int,
        replace: bool,
        health: Health,
        outcomes: "SimpleQueue[Outcome | None]",
        clock: Callable[[], float],
        notify: Observer,
    ) -> None:
        self.destination = destination
        self.name = destination.name
        self.health = health
        self.in_flight = 0
        self._route = route
        self._replace = replace
        self._outcomes = outcomes
        self._clock = clock
        self._notify = notify
        self._pace = Pace(most, clock())
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._workers = 0
        self._leaving: SimpleQueue[None] = SimpleQueue()
        self._draining = False
        self._large = 0
        self._parked: deque[Job] = deque()
        self._large_lock = threading.Lock()

    def room(self) -> int:
        """Tell how many more jobs it takes now."""
        allowed = self.health.allows(self._clock())
        if allowed is None:
            limit = self._pace.limit
            allowed = limit + max(LEAST_QUEUED, limit)
        return max(0, allowed - self.in_flight)

    def submit(self, job: Job) -> None:
        """Take a job; its outcome comes by the queue."""
        self.in_flight += 1
        job.probe = self.health.gate is not Gate.OPEN
        if self._workers < min(self._pace.limit, self.in_flight):
            self._hire()
        self._jobs.put(job)

    def finished(self, outcome: Outcome) -> None:
        """Learn from an outcome how fast, and whether at all, to go on."""
        self.in_flight -= 1
        if not outcome.attempted:
            return
        now = self._clock()
        error = outcome.error
        if error is None:
            reopened = self.health.succeeded()
            if reopened:
                self._notify(Resumed(route=self._route, place=self.name))
            busy = self.in_flight >= self._pace.limit
            if not outcome.job.large and self._pace.finished(outcome.seconds, now, busy=busy):
                self._resize()
        elif isinstance(error, SourceChangedError):
            return  # the file's doing, not the destination's
        elif isinstance(error, TransientError):
            if isinstance(error, ThrottledError) and self._pace.throttled(now):
                self._resize()
            if self.health.failed(error, now):
                self._tell_gate(error, now)

    def start(self) -> None:
        """Take jobs, also after a `stop`."""
        self._draining = False

    def drain(self) -> None:
        """Begin none of the jobs that wait for a worker; they come back unattempted. Any thread."""
        self._draining = True

    def stop(self) -> None:
        """Let the workers go home when they have finished what they have."""
        self._draining = True
        # Also those that were told to leave and wait for a last job.
        for _ in range(self._workers + self._leaving.qsize()):
            self._jobs.put(None)
        self._workers = 0

    def _resize(self) -> None:
        limit = self._pace.limit
        while self._workers > limit:
            self._workers -= 1
            self._leaving.put(None)
        for _ in range(self._workers, min(limit, self.in_flight)):
            self._hire()
        self._notify(PaceChanged(route=self._route, destination=self.name, concurrency=limit))

    def _hire(self) -> None:
        worker = threading.Thread(
            target=self._work, name=f"sealift-{self._route}-{self.name}", daemon=True
        )
        try:
            worker.start()
        except RuntimeError:  # the system has no more threads: those that are there go on
            if not self._workers:
                raise
            return
        self._workers += 1

    def _work(self) -> None:
        jobs = self._jobs
        while (job := jobs.get()) is not None:
            if job.large:
                self._work_large(job)
            else:
                self._outcomes.put(self._outcome(job))
            if self._leaving.qsize() and self._may_leave():
                return

    def _work_large(self, job: Job) -> None:
        """Do a large job, or park it for one of the workers that are at one already."""
        with self._large_lock:
            if self._large >= LARGE_AT_ONCE:
                self._parked.append(job)
                return
            self._large += 1
        while True:
            self._outcomes.put(self._outcome(job))
            with self._large_lock:
                if not self._parked:
                    self._large -= 1
                    return
                job = self._parked.popleft()

    def _may_leave(self) -> bool:
        try:
            self._leaving.get_nowait()
        except Empty:
            return False
        return True

    def _outcome(self, job: Job) -> Outcome:
        if self._draining or not (self.health.gate is Gate.OPEN or job.probe):
            return Outcome(job=job, error=self.health.reason, attempted=False)
        began = self._clock()
        stored: Stored | None = None
        error: SealiftError | None = None
        try:
            stored = self._attempt(job)
        except SealiftError as failure:
            error = failure
        # Also a panic of a Rust library, which is no Exception: the item must survive it.
        except BaseException as failure:  # noqa: BLE001
            error = TransientError(f"Unexpected {type(failure).__name__} in the delivery.")
        return Outcome(job=job, stored=stored, error=error, seconds=self._clock() - began)

    def _attempt(self, job: Job) -> Stored | None:
        if job.parcel is None:
            return find(self.destination, job.address)
        return lift(
            self.destination,
            job.address,
            job.parcel,
            replace=self._replace,
            part_log=job.part_log,
        )

    def _tell_gate(self, error: SealiftError, now: float) -> None:
        seconds = self.health.retry_at - now
        if self.health.gate is Gate.PAUSED:
            self._notify(
                Paused(
                    route=self._route,
                    place=self.name,
                    code=error.code,
                    reason=error.message,
                    hint=error.hint,
                    probe_seconds=seconds,
                )
            )
        elif self.health.gate is Gate.BACKING_OFF:
            self._notify(
                BackedOff(
                    route=self._route,
                    destination=self.name,
                    code=error.code,
                    reason=error.message,
                    seconds=seconds,
                )
            )
