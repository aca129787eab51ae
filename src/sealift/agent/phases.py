"""What an agent is about, for those who wait for it or look after it."""

import threading
from collections.abc import Callable
from enum import StrEnum


class Phase(StrEnum):
    """Where an agent is between two runs."""

    IDLE = "idle"
    """It does not run."""

    STARTING = "starting"
    """Its routes recover what an earlier run left."""

    RUNNING = "running"
    """Every route is at work, or waits for the ledger."""

    ENDING = "ending"
    """It begins nothing new."""


class Phases:
    """Remembers the phase, and tells of each change. Safe to use from many threads."""

    def __init__(self) -> None:
        self.now = Phase.IDLE
        self._lock = threading.Lock()
        self._observers: list[Callable[[Phase], None]] = []

    def watch(self, observer: Callable[[Phase], None]) -> None:
        """Call *observer* with each new phase, from the thread that brings it about."""
        self._observers.append(observer)

    def enter(self, phase: Phase) -> None:
        """Go on to *phase*; from an end, only to idleness."""
        with self._lock:
            if phase is self.now or (self.now is Phase.ENDING and phase is not Phase.IDLE):
                return
            self.now = phase
            for observer in self._observers:
                observer(phase)
