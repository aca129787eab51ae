"""Runs all routes of one state directory until they are finished, drained or stopped."""

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sealift.agent.calling import SCAN_SIGNAL
from sealift.agent.news import paused, written
from sealift.agent.phases import Phase, Phases
from sealift.agent.route import Route
from sealift.agent.runner import Runner
from sealift.agent.surroundings import Surroundings
from sealift.errors import LedgerWaitsError, PausedError, SealiftError, UsageError
from sealift.events import Resumed
from sealift.ledger.database import AgentLock, make_state_dir
from sealift.ledger.desk import Desk
from sealift.ledger.ledger import Ledger
from sealift.observe.vitals import Vitals

LEDGER_SECONDS = 30.0
"""How long to wait before a ledger that cannot be written is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended."""

    waiting: int
    """Items that are not delivered yet."""

    quarantined: int
    """Items that wait for a person."""

    paused: PausedError | None
    """Why a route is paused, if one is."""

    @property
    def exit_code(self) -> int:
        """0 all delivered, 3 something waits or is in quarantine, 4 a route is paused."""
        if self.paused is not None:
            return self.paused.exit_code
        return 3 if self.waiting or self.quarantined else 0


class Agent:
    """Delivers what the routes' sources hold, and remembers it in the state directory.

    Nothing is lost however it ends: what was in flight is looked into by the
    next agent of the same state directory.

    Args:
        routes: The routes, ready.
        state_dir: Where the ledger is; for this agent alone.
        surroundings: Clocks, chance and who is told of events.

    Raises:
        AgentRunningError: Another agent uses the state directory.
        StateError: The ledger cannot be used.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        state_dir: Path,
        surroundings: Surroundings | None = None,
    ) -> None:
        make_state_dir(state_dir)
        self._lock = AgentLock(state_dir)
        try:
            self._ledger = Ledger(state_dir, check=True)
        except BaseException:
            self._lock.release()
            raise
        self._process = os.getpid()
        self._state_dir = state_dir
        self._routes = routes
        self._surroundings = surroundings = surroundings or Surroundings()
        self._runners = [Runner(route, self._ledger, surroundings) for route in routes]
        self._errors: list[SealiftError] = []
        self._ending = threading.Event()
        self._phases = Phases()
        self._begun: set[str] = set()

    def run(self, *, once: bool = False) -> Outcome:
        """Deliver until drained or stopped; with *once*, until all that is ready now is delivered.

        Raises:
            SealiftError: A route could not go on; the others were drained first.
            UsageError: This process is a fork of the agent's. Nothing was begun.
        """
        if os.getpid() != self._process:
            raise UsageError(
                "The agent was made before this process was forked; its ledger and connections "
                "cannot be used here.",
                hint="Make the agent in the process that runs it.",
            )
        threads = [
            threading.Thread(target=self._run, args=(runner, once), name=f"sealift-{i}")
            for i, runner in enumerate(self._runners)
        ]
        self._begun.clear()
        self._phases.enter(Phase.STARTING)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._phases.enter(Phase.IDLE)
        if self._errors:
            raise self._errors[0]
        return self._outcome()

    def drain(self) -> None:
        """Begin nothing new, finish what is in flight; `run` returns then. From any thread."""
        self._ending.set()
        self._phases.enter(Phase.ENDING)
        for runner in self._runners:
            runner.drain()

    def stop(self) -> None:
        """Let `run` return at once. What is in flight is looked into next time."""
        self._ending.set()
        self._phases.enter(Phase.ENDING)
        for runner in self._runners:
            runner.stop()

    def scan_now(self) -> str:
        """Look for new files now instead of at the next scan. From any thread.

        It returns at once; what is found is told by events.

        Returns:
            Why nothing is done: the agent does not run, or is ending. Empty if it is.
        """
        if self._phases.now is Phase.IDLE:
            return "The agent does not run; a run begins with a scan."
        if self._phases.now is Phase.ENDING:
            return "The agent is ending; its next run begins with a scan."
        for runner in self._runners:
            runner.scan_now()
        return ""

    def vitals(self) -> Vitals:
        """Tell how it is, and ask each route for a sign of life. From any thread.

        A route that has not answered an earlier question is either busy with one large
        document, or stuck.
        """
        return Vitals(
            phase=self._phases.now.value,
            silent_seconds={runner.route.name: runner.pulse.ask() for runner in self._runners},
        )

    def watch_phase(self, observer: Callable[[Phase], None]) -> None:
        """Call *observer* with each phase that is entered from now on. It must return soon."""
        self._phases.watch(observer)

    def hears_signals(self, hears: bool) -> None:
        """Let other processes know whether SIGUSR1 makes this one scan, see `sealift.scan`."""
        self._lock.say(SCAN_SIGNAL if hears else "")

    def close(self) -> None:
        """Close the ledger and the destinations, and let go of the state directory."""
        for route in self._routes:
            for destination in route.destinations:
                destination.close()
        self._ledger.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, runner: Runner, once: bool) -> None:
        try:
            self._run_patiently(runner, once)
        except SealiftError as error:
            self._errors.append(error)
            self.drain()
        except Exception as error:  # noqa: BLE001  a thread's end must be told, whatever it is
            self._errors.append(
                SealiftError(
                    f"The route {runner.route.name} ended by an unexpected "
                    f"{type(error).__name__}: {error}.",
                    hint="Nothing was lost; start it again, and report this.",
                )
            )
            self._errors[-1].__cause__ = error
            self.drain()

    def _run_patiently(self, runner: Runner, once: bool) -> None:
        """Run a route, and again from its start when the ledger could not be written."""
        while True:
            try:
                runner.run(once=once, begun=self._has_begun)
            except LedgerWaitsError as error:
                if once or not self._wait_for_ledger(runner.route.name, error):
                    runner.let_go()
                    raise
            else:
                return

    def _has_begun(self, route: str) -> None:
        self._begun.add(route)
        if len(self._begun) == len(self._runners):
            self._phases.enter(Phase.RUNNING)

    def _wait_for_ledger(self, route: str, error: LedgerWaitsError) -> bool:
        """Wait until the ledger can be written; False if the agent is to end before."""
        notify, place = self._surroundings.notify, "ledger"
        event = paused(route, place, error, seconds=LEDGER_SECONDS)
        notify(event)
        self._has_begun(route)
        while not self._ending.wait(LEDGER_SECONDS):
            try:  # a pause written down is the best proof that it is over
                self._ledger.pause(written(event, since=self._surroundings.wall()))
                self._ledger.resume(route, place)
            except LedgerWaitsError:
                continue
            notify(Resumed(route=route, place=place))
            return True
        return False

    def _outcome(self) -> Outcome:
        names = {route.name for route in self._routes}
        with Desk(self._state_dir) as desk:
            backlog = [b for b in desk.backlog() if b.route in names]
        return Outcome(
            waiting=sum(b.states.get("reserved", 0) + b.states.get("delivered", 0) for b in backlog)
            + sum(runner.not_ready for runner in self._runners),
            quarantined=sum(b.states.get("quarantined", 0) for b in backlog),
            paused=next((r.paused for r in self._runners if r.paused is not None), None),
        )
