"""`sealift history`: what became of a file."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import ConfigFlag, Flag, StateDir, overriding
from sealift.cli.showing import as_json, item_lines

app = App(
    name="history",
    help_epilogue="""\
Examples:
  sealift history conversation-17.json
  sealift history --limit 5 --config /etc/sealift.toml --json""",
)


@app.default
def history(
    file: str = "",
    *,
    config: ConfigFlag = Path("sealift.toml"),
    limit: Annotated[int, Parameter()] = 20,
    put: Flag = False,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Show what became of a file, or of the newest files.

    For each item: state, checksum, what was redacted, and for each destination
    the object, when it arrived, and after how many tries.

    Parameters
    ----------
    file
        The file's name or path, before or after its delivery, or an item's id.
    limit
        Show at most so many items.
    put
        Of what `sealift put` sent, instead of a configuration's routes.
    json
        Write one JSON object for each item.
    """
    if put:
        items = sealift.history_of_puts(file, limit=limit, state_dir=state_dir)
    else:
        settings = sealift.Config.load(config, overrides=overriding(state_dir), check=False)
        items = sealift.history(settings, file, limit=limit)
    for item in items:
        print(as_json(item) if json else "\n".join(item_lines(item)))
    if not items:
        what = f"Nothing is known of {file}." if file else "Nothing was taken up yet."
        print(what, file=sys.stderr)
    return 0
