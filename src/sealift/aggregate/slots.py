"""The folders in which processes that share a journal keep their own parts of it."""

import fcntl
import hashlib
import os
import socket
from pathlib import Path
from typing import Final, Self

from sealift.errors import StateError
from sealift.ledger.database import make_state_dir

_SLOTS: Final = 256
_LOCK: Final = "lock"
_MACHINE: Final = ("/etc/machine-id", "/proc/sys/kernel/random/boot_id")


class Slot:
    """A folder that this process alone uses. Get one from `take`."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self._descriptor = descriptor
        self.fingerprint = _fingerprint(folder, descriptor)
        """Differs after a start of the machine, and in every copy of the folder."""

    @classmethod
    def take(cls, folder: Path) -> Self | None:
        """Lock a folder, made if need be; None if another process has it.

        Raises:
            StateError: It cannot be made or locked.
        """
        make_state_dir(folder)
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if isinstance(error, BlockingIOError):
                return None
            raise _unusable(folder, error) from error
        return cls(folder, descriptor)

    def newest(self) -> str:
        """Name what was written last; tells whether anything was, since it was looked at."""
        return max((path.name for path in self.folder.glob("*.open")), default="")

    def release(self) -> None:
        """Let another process take it."""
        os.close(self._descriptor)


def take_free_slot(journal: Path) -> Slot:
    """Take the first folder of a journal that no process uses.

    Raises:
        StateError: There is none, or it cannot be used.
    """
    for number in range(_SLOTS):
        if slot := Slot.take(journal / str(number)):
            return slot
    raise StateError(
        f"{_SLOTS} processes use the journal {journal} already.",
        hint="Give this one a journal of its own.",
    )


def take_orphans(journal: Path) -> list[Slot]:
    """Take every folder that processes have left."""
    folders = (entry for entry in journal.iterdir() if entry.name.isdecimal())
    return [slot for folder in sorted(folders) if (slot := Slot.take(folder))]


def _fingerprint(folder: Path, descriptor: int) -> str:
    lock = os.fstat(descriptor)
    facts = [socket.gethostname(), str(folder.resolve()), str(lock.st_dev), str(lock.st_ino)]
    for path in _MACHINE:
        try:
            facts.append(Path(path).read_text(encoding="ascii").strip())
        except OSError:  # not on this system
            facts.append("")
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _unusable(folder: Path, error: OSError) -> StateError:
    return StateError(
        f"The journal {folder} cannot be used: {error.strerror}.",
        hint="Set the journal to a folder on a local disk that this user may write.",
    )
