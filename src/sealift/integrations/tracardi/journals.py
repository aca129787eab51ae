"""Gives each process a journal of its own for a destination, and finds those left behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

from sealift.errors import AgentRunningError
from sealift.integrations.tracardi.settings import Place
from sealift.ledger.database import AgentLock, make_state_dir


@dataclass(frozen=True, slots=True)
class Slot:
    """A journal's folder that this process holds; the kernel lets go of it if it dies."""

    journal: Path
    lock: AgentLock

    def release(self) -> None:
        """Let another process have it."""
        self.lock.release()


def claim(state_dir: Path, place: Place) -> Slot:
    """Take the first journal of *place* that no process holds; it may hold events still.

    Raises:
        StateError: The folder cannot be made or locked.
    """
    home = _home(state_dir, place)
    for number in count():
        slot = _take(home / str(number))
        if slot is not None:
            return slot
    raise AssertionError


def leftovers(state_dir: Path, place: Place) -> Iterator[Slot]:
    """Take, one after the other, the journals of *place* whose processes are gone.

    The credentials do not matter: what was journaled with old ones goes with new ones.
    """
    for folder in sorted(_home(state_dir, place).iterdir()):
        slot = _take(folder)
        if slot is not None:
            yield slot


def _home(state_dir: Path, place: Place) -> Path:
    means = (place.endpoint_url, place.region, place.prefix, place.merge, place.time_zone)
    mark = sha256("\0".join(means).encode()).hexdigest()[:12]
    return state_dir / f"{place.s3_bucket}-{mark}"


def _take(folder: Path) -> Slot | None:
    make_state_dir(folder)
    try:
        return Slot(folder / "journal", AgentLock(folder))
    except AgentRunningError:
        return None
