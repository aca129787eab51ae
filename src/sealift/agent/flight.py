"""What is under way to the destinations, how much more may be, and what is sent next."""

from collections.abc import Sequence

from sealift.agent.backlog import BATCH, Backlog
from sealift.agent.health import Gate
from sealift.agent.job import Job, Outcome
from sealift.agent.lane import Lane
from sealift.agent.prepared import Settleable
from sealift.agent.resealing import Resealing
from sealift.ledger.ledger import Ledger

IN_MEMORY_BYTES = 64 << 20
"""Sealed bytes held at once; one larger item may pass alone."""


class Flight:
    """Sends jobs within the room of the lanes and of the memory, and keeps count of them.

    Args:
        ledger: The ledger; it keeps what finds no room.
        lanes: The route's lanes.
        backlog: What waits in the ledger.
        resealing: Makes jobs of that.
    """

    def __init__(
        self, ledger: Ledger, lanes: Sequence[Lane], backlog: Backlog, resealing: Resealing
    ) -> None:
        self._ledger = ledger
        self._lanes = lanes
        self._backlog = backlog
        self._resealing = resealing
        self._bytes = 0
        self._jobs: set[tuple[int, str]] = set()

    @property
    def count(self) -> int:
        """How many jobs are under way."""
        return sum(lane.in_flight for lane in self._lanes)

    @property
    def room_bytes(self) -> int:
        """How many more bytes may be held."""
        return IN_MEMORY_BYTES - self._bytes

    def room(self) -> int:
        """Tell how many candidates may be taken now.

        A lane that is closed does not hold up the others: its deliveries wait in
        the ledger. When all are, new items take turns at probing with what waits,
        until enough wait.
        """
        if self.room_bytes <= 0:
            return 0
        lanes = [lane for lane in self._lanes if lane.health.gate is Gate.OPEN]
        if not lanes:
            return int(any(lane.room() for lane in self._lanes) and self._backlog.is_short())
        room = max(lane.room() for lane in lanes)
        if room < BATCH // 2 and self.count:
            return 0
        # Half of it where what waits already had no room at its last turn.
        return room // 2 if self._backlog.behind else room

    def landed(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of jobs that are under way no longer."""
        for outcome in outcomes:
            job = outcome.job
            self._bytes -= _held(job)
            job.lane.finished(outcome)
            self._jobs.discard((job.seq, job.lane.name))
            if job.probe:
                self._backlog.look_now()  # it may be open now

    def oldest(self, complete: Sequence[Settleable]) -> int | None:
        """Tell the oldest item that a crash now would leave to the next run.

        Args:
            complete: What is under way no longer, and not settled yet.
        """
        seqs = [seq for seq, _lane in self._jobs]
        seqs += [item.seq for item in complete]
        return min(seqs, default=None)

    def send(self, jobs: Sequence[Job]) -> None:
        """Send jobs; those without room go back to the ledger."""
        if not jobs:
            return
        unsent: list[Job] = []
        for lane in self._lanes:
            mine = [job for job in jobs if job.lane is lane]
            room = lane.room()
            unsent += mine[room:]
            del mine[room:]
            self._bytes += sum(map(_held, mine))
            self._jobs.update((job.seq, lane.name) for job in mine)
            if mine:
                lane.submit(mine)
        if unsent:
            self._ledger.postpone([(job.seq, job.lane.name, 0.0) for job in unsent])

    def go_on(self, named: Sequence[Outcome]) -> None:
        """Send on what has its key from its destination, now that the ledger holds it."""
        for outcome in named:
            job = outcome.job
            job.address = job.address._replace(key=outcome.key)
            job.lane.go_on(job)

    def send_due(self, outcomes: Sequence[Outcome]) -> bool:
        """Send what the ledger says is due, if it is time to look; tell whether there is more.

        Args:
            outcomes: What has just landed: a failure is a reason to look.
        """
        backlog = self._backlog
        failed = any(outcome.error is not None for outcome in outcomes)
        if not (failed or (outcomes and backlog.behind)) and backlog.next_seconds() > 0:
            return False
        backlog.begin()
        more = False
        for lane in self._lanes:
            due, rest = backlog.due(lane, self._jobs, self.room_bytes)
            if due:
                self.send(self._resealing.jobs(lane, due))
            more |= rest
        if not more:
            backlog.looked()
        return more


def _held(job: Job) -> int:
    """Bytes that a job holds in memory."""
    parcel = job.parcel
    return parcel.size if parcel is not None and isinstance(parcel.body, bytes) else 0
