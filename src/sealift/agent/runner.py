"""Runs one route: offers candidates to the intake, jobs to the lanes, outcomes to the accounts."""

from collections.abc import Callable, Sequence

from sealift.agent.accounts import Accounts
from sealift.agent.backlog import BATCH, Backlog
from sealift.agent.feed import Feed
from sealift.agent.flight import Flight
from sealift.agent.health import Gate, Health
from sealift.agent.intake import Intake
from sealift.agent.job import Outcome
from sealift.agent.lane import Lane
from sealift.agent.mailbox import Mailbox
from sealift.agent.news import News
from sealift.agent.patience import Patience
from sealift.agent.prepared import Settleable
from sealift.agent.pulse import Pulse
from sealift.agent.resealing import Resealing
from sealift.agent.route import Conflict, Route
from sealift.agent.surroundings import Surroundings
from sealift.agent.trouble import Trouble
from sealift.agent.upkeep import Upkeep
from sealift.errors import LedgerWaitsError, PausedError, SourceFolderError
from sealift.events import RouteStarted, RouteStopped
from sealift.ledger.ledger import Ledger
from sealift.sources.base import Candidate


def _nobody(_route: str) -> None:
    """Tell nobody."""


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
        self._news = News(ledger, self._wall, surroundings.notify)
        self._mail = Mailbox(self._monotonic)
        self.pulse = Pulse(self._monotonic, self._mail.wake)
        """Whether its loop turns."""

        notify = self._news.notify
        self._lanes = [
            Lane(
                route.name,
                destination,
                most=route.concurrency,
                replace=route.on_conflict is Conflict.OVERWRITE,
                filename=route.filename,
                health=Health(route.probe_seconds, surroundings.random),
                outcomes=self._mail.queue,
                clock=self._monotonic,
                notify=notify,
            )
            for destination in route.destinations
        ]
        self._feed = Feed(route.source, route.scan_interval_seconds, self._monotonic)
        beat = self.pulse.beat
        self._intake = Intake(route, ledger, self._lanes, wall=self._wall, notify=notify, beat=beat)
        self._backlog = Backlog(
            route.name, ledger, self._lanes, wall=self._wall, monotonic=self._monotonic
        )
        resealing = Resealing(route, ledger, wall=self._wall, notify=notify, beat=beat)
        self._flight = Flight(ledger, self._lanes, self._backlog, resealing)
        self._accounts = Accounts(
            route, ledger, wall=self._wall, random=surroundings.random, notify=notify
        )
        self._upkeep = Upkeep(
            route.name,
            ledger,
            self._lanes,
            history_seconds=route.history_seconds,
            wall=self._wall,
            monotonic=self._monotonic,
        )
        self._settled: list[tuple[int, bytes]] = []
        self._trouble = Trouble(route, notify)
        self._patience = Patience(route, ledger, self._lanes, self._feed, self._monotonic)
        self._draining = False
        self._stopping = False

    def drain(self) -> None:
        """Begin nothing new, finish what is in flight, and return from `run`. Any thread."""
        self._draining = True
        self.route.source.stop_accepting()
        for lane in self._lanes:
            lane.drain()
        self._mail.wake()

    def stop(self) -> None:
        """Return from `run` at once; what is in flight is looked into next time. Any thread."""
        self._stopping = True
        self.drain()

    def wake(self) -> None:
        """Look at once at what the source has heard of. Any thread."""
        self._mail.wake()

    def scan_now(self) -> None:
        """Sweep the source now. Any thread."""
        self._feed.scan_now()
        self._mail.wake()

    def run(self, *, once: bool = False, begun: Callable[[str], None] = _nobody) -> None:
        """Deliver until `drain` is called, or with *once* until all that is ready now is delivered.

        With *once*, a destination that is paused or does not answer is not waited
        for, nor is a file that does not stop changing. *begun* is called with the
        route's name once it is at work.

        Raises:
            PermanentError: The route cannot go on, because of a damaged ledger, say.
                What is in flight is known to the ledger and taken up next time.
            LedgerWaitsError: The ledger cannot be written for now. Call it again later, or
                `let_go`: the source goes on meanwhile, so that no sender is turned away.
        """
        waits = False
        try:
            self._start(once=once)
            begun(self.route.name)
            with self.pulse.expected():
                self._work(once=once)
                self._finish()
        except BaseException as error:
            waits = isinstance(error, LedgerWaitsError)
            self._news.forget()
            raise
        finally:
            for lane in self._lanes:
                lane.stop()
            if not waits:
                self.let_go()

    def let_go(self) -> None:
        """Close the source."""
        self.route.source.close()

    @property
    def paused(self) -> PausedError | None:
        """Why the source or a destination is paused; None if none is."""
        if self._trouble.worst is not None:
            return self._trouble.worst
        reasons = (lane.health.reason for lane in self._lanes if lane.health.gate is Gate.PAUSED)
        return next((r for r in reasons if isinstance(r, PausedError)), None)

    @property
    def not_ready(self) -> int:
        """How many files are kept in mind because they are not complete yet."""
        return self.route.source.not_ready

    # Beginning and end ----------------------------------------------------------------------

    def _start(self, *, once: bool) -> None:
        name = self.route.name
        self._patience.begin()
        self._feed.scan_now()
        for lane in self._lanes:
            lane.start()
        self._ledger.recover(name)
        self._ledger.resume(name)
        self._news.notify(
            RouteStarted(
                route=name,
                source=self.route.source.description,
                destinations=tuple(lane.destination.url("") for lane in self._lanes),
                waiting=self._ledger.waiting(name),
            )
        )
        unsettled = self._ledger.unsettled(name)
        self._settle(
            [
                Settleable(seq=i.seq, item_id=i.id, path=i.path, identity=i.identity)
                for i in unsettled
            ]
        )
        self._intake.forget_gone()
        self._upkeep.work()
        if not once:  # one sweep sees all there is
            self.route.source.watch(self.wake)
        self._news.tell()

    def _work(self, *, once: bool) -> None:
        busy = True
        while not self._draining:
            outcomes = self._gather(0.0 if busy else self._idle_seconds(once=once))
            busy = self._turn(outcomes, self._take())
            if once and not busy and self._is_finished():
                break

    def _finish(self) -> None:
        while (self._flight.count or self._settled) and not self._stopping:
            seconds = self._idle_seconds(once=True) if self._flight.count else 0.0
            self._turn(self._gather(seconds), ())
        self._news.notify(
            RouteStopped(route=self.route.name, waiting=self._ledger.waiting(self.route.name))
        )
        self._news.tell()

    def _is_finished(self) -> bool:
        if self._flight.count or self._settled:
            return False
        return self._trouble.reading is not None or self._patience.is_over()

    # One turn -------------------------------------------------------------------------------

    def _turn(self, outcomes: Sequence[Outcome], candidates: Sequence[Candidate]) -> bool:
        """Seal, then one commit for all there is to remember, then send and settle.

        Returns:
            Whether there is more to do at once.
        """
        named, outcomes = self._accounts.named(outcomes)
        self._flight.landed(outcomes)
        prepared = self._intake.prepare(candidates)
        with self._ledger.commit():
            self._accounts.name(named)
            complete = self._accounts.record(outcomes)
            self._ledger.done(self._settled, self._wall())
            # What was tried again is older than where the newer ones let a recovery begin.
            if prepared.sealed or complete:
                self._ledger.mark(self.route.name, self._flight.oldest(complete))
            jobs, settle = self._intake.reserve(prepared)
        self._settled = []
        self._flight.go_on(named)
        self._flight.send(jobs)
        self._settle([*complete, *settle])
        more = not self._draining and self._flight.send_due(outcomes)
        self._upkeep.work()
        self._news.tell()
        return more or bool(candidates) or bool(self._settled and not self._flight.count)

    def _take(self) -> list[Candidate]:
        """Take as many candidates as the lanes and the memory have room for."""
        room = self._flight.room()
        if not room:
            return []
        try:
            found = self._feed.take(min(room, BATCH), self._flight.room_bytes)
        except SourceFolderError as error:
            self._trouble.reads(error)
            return []
        self._trouble.reads(None)
        return found

    def _settle(self, items: Sequence[Settleable]) -> None:
        if not items:
            return
        settled, problem = self._accounts.settle(items)
        self._settled += settled
        if problem is not None:
            done = {seq for seq, _path in settled}
            self._ledger.unsettled_now([item.seq for item in items if item.seq not in done])
            self._feed.put_off()
        self._trouble.settles(problem)

    # Waiting --------------------------------------------------------------------------------

    def _gather(self, seconds: float) -> list[Outcome]:
        """Wait for outcomes, or for the next thing to do."""
        outcomes = self._mail.gather(self._flight.count, seconds)
        self.pulse.beat()
        if self._mail.woken:
            self._mail.woken = False
            self._backlog.look_now()
        return outcomes

    def _idle_seconds(self, *, once: bool) -> float:
        """Tell how long nothing is to be done, if no mail comes."""
        times = [self._backlog.next_seconds(), self._upkeep.next_seconds()]
        if self._flight.room():
            fed = self._feed.next_seconds(sweeps=not once)
            times += [] if fed is None else [fed]
        if once and (left := self._patience.left_seconds()) is not None:
            times.append(left)
        return max(0.01, min(times))
