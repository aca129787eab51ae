"""`sealift retry`: try at once what waits for a later time."""

from pathlib import Path

from cyclopts import App

import sealift
from sealift.cli.flags import ConfigPath, StateDir, overriding

app = App(
    name="retry",
    help_epilogue="""\
Examples:
  sealift retry
  sealift retry /etc/sealift.toml --route conversations""",
)


@app.default
def retry(
    config: ConfigPath = Path("sealift.toml"), *, route: str = "", state_dir: StateDir = None
) -> int:
    """
    Try at once what waits for a later time.

    A running agent takes it up within seconds; without one, the next run does.
    What is in quarantine stays there: see `sealift quarantine release`.

    Parameters
    ----------
    route
        This route only.
    """
    settings = sealift.Config.load(config, overrides=overriding(state_dir), check=False)
    count = sealift.retry(settings, route)
    print(f"{count} {'delivery is' if count == 1 else 'deliveries are'} due now.")
    return 0
