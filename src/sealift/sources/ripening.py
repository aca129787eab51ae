"""The settle rule: a file is ready when it has not changed for a while."""

from collections.abc import Callable
from dataclasses import dataclass

from sealift.ledger.records import Identity

MOST_WATCHED = 20_000
"""Files kept in mind at once, about 5 MB; what is beyond is found by a later sweep."""

CLOCK_JUMP_SECONDS = 1.0


@dataclass(slots=True)
class _Seen:
    identity: Identity
    ready_at: float


class Ripening:
    """Decides when a file is stable: same size, mtime and inode over the settle time.

    A file whose own times (mtime and ctime, which its writer cannot set) are
    older than the settle time is stable at first sight. Others are kept in mind
    and compared, by the monotonic clock. After a jump of the wall clock, file
    times are not believed for one settle time.

    Args:
        settle_seconds: How long a file must stay the same; 0 for no wait.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self, settle_seconds: float, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._settle = settle_seconds
        self._wall = wall
        self._monotonic = monotonic
        self._seen: dict[bytes, _Seen] = {}
        self._offset = wall() - monotonic()
        self._believe_at = 0.0
        self.overflowed = False
        """Some files could not be kept in mind: a sweep will find them."""

    def __len__(self) -> int:
        return len(self._seen)

    def is_stable(self, path: bytes, identity: Identity, changed_at: float) -> bool:
        """Tell whether *path*, as it is now, has stayed the same for long enough."""
        if self._settle <= 0 and path not in self._seen:
            return True
        now = self._monotonic()
        seen = self._seen.get(path)
        if seen is not None and seen.identity.same_file(identity):
            if now < seen.ready_at:
                return False
            del self._seen[path]
            return True
        age = self._wall() - changed_at
        if self._settle <= age and self._clock_is_steady(now):
            self._seen.pop(path, None)
            return True
        # Never more than the settle time from now, also for a file from the future.
        remaining = self._settle - age if 0 <= age < self._settle else self._settle
        if not self._clock_is_steady(now):
            remaining = self._settle
        self.keep(path, identity, remaining)
        return False

    def keep(self, path: bytes, identity: Identity, seconds: float) -> None:
        """Keep *path* in mind: if it is still the same in *seconds*, it is ready."""
        if len(self._seen) >= MOST_WATCHED and path not in self._seen:
            self.overflowed = True
            return
        self._seen[path] = _Seen(identity, self._monotonic() + seconds)

    def forget(self, path: bytes) -> None:
        """Keep *path* in mind no longer."""
        self._seen.pop(path, None)

    def due(self) -> list[bytes]:
        """List the paths that should be looked at now."""
        now = self._monotonic()
        return [path for path, seen in self._seen.items() if seen.ready_at <= now]

    def next_seconds(self) -> float | None:
        """Tell in how many seconds the next path is due; None if none is kept in mind."""
        if not self._seen:
            return None
        earliest = min(seen.ready_at for seen in self._seen.values())
        return max(0.0, earliest - self._monotonic())

    def _clock_is_steady(self, now: float) -> bool:
        offset = self._wall() - now
        if abs(offset - self._offset) > CLOCK_JUMP_SECONDS:
            self._offset = offset
            self._believe_at = now + self._settle
        return now >= self._believe_at
