"""Files that somebody named one by one; each is read where it is and stays there."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sealift.errors import TransientError, UsageError
from sealift.ledger.records import Identity
from sealift.sealing.parcel import LargeBody
from sealift.sources.base import Candidate
from sealift.sources.files import FileBody, changed_at, identity_of, read_whole, refusal_of
from sealift.sources.ripening import Ripening

LARGE_BYTES = 16 << 20


class FilesGiven:
    """Offers the given files, once each. A link is followed, because the user named it.

    An item's path is the file's absolute path under the name that was given.

    Args:
        files: The files.
        large_bytes: Files above this size are read and sent in parts.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.

    Raises:
        UsageError: A file is not there, or no plain file.
    """

    def __init__(
        self,
        files: Iterable[Path],
        *,
        large_bytes: int = LARGE_BYTES,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._large_bytes = large_bytes
        self._ripening = Ripening(0.0, wall, monotonic)
        self._real: dict[bytes, bytes] = {}
        for file in files:
            _refuse_others(file)
            self._real[os.fsencode(name_of(file))] = os.fsencode(file.resolve())

    @property
    def description(self) -> str:
        """Name the source for people."""
        return f"{len(self._real)} given files"

    @property
    def not_ready(self) -> int:
        """How many files are kept in mind because they could not be read yet."""
        return len(self._ripening)

    def sweep(self) -> Iterator[Candidate]:
        """Offer every file. See `Source.sweep`."""
        for path in self._real:
            candidate = self.look(path, 0)
            if candidate is not None:
                yield candidate

    def ripe(self) -> Iterator[Candidate]:
        """Offer what was to be offered again later."""
        for path in self._ripening.due():
            self._ripening.forget(path)
            candidate = self.look(path, 0)
            if candidate is not None:
                yield candidate

    def next_ripe_seconds(self) -> float | None:
        """Tell in how many seconds `ripe` may have something."""
        return self._ripening.next_seconds()

    def later(self, candidate: Candidate, seconds: float) -> None:
        """Offer *candidate* again after so many seconds."""
        self._ripening.keep(candidate.path, candidate.identity, seconds)

    def sweep_wanted(self) -> bool:
        """Tell that nothing happens that a sweep would find."""
        return False

    def look(self, path: bytes, device: int) -> Candidate | None:  # noqa: ARG002  one place only
        """Give the file at *path* as it is now; None if it is gone. See `Source.look`."""
        real = self._real.get(path)
        if real is None:
            return None
        try:
            status = os.lstat(real)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TransientError(f"The file cannot be seen: {error.strerror}.") from error
        return Candidate(path, identity_of(status), changed_at(status), refusal_of(status))

    def read(self, candidate: Candidate) -> bytes | LargeBody:
        """Read exactly what *candidate* is. See `Source.read`."""
        folder, _, name = self._real[candidate.path].rpartition(b"/")
        if candidate.identity.size > self._large_bytes:
            return FileBody(folder, name, candidate.identity)
        return read_whole(folder, name, candidate.identity, candidate.changed_at)

    def settle(self, path: bytes, identity: Identity, item_id: str) -> bytes:  # noqa: ARG002
        """Leave the file where it is."""
        return path

    def watch(self, wake: Callable[[], None]) -> None:
        """Watch nothing: what was given is all there is."""

    def stop_accepting(self) -> None:
        """Do nothing: nothing comes from outside."""

    def close(self) -> None:
        """Do nothing: nothing is open."""


def name_of(file: Path) -> Path:
    """Give a file's absolute path under the name by which it was given."""
    return file.parent.resolve() / file.name


def _refuse_others(file: Path) -> None:
    try:
        refusal = refusal_of(file.stat())
    except OSError as error:
        raise UsageError(f"{file} cannot be sent: {error.strerror}.") from error
    if refusal:
        raise UsageError(
            f"{file} is {refusal}, not a plain file.",
            hint="Name files; for a whole folder, write a route for `sealift run`.",
        )
