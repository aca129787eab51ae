"""Disk space put aside, so that a full disk does not keep segments from being closed."""

import os
from contextlib import suppress
from pathlib import Path


class Reserve:
    """A file that holds space until it is needed.

    Args:
        path: The file.
        size: How much to put aside, in bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    @property
    def size(self) -> int:
        """Bytes that are put aside now."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def hold(self) -> None:
        """Put the space aside if it is not; do without where the disk has none."""
        if self._path.exists() or not hasattr(os, "posix_fallocate"):
            return
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._size)
            except OSError:
                self._path.unlink()
            finally:
                os.close(descriptor)

    def release(self) -> bool:
        """Give the space free; tell whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
