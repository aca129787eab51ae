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
    Deliver sample files to a server on this machine, and show what arrived.

    The server speaks S3 and checks signatures. No account and no network is needed,
    only: pip install 'sealift[demo]'. Everything is made in a temporary folder and
    removed at the end.

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
