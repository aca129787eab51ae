"""The disk of a spool: records may fill it, but for what the ledger needs to deliver them."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

KEPT_BYTES = 64 << 20
KEPT_PART = 8
"""So much is kept free, or of a small disk so manieth part."""


class Space(NamedTuple):
    """How much there is, in bytes."""

    free: int
    whole: int


def space_of(folder: Path) -> Space:
    """Ask the file system of *folder*."""
    found = os.statvfs(folder)
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


class Disk:
    """Tells whether records may be written.

    A ledger that cannot be written delivers nothing, so that nothing would make room
    on a disk that events have filled, whatever S3 does.

    Args:
        folder: Where they are written.
        space: Tells how much there is.
    """

    def __init__(self, folder: Path, space: Callable[[Path], Space] = space_of) -> None:
        self._folder = folder
        self._space = space

    def check_room(self, size: int) -> None:
        """Let records of *size* bytes pass.

        Raises:
            OSError: They would take of what is kept free.
        """
        space = self._space(self._folder)
        kept = min(KEPT_BYTES, space.whole // KEPT_PART)
        if space.free - size < kept:
            raise OSError(
                errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} but {kept} bytes for the ledger"
            )
