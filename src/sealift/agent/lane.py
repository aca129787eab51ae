"""The way to one destination: as many puts at once as its pace and health allow."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from sealift.agent.attempts import Attempts
from sealift.agent.health import Gate, Health
from sealift.agent.job import Job, Outcome
from sealift.agent.naming import KeyNaming
from sealift.agent.news import paused
from sealift.agent.pace import Pace
from sealift.destinations.base import Destination, NamesKeys
from sealift.errors import SealiftError, SourceChangedError, ThrottledError, TransientError
from sealift.events import BackedOff, Observer, PaceChanged, Resumed

if TYPE_CHECKING:
    from queue import SimpleQueue

LEAST_QUEUED = 256
"""Jobs kept ready beside those under way, so that workers never wait for the next batch."""


class Lane:
    """Carries jobs to one destination.

    Used from the route's thread only; its workers are inside.

    Args:
        route: The route's name, for events.
        destination: Where jobs go.
        most: Most uploads at once.
        replace: Put over another's object.
        filename: Gives a file's name as it may be told, without its folders.
        health: Whether it may be used.
        outcomes: Where workers leave what came of jobs.
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
        filename: Callable[[bytes], str],
        health: Health,
        outcomes: "SimpleQueue[Sequence[Outcome] | None]",
        clock: Callable[[], float],
        notify: Observer,
    ) -> None:
        self.destination = destination
        self.name = destination.name
        self.health = health
        self.in_flight = 0
        self._route = route
        self._replace = replace
        self._clock = clock
        self._notify = notify
        self._pace = Pace(most, clock())
        self._workers = Attempts(
            destination,
            replace=replace,
            tell=outcomes.put,
            clock=clock,
            name=f"sealift-{route}-{self.name}",
        )
        self._workers.limit(self._pace.limit)
        self._naming = (
            KeyNaming(
                cast("NamesKeys", destination), filename=filename, submit=self._workers.submit
            )
            if destination.capabilities.names_keys
            else None
        )

    def room(self) -> int:
        """Tell how many more jobs it takes now."""
        allowed = self.health.allows(self._clock())
        if allowed is None:
            limit = self._pace.limit
            allowed = limit + max(LEAST_QUEUED, limit)
        return max(0, allowed - self.in_flight)

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take jobs; their outcomes come by the queue."""
        self.in_flight += len(jobs)
        if self.health.gate is not Gate.OPEN:
            for job in jobs:
                job.probe = True
        self._workers.staff(self.in_flight)
        if self._naming is not None:
            self._naming.add([job for job in jobs if job.parcel is not None])
            self._naming.feed(self.in_flight, self._pace.limit)
            jobs = [job for job in jobs if job.parcel is None]
        for job in jobs:
            self._workers.submit(job)

    def go_on(self, job: Job) -> None:
        """Put a job that is in flight already, and whose key is reserved now."""
        self._workers.submit(job)

    def finished(self, outcome: Outcome) -> None:
        """Learn from an outcome how fast, and whether at all, to go on."""
        self.in_flight -= 1
        if self._naming is not None:
            self._naming.feed(self.in_flight, self._pace.limit)
        if not outcome.attempted:
            return
        now = self._clock()
        error = outcome.error
        if error is None:
            if self.health.succeeded():
                self._workers.hold(None)
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
                self._workers.hold(self.health.reason)
                self._tell_gate(error, now)

    def start(self) -> None:
        """Take jobs, also after a `stop`."""
        self._workers.limit(self._pace.limit)
        self._workers.drain(draining=False)

    def drain(self) -> None:
        """Begin none of the jobs that wait for a worker; they come back unattempted. Any thread."""
        self._workers.drain(draining=True)

    def stop(self) -> None:
        """Let the workers go home when they have finished what they have."""
        self.drain()
        self._workers.stop()

    def _resize(self) -> None:
        limit = self._pace.limit
        self._workers.limit(limit)
        self._workers.staff(self.in_flight)
        self._notify(PaceChanged(route=self._route, destination=self.name, concurrency=limit))

    def _tell_gate(self, error: SealiftError, now: float) -> None:
        seconds = self.health.retry_at - now
        if self.health.gate is Gate.PAUSED:
            self._notify(paused(self._route, self.name, error, seconds=seconds))
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
