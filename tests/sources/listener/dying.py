"""Closes segments and dies by SIGKILL at a chosen step; run as a program of its own.

Arguments: folder, step. Exit code 0: it did not come to that step.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from sealift.sources.listener.closing import Closed
from sealift.sources.listener.formats import Form, OutputFormat
from sealift.sources.listener.rolling import Rotation
from sealift.sources.listener.spool import Hooks, Spool

STEPS = ("fsync", "rename", "replace", "unlink", "mkdir")


def die_at(step: int) -> None:
    """Let this process die before the so manieth call that changes a folder or syncs."""
    left = step

    def counted(name: str) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        setattr(os, name, call)

    for name in STEPS:
        counted(name)


def new_spool(folder: Path, closed: Callable[[Closed], None] = lambda _: None) -> Spool:
    """A spool whose clock stands still, so that names collide if they can."""
    return Spool(
        folder,
        Form(output=OutputFormat.XML),
        Rotation(max_bytes=1 << 20, seconds=3600, max_count=2),
        Hooks(wall=lambda: 1_800_000_000.0, closed=closed),
    )


if __name__ == "__main__":
    die_at(int(sys.argv[2]))
    spool = new_spool(Path(sys.argv[1]))
    spool.recover()
    spool.stop()
