"""Names of closed files: their time in UTC, and a number where one second has several."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sealift.sources.listener.records import sync_folder

_LAST = "last-name"
_FORM = "%Y%m%d_%H%M%S"


class Names:
    """Gives names that were never given before, also after a crash or when the clock goes back.

    A clock that is set back does not set names back: until it has caught up, they
    keep the latest second and count on.

    Args:
        folder: Where the last name is remembered.
        wall: Seconds since 1970.
    """

    def __init__(self, folder: Path, wall: Callable[[], float]) -> None:
        self._file = folder / _LAST
        self._wall = wall

    def next(self) -> str:
        """Give `YYYYMMDD_HHMMSS[_n]`, and remember it durably.

        Raises:
            OSError: It cannot be remembered; it was not given.
        """
        stamp = datetime.fromtimestamp(int(self._wall()), UTC).strftime(_FORM)
        last, number = self._last()
        name = stamp
        if stamp <= last:
            name = f"{last}_{number + 1}"
        self._remember(name)
        return name

    def _last(self) -> tuple[str, int]:
        try:
            text = self._file.read_text(encoding="ascii")
        except FileNotFoundError:
            return "", 0
        return text[:15], int(text[16:] or 0)

    def _remember(self, name: str) -> None:
        fresh = self._file.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, name.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(self._file)
        sync_folder(self._file.parent)


def moment_of(name: str) -> datetime:
    """Give the second that stands in a name."""
    return datetime.strptime(name[:15], _FORM).replace(tzinfo=UTC)
