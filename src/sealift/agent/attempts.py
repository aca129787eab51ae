"""Makes attempts in threads of this process, large bodies only a few at once."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import cast

from sealift.agent.crew import Crew
from sealift.agent.job import Job, Outcome
from sealift.deliver import find, lift
from sealift.destinations.base import Destination, KeyOrder, NamesKeys, Stored
from sealift.errors import SealiftError, TransientError

LARGE_AT_ONCE = 2
"""Large bodies under way at once: each takes several parts of memory, and most of a line."""


Unnamed = tuple[tuple[Job, KeyOrder], ...]
"""Jobs whose destination is to name their keys, all in one call."""


class Attempts:
    """Carries jobs to a destination and tells what came of them.

    Args:
        destination: Where jobs go.
        replace: Put over another's object.
        tell: Is given outcomes, in the thread that made the attempts.
        clock: Monotonic seconds.
        name: Name of the threads.
    """

    def __init__(
        self,
        destination: Destination,
        *,
        replace: bool,
        tell: Callable[[Sequence[Outcome]], None],
        clock: Callable[[], float],
        name: str,
    ) -> None:
        self._destination = destination
        self._replace = replace
        self._tell = tell
        self._clock = clock
        self._crew: Crew[Job | Unnamed] = Crew(self._do, name)
        self._held: SealiftError | None = None
        self._draining = False
        self._large = 0
        self._parked: deque[Job] = deque()
        self._large_lock = threading.Lock()
        self.limit = self._crew.limit
        self.staff = self._crew.staff
        self.submit = self._crew.submit
        self.stop = self._crew.stop

    def hold(self, reason: SealiftError | None) -> None:
        """Begin no waiting job but a probe, because of *reason*; None to go on."""
        self._held = reason

    def drain(self, *, draining: bool) -> None:
        """Begin none of the jobs that wait; they come back unattempted. Any thread."""
        self._draining = draining

    def _do(self, work: "Job | Unnamed") -> None:
        if isinstance(work, tuple):
            self._tell(self._named(work))
        elif work.large:
            self._do_large(work)
        else:
            self._tell((self._outcome(work),))

    def _do_large(self, job: Job) -> None:
        """Do a large job, or park it for one of the threads that are at one already."""
        with self._large_lock:
            if self._large >= LARGE_AT_ONCE:
                self._parked.append(job)
                return
            self._large += 1
        while True:
            self._tell((self._outcome(job),))
            with self._large_lock:
                if not self._parked:
                    self._large -= 1
                    return
                job = self._parked.popleft()

    def _named(self, work: "Unnamed") -> list[Outcome]:
        """Have the keys of jobs named."""
        jobs = [job for job, _order in work]
        if not any(self._may_begin(job) for job in jobs):
            return [Outcome(job=job, error=self._held, attempted=False) for job in jobs]
        destination = cast("NamesKeys", self._destination)
        try:
            found = destination.name_keys([order for _job, order in work])
        except SealiftError as failure:
            found = [failure] * len(jobs)
        except BaseException as failure:  # noqa: BLE001  as in _outcome
            error = TransientError(f"Unexpected {type(failure).__name__} in naming a key.")
            found = [error] * len(jobs)
        return [
            Outcome(job=job, key=one) if isinstance(one, str) else Outcome(job=job, error=one)
            for job, one in zip(jobs, found, strict=True)
        ]

    def _may_begin(self, job: Job) -> bool:
        return not self._draining and (self._held is None or job.probe)

    def _outcome(self, job: Job) -> Outcome:
        if not self._may_begin(job):
            return Outcome(job=job, error=self._held, attempted=False)
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
            return find(self._destination, job.address)
        return lift(
            self._destination,
            job.address,
            job.parcel,
            replace=self._replace,
            part_log=job.part_log,
        )
