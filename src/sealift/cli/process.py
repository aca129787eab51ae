"""What the command line does to a process that it owns and an agent lives in."""

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NoReturn

from sealift.cli.exit_codes import INTERRUPTED
from sealift.cli.signals import Orders, obeying

if TYPE_CHECKING:
    from sealift import Agent, Config, Show

_SWITCH_SECONDS: Final = 0.0005


def prepare(settings: "Config") -> None:
    """Set the interpreter up for an agent of this configuration.

    The collector looks less often: a delivery makes no reference cycles, and
    hundreds of items in flight would make it look through them again and again,
    a tenth of the time of a run.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if any(route.listener is not None for route in settings.routes):
        # Closing and sealing compute for long, and every read and write of a socket would
        # wait so long for the interpreter.
        sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_SECONDS))


@contextmanager
def at_work(agent: "Agent", show: "Show") -> Iterator[Orders]:
    """Let signals reach the agent, and those who look after this process know how it is."""
    from sealift.agent.supervision import supervised  # noqa: PLC0415  help needs no agent
    from sealift.observe.systemd import Systemd  # noqa: PLC0415

    show.health.of(agent.vitals)
    systemd = Systemd.from_environment(os.environ, os.getpid())
    with supervised(agent, systemd), obeying(agent) as orders:
        agent.hears_signals(True)
        try:
            yield orders
        finally:
            agent.hears_signals(False)


def end_now() -> NoReturn:
    """End the process without waiting for uploads, which Python would join.

    The ledger is made for crashes: what was in flight is looked into next time.
    """
    # A reader that stopped reading must not hold the end up either.
    flushing = threading.Thread(target=_flush, daemon=True)
    flushing.start()
    flushing.join(timeout=1)
    os._exit(INTERRUPTED)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
