"""`sealift quarantine`: items that wait for a person."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import ConfigFlag, Flag, StateDir, overriding
from sealift.cli.showing import as_json, item_lines, shown
from sealift.errors import UsageError

app = App(
    name="quarantine",
    help="See and decide what waits for a person.",
    help_epilogue="""\
Examples:
  sealift quarantine list
  sealift quarantine release broken.json""",
)

Every = Annotated[bool, Parameter(name="--all", negative="", show_default=False)]


@app.command(
    name="list",
    help_epilogue="""\
Examples:
  sealift quarantine list
  sealift quarantine list --route conversations --json""",
)
def list_(
    *,
    config: ConfigFlag = Path("sealift.toml"),
    route: str = "",
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    List what is in quarantine, the oldest first, each with its reason.

    Parameters
    ----------
    route
        This route only.
    json
        Write one JSON object for each item.
    """
    items = sealift.quarantined(_settings(config, state_dir), route)
    for item in items:
        print(as_json(item) if json else f"{item.id}  {shown(item.name)}: {shown(item.reason)}")
    if not items:
        print("Nothing is in quarantine.", file=sys.stderr)
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift quarantine show broken.json
  sealift quarantine show 019b2f3e-8c1d-7a64-9d0e-5b1f7c2a4e6d --json""",
)
def show(
    *items: str,
    config: ConfigFlag = Path("sealift.toml"),
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Show all that is known of items in quarantine.

    Parameters
    ----------
    items
        Ids or file names.
    json
        Write one JSON object for each item.
    """
    found = sealift.quarantined(_settings(config, state_dir))
    for wanted in items:
        fitting = [i for i in found if wanted in (i.id, i.name, i.name.rpartition("/")[2])]
        if not fitting:
            raise UsageError(
                f"Nothing in quarantine has the id or name {wanted}.",
                hint="See `sealift quarantine list`.",
            )
        for item in fitting:
            print(as_json(item) if json else "\n".join(item_lines(item)))
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift quarantine release broken.json
  sealift quarantine release --all""",
)
def release(
    *items: str,
    every: Every = False,
    config: ConfigFlag = Path("sealift.toml"),
    state_dir: StateDir = None,
) -> int:
    """
    Let items out of quarantine: they are checked and tried again.

    A running agent takes them up by itself; without one, the next run does.

    Parameters
    ----------
    items
        Ids or file names.
    every
        All that is in quarantine.
    """
    for name in sealift.release(_settings(config, state_dir), items, every=every):
        print(f"released: {shown(name)}")
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift quarantine drop broken.json
  sealift quarantine drop --all --yes""",
)
def drop(
    *items: str,
    every: Every = False,
    yes: Flag = False,
    config: ConfigFlag = Path("sealift.toml"),
    state_dir: StateDir = None,
) -> int:
    """
    Decide that items in quarantine are not delivered. Their files stay untouched.

    Parameters
    ----------
    items
        Ids or file names.
    every
        All that is in quarantine.
    yes
        Do not ask.
    """
    settings = _settings(config, state_dir)
    if not yes:
        _ask("everything in quarantine" if every else ", ".join(items))
    for name in sealift.drop(settings, items, every=every):
        print(f"dropped: {shown(name)}")
    return 0


def _ask(what: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("Dropping must be confirmed.", hint="Add --yes.")
    print(f"Never deliver {shown(what)}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was dropped.")


def _settings(config: Path, state_dir: Path | None) -> "sealift.Config":
    return sealift.Config.load(config, overrides=overriding(state_dir), check=False)
