"""`sealift scan`: let the running agent look for new files now."""

from pathlib import Path

from cyclopts import App

import sealift
from sealift.cli.flags import ConfigPath, StateDir

app = App(
    name="scan",
    help_epilogue="""\
Examples:
  sealift scan
  sealift scan --state-dir /var/lib/sealift""",
)


@app.default
def scan(config: ConfigPath = Path("sealift.toml"), *, state_dir: StateDir = None) -> int:
    """
    Let the running agent look for new files now, instead of at its next scan.

    It sends SIGUSR1 to the agent of the state directory and does not wait for what
    is found. It exits with 2 if no agent runs there. Not on Windows.
    """
    if state_dir is None:
        state_dir = sealift.Config.load(config, check=False).agent.state_dir
    process = sealift.scan(state_dir)
    print(f"The agent (process {process}) looks for new files now.")
    return 0
