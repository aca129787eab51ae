"""Keeps a service manager told of an agent: ready, at work, ending."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sealift.agent.agent import Agent
from sealift.agent.phases import Phase
from sealift.observe.systemd import Systemd

_STATES = {Phase.RUNNING: "READY=1", Phase.ENDING: "STOPPING=1"}


@contextmanager
def supervised(agent: Agent, systemd: Systemd | None) -> Iterator[None]:
    """Tell *systemd* of the agent while the block runs; do nothing if there is none.

    It hears `READY=1` when every route is at work, `STOPPING=1` when the agent
    drains, and, at half of its watchdog's time, `WATCHDOG=1` as long as every
    route's loop has turned since the last one.
    """
    if systemd is None:
        yield
        return

    def tell(phase: Phase) -> None:
        if phase in _STATES:
            systemd.tell(_STATES[phase])

    agent.watch_phase(tell)
    over = threading.Event()
    watchdog = threading.Thread(
        target=_watch, args=(agent, systemd, over.wait), name="sealift-watchdog", daemon=True
    )
    if systemd.watchdog_seconds:
        watchdog.start()
    try:
        yield
    finally:
        over.set()
        if systemd.watchdog_seconds:
            watchdog.join()


def _watch(agent: Agent, systemd: Systemd, wait: Callable[[float], bool]) -> None:
    half = systemd.watchdog_seconds / 2
    while not wait(half):
        vitals = agent.vitals()
        # A question of the last look is open for half of the time, or a little less.
        silent = vitals.silent(half / 2)
        if silent:
            systemd.tell(f"STATUS=No sign of life from {' and '.join(silent)}.")
        elif vitals.phase != Phase.IDLE:
            systemd.tell("WATCHDOG=1", f"STATUS={vitals.phase}")
