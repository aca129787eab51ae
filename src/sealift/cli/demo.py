"""`sealift demo`: the main job, in front of the user's eyes."""

import tempfile
from pathlib import Path

from cyclopts import App

from sealift.cli.flags import Flag

app = App(
    name="demo",
    help_epilogue="""\
Examples:
  sealift demo
  sealift demo --keep""",
)


@app.default
def demo(*, keep: Flag = False) -> int:
    """
    Deliver sample files to an S3-compatible server on this machine, and show what arrived.

    It needs no account and no network: pip install 'sealift[demo]'. Everything it makes
    is in a temporary folder and is removed at the end.

    Parameters
    ----------
    keep
        Leave the folder with configuration, files and ledger, and say where it is.
    """
    from sealift.cli.demo_play import play  # noqa: PLC0415  it starts servers

    if keep:
        folder = Path(tempfile.mkdtemp(prefix="sealift-demo-"))
        code = play(folder)
        print(f"Kept: {folder}")
        return code
    with tempfile.TemporaryDirectory(prefix="sealift-demo-") as name:
        return play(Path(name))
