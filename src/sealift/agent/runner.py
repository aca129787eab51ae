"""Runs one route: offers candidates to the intake, jobs to the lanes, outcomes to the accounts."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from sealift.agent.accounts import Accounts
from sealift.agent.health import Gate, Health
from sealift.agent.intake import Intake, Settleable
from sealift.agent.lane import Job, Lane, Outcome
from sealift.agent.route import Conflict, Route
from sealift.errors import PausedError, SourceFolderError
from sealift.events import Event, Observer, Paused, Resumed, RouteStarted, RouteStopped
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Pause
from sealift.sources.base import Candidate

BATCH = 128
"""Items in one commit."""

LINGER_SECONDS = 0.02
"""How long outcomes are gathered for one commit while there is other work in flight."""

IN_MEMORY_BYTES = 64 << 20
"""Sealed bytes held at once; one larger item may pass alone."""

LEDGER_LOOK_SECONDS = 2.0
"""How soon a decision of `sealift quarantine release` or `retry` is taken up."""

QUICK_TRIES = 4
"""With `once`, an item that failed so often is left to a later run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the outside gives: clocks, chance and who is told."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970."""

    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    notify: Observer = field(default=lambda _event: None)


class Runner:
    """Runs a route in the thread that calls `run`.

    Args:
        route: The route, ready.
        ledger: The ledger of its state directory, whose lock the caller holds.
        surroundings: Clocks, chance and who is told.
    """

    def __init__(self, route: Route, ledger: Ledger, surroundings: Surroundings) -> None:
        self.route = route
        self._ledger = ledger
        self._wall = surroundings.wall
        self._monotonic = surroundings.monotonic
        self._observer = surroundings.notify
        self._mail: SimpleQueue[Outcome | None] = SimpleQueue()
        self._lanes = [
            Lane(
                route.name,
                destination,
                most=route.concurrency,
                replace=route.on_conflict is Conflict.OVERWRITE,
                health=Health(route.probe_seconds, surroundings.random),
                outcomes=self._mail,
                clock=self._monotonic,
                notify=self._notify,
            )
            for destination in route.destinations
        ]
        self._intake = Intake(route, ledger, self._lanes, wall=self._wall, notify=self._notify)
        self._accounts = Accounts(
            route, ledger, wall=self._wall, random=surroundings.random, notify=self._notify
        )
        self._feed: Iterator[Candidate] = iter(())
        self._sweeping = False
        self._next_sweep = 0.0
        self._next_look = 0.0
        self._bytes = 0
        self._settled: list[tuple[int, bytes]] = []
        self._flying: set[tuple[int, str]] = set()
        self._events: list[Event] = []
        self._source_problem: SourceFolderError | None = None
        self._draining = False
        self._stopping = False

    def drain(self) -> None:
        """Begin nothing new, finish what is in flight, and return from `run`. Any thread."""
        self._draining = True
        self._mail.put(None)

    def stop(self) -> None:
        """Return from `run` at once; what is in flight is looked into next time. Any thread."""
        self._stopping = True
        self.drain()

    def wake(self) -> None:
        """Look at once at what the source has heard of. Any thread."""
        self._mail.put(None)

    def scan_now(self) -> None:
        """Sweep the source now. Any thread."""
        self._next_sweep = 0.0
        self._mail.put(None)

    def run(self, *, once: bool = False) -> None:
        """Deliver until `drain` is called, or with *once* until all that is ready now is delivered.

        Raises:
            PermanentError: The route cannot go on, because of the ledger, say.
                What is in flight is known to the ledger and taken up next time.
        """
        self._start()
        try:
            busy = True
            while not self._draining:
                outcomes = self._gather(busy=busy, once=once)
                busy = self._turn(outcomes, self._take())
                if once and not busy and self._is_finished():
                    break
            self._finish()
        finally:
            self.route.source.close()
            for lane in self._lanes:
                lane.stop()

    @property
    def paused(self) -> PausedError | None:
        """Why the source or a destination is paused; None if none is."""
        if self._source_problem is not None:
            return self._source_problem
        reasons = (lane.health.reason for lane in self._lanes if lane.health.gate is Gate.PAUSED)
        return next((r for r in reasons if isinstance(r, PausedError)), None)

    @property
    def not_ready(self) -> int:
        """How many files are kept in mind because they are not complete yet."""
        return self.route.source.not_ready

    # Beginning and end ----------------------------------------------------------------------

    def _start(self) -> None:
        self._ledger.recover(self.route.name)
        self._ledger.resume(self.route.name)
        self._notify(
            RouteStarted(
                route=self.route.name,
                source=self.route.source.description,
                destinations=tuple(lane.destination.url("") for lane in self._lanes),
                waiting=self._ledger.waiting(self.route.name),
            )
        )
        unsettled = self._ledger.unsettled(self.route.name)
        self._settle(
            [
                Settleable(seq=i.seq, item_id=i.id, path=i.path, identity=i.identity)
                for i in unsettled
            ]
        )
        self.route.source.watch(self.wake)
        self._tell()

    def _finish(self) -> None:
        while (self._in_flight or self._settled) and not self._stopping:
            self._turn(self._gather(busy=not self._in_flight, once=True), ())
        self._notify(
            RouteStopped(route=self.route.name, waiting=self._ledger.waiting(self.route.name))
        )
        self._tell()

    def _is_finished(self) -> bool:
        if self._sweeping or self._in_flight or self._settled:
            return False
        if self._source_problem is not None:
            return True
        ripe = self.route.source.next_ripe_seconds()
        if ripe is not None and ripe <= self.route.settle_seconds + 0.5:
            return False
        return not any(
            lane.health.gate is not Gate.PAUSED
            and self._ledger.still_tried(self.route.name, lane.name, tries=QUICK_TRIES)
            for lane in self._lanes
        )

    # New work -------------------------------------------------------------------------------

    def _turn(self, outcomes: Sequence[Outcome], candidates: Sequence[Candidate]) -> bool:
        """Seal, then one commit for all there is to remember, then send and settle.

        Returns:
            Whether there is more to do at once.
        """
        for outcome in outcomes:
            self._bytes -= _held(outcome.job)
            outcome.job.lane.finished(outcome)
            self._flying.discard((outcome.job.seq, outcome.job.lane.name))
        prepared = self._intake.prepare(candidates)
        with self._ledger.commit():
            complete = self._accounts.record(outcomes)
            self._ledger.done(self._settled, self._wall())
            if prepared.sealed:
                self._ledger.mark(self.route.name, self._oldest_open(complete))
            jobs, settle = self._intake.reserve(prepared)
        self._settled = []
        self._submit(jobs)
        self._settle([*complete, *settle])
        more = self._send_due(failed=any(outcome.error is not None for outcome in outcomes))
        self._tell()
        return more or bool(candidates) or bool(self._settled and not self._in_flight)

    def _oldest_open(self, complete: Sequence[Settleable]) -> int | None:
        """The oldest item that a crash now would leave to the next run."""
        seqs = [seq for seq, _lane in self._flying]
        seqs += [item.seq for item in complete]
        return min(seqs, default=None)

    def _take(self) -> list[Candidate]:
        """Take as many candidates as the lanes have room for."""
        if self._bytes >= IN_MEMORY_BYTES:
            return []
        # A lane that is closed does not hold up the others: its deliveries wait in the ledger.
        room = max((lane.room() for lane in self._lanes), default=0)
        if room == 0 or (room < BATCH // 2 and self._in_flight):
            return []
        return self._candidates(min(room, BATCH))

    @property
    def _in_flight(self) -> int:
        return sum(lane.in_flight for lane in self._lanes)

    def _send_due(self, *, failed: bool) -> bool:
        """Send what the ledger says is due; tell whether there is more."""
        if self._monotonic() < self._next_look and not failed:
            return False
        more = False
        for lane in self._lanes:
            room = min(lane.room(), BATCH)
            if room == 0:
                continue
            due = self._ledger.due(self.route.name, lane.name, now=self._wall(), limit=room)
            due = [d for d in due if (d.item.seq, lane.name) not in self._flying]
            if due:
                self._submit(self._intake.due(lane, due))
            more |= len(due) == room
        if not more:
            self._next_look = self._monotonic() + self._next_due_seconds()
        return more

    def _next_due_seconds(self) -> float:
        times = (self._ledger.next_due_at(self.route.name, lane.name) for lane in self._lanes)
        earliest = min((t for t in times if t is not None), default=None)
        if earliest is None:
            return LEDGER_LOOK_SECONDS
        return min(LEDGER_LOOK_SECONDS, max(0.01, earliest - self._wall()))

    def _submit(self, jobs: Sequence[Job]) -> None:
        unsent = []
        for job in jobs:
            if job.lane.room() == 0:
                unsent.append((job.seq, job.lane.name, 0.0))
                continue
            self._bytes += _held(job)
            self._flying.add((job.seq, job.lane.name))
            job.lane.submit(job)
        if unsent:
            self._ledger.postpone(unsent)

    def _candidates(self, most: int) -> list[Candidate]:
        now = self._monotonic()
        if not self._sweeping and (now >= self._next_sweep or self.route.source.sweep_wanted()):
            self._feed = self.route.source.sweep()
            self._sweeping = True
            self._next_sweep = now + self.route.scan_interval_seconds
        try:
            found = list(itertools.islice(self.route.source.ripe(), most))
            if self._sweeping and len(found) < most:
                swept = list(itertools.islice(self._feed, most - len(found)))
                self._sweeping = len(swept) == most - len(found)
                found += swept
        except SourceFolderError as error:
            self._sweeping = False
            self._pause_source(error)
            return []
        self._resume_source()
        return list({candidate.path: candidate for candidate in found}.values())

    # Outcomes -------------------------------------------------------------------------------

    def _gather(self, *, busy: bool, once: bool) -> list[Outcome]:
        """Wait for outcomes, or for the next thing to do, and gather a commit's worth."""
        outcomes: list[Outcome] = []
        deadline = self._monotonic() + (0.0 if busy else self._idle_seconds(once=once))
        enough = min(BATCH, self._in_flight)
        while len(outcomes) < BATCH:
            if len(outcomes) >= enough and not self._mail.qsize() and outcomes:
                break
            try:
                mail = self._mail.get(timeout=max(0.0, deadline - self._monotonic()))
            except Empty:
                break
            if mail is None:
                self._next_look = 0.0
                deadline = 0.0
                continue
            if not outcomes:
                deadline = min(deadline, self._monotonic() + LINGER_SECONDS)
            outcomes.append(mail)
        return outcomes

    def _idle_seconds(self, *, once: bool) -> float:
        """Tell how long nothing is to be done, if no mail comes."""
        now = self._monotonic()
        times = [self._next_look - now]
        if not once:
            times.append(self._next_sweep - now)
        ripe = self.route.source.next_ripe_seconds()
        if ripe is not None:
            times.append(ripe)
        times += [
            lane.health.retry_at - now for lane in self._lanes if lane.health.gate is not Gate.OPEN
        ]
        return max(0.01, min(times))

    def _settle(self, items: Sequence[Settleable]) -> None:
        if not items:
            return
        settled, problem = self._accounts.settle(items)
        self._settled += settled
        if problem is not None:
            done = {seq for seq, _path in settled}
            self._ledger.unsettled_now([item.seq for item in items if item.seq not in done])
            self._pause_source(problem)

    # Pauses ---------------------------------------------------------------------------------

    def _pause_source(self, error: SourceFolderError) -> None:
        self._next_sweep = self._monotonic() + self.route.scan_interval_seconds
        if self._source_problem is None:
            self._notify(
                Paused(
                    route=self.route.name,
                    place="source",
                    code=error.code,
                    reason=error.message,
                    hint=error.hint,
                    probe_seconds=self.route.scan_interval_seconds,
                )
            )
        self._source_problem = error

    def _resume_source(self) -> None:
        if self._source_problem is not None:
            self._source_problem = None
            self._notify(Resumed(route=self.route.name, place="source"))

    def _notify(self, event: Event) -> None:
        if isinstance(event, Paused):
            self._ledger.pause(
                Pause(
                    route=event.route,
                    place=event.place,
                    code=event.code,
                    reason=event.reason,
                    hint=event.hint,
                    since=self._wall(),
                )
            )
        elif isinstance(event, Resumed):
            self._ledger.resume(event.route, event.place)
        self._events.append(event)

    def _tell(self) -> None:
        """Tell what happened, after the ledger has it."""
        events, self._events = self._events, []
        for event in events:
            self._observer(event)


def _held(job: Job) -> int:
    """Bytes that a job holds in memory."""
    parcel = job.parcel
    return parcel.size if parcel is not None and isinstance(parcel.body, bytes) else 0
