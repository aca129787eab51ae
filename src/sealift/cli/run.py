"""`sealift run`: run the routes until stopped, or once."""

import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import App, Parameter

import sealift
from sealift.cli.exit_codes import INTERRUPTED
from sealift.cli.flags import ConfigPath, Flag, StateDir, overriding
from sealift.cli.signals import obeying

app = App(
    name="run",
    help_epilogue="""\
Examples:
  sealift run
  sealift run /etc/sealift.toml --once --json""",
)


@app.default
def run(
    config: ConfigPath = Path("sealift.toml"),
    *,
    once: Flag = False,
    route: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Deliver what the routes' folders hold, until stopped.

    The first SIGTERM or Ctrl-C finishes what is in flight, the second stops at
    once (exit code 130); neither loses anything. SIGHUP and SIGUSR1 look for new
    files now.

    Parameters
    ----------
    once
        Deliver all that is ready now, then exit.
    route
        Run this route only; may be given several times.
    json
        Write events as JSON lines to standard output, lines for people to standard error.
    """
    spare_the_collector()
    settings = sealift.Config.load(config, overrides=overriding(state_dir))
    with sealift.showing(settings.agent, json=json) as show:
        routes = sealift.build_routes(settings, only=route, notify=show.notify, took=show.took)
        surroundings = sealift.Surroundings(notify=show.notify)
        with (
            sealift.Agent(routes, settings.agent.state_dir, surroundings) as agent,
            obeying(agent) as orders,
        ):
            outcome = agent.run(once=once)
    if orders.stop:
        end_now()
    return outcome.exit_code


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


def spare_the_collector() -> None:
    """Let the garbage collector look less often.

    A delivery makes no reference cycles, and hundreds of items in flight would make
    the collector look through them again and again: a tenth of the time of a run.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
