"""`sealift run`: run the routes until stopped, or once."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import ConfigPath, Flag, StateDir, overriding
from sealift.cli.process import at_work, end_now, prepare

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
    files now, as `sealift scan` does.

    Parameters
    ----------
    once
        Deliver all that is ready now, then exit.
    route
        Run this route only; may be given several times.
    json
        Write events as JSON lines to standard output, lines for people to standard error.
    """
    settings = sealift.Config.load(config, overrides=overriding(state_dir))
    prepare(settings)
    with sealift.showing(settings.agent, json=json) as show:
        routes = sealift.build_routes(settings, only=route, notify=show.notify, took=show.took)
        surroundings = sealift.Surroundings(notify=show.notify)
        with (
            sealift.Agent(routes, settings.agent.state_dir, surroundings) as agent,
            at_work(agent, show) as orders,
        ):
            outcome = agent.run(once=once)
    if orders.stop:
        end_now()
    return outcome.exit_code
