"""`sealift status`: how the routes stand."""

from pathlib import Path

from cyclopts import App

import sealift
from sealift.cli.flags import ConfigPath, Flag, StateDir, overriding
from sealift.cli.showing import as_json, shown, time_of

app = App(
    name="status",
    help_epilogue="""\
Examples:
  sealift status
  sealift status /etc/sealift.toml --json""",
)


@app.default
def status(
    config: ConfigPath = Path("sealift.toml"), *, json: Flag = False, state_dir: StateDir = None
) -> int:
    """
    Show how much waits, for how long, and what is paused.

    It reads the ledger, whether an agent is running or not. It exits with 0 if all
    is delivered, 3 if something waits or is in quarantine, 4 if a route is paused.

    Parameters
    ----------
    json
        Write one JSON object for each route.
    """
    settings = sealift.Config.load(config, overrides=overriding(state_dir), check=False)
    routes = sealift.status(settings)
    for route in routes:
        if json:
            print(as_json(route))
            continue
        print("\n".join(_lines(route)))
    return max((route.exit_code for route in routes), default=0)


def _lines(route: "sealift.RouteStatus") -> list[str]:
    waited = route.oldest_waiting_seconds
    oldest = f" (the oldest for {waited:.0f} s)" if route.waiting else ""
    counts = f"{route.delivered} delivered, {route.waiting} waiting{oldest}"
    lines = [f"{route.route}: {counts}, {route.quarantined} in quarantine"]
    if route.vanished or route.dropped:
        lines.append(f"  {route.vanished} vanished before delivery, {route.dropped} dropped")
    for pause in route.paused:
        lines.append(
            f"  ⏸️ {pause.place} paused since {time_of(pause.since)}: {shown(pause.reason)}"
        )
        if pause.hint:
            lines.append(f"     {shown(pause.hint)}")
    if not route.paused:
        lines += [f"  {name}: {shown(error)}" for name, error in route.last_errors.items()]
    return lines
