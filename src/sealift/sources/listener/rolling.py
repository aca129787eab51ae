"""The segment that is open now: when it is full or old enough, and how the next one begins."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sealift.sources.listener.closing import CLOSING_SUFFIX
from sealift.sources.listener.landing import Landing
from sealift.sources.listener.names import Names
from sealift.sources.listener.records import sync_folder
from sealift.sources.listener.segment import OPEN_SUFFIX, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """When a segment is closed; whichever comes first."""

    max_bytes: int
    """Bytes that will land, compressed where compression is on."""

    seconds: float
    """Age of its first record."""

    max_count: int = 0
    """Number of its records; 0 for no limit."""


class Rolling:
    """Appends records to segments, one after another. Used by one thread.

    Args:
        folder: Where segments are.
        rotation: When the next one begins.
        landing: Tells how much will land.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.
    """

    def __init__(
        self,
        folder: Path,
        rotation: Rotation,
        landing: Landing,
        *,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._rotation = rotation
        self._landing = landing
        self._wall = wall
        self._monotonic = monotonic
        self._names = Names(folder, wall)
        self._segment: Segment | None = None
        self._number = 0
        self._ends_at = 0.0  # monotonic

    @property
    def is_empty(self) -> bool:
        """Whether the open segment has no records."""
        return self._segment is None or not self._segment.count

    def recover(self) -> None:
        """Take up the open segment that an earlier process left, cut to its last whole record.

        Raises:
            OSError: It cannot be; call it again.
        """
        for path in sorted(self._folder.glob("*" + OPEN_SUFFIX)):
            self._number = int(path.name.removesuffix(OPEN_SUFFIX))
            segment = Segment.recover(path)
            if segment is None:
                continue
            self.rotate()  # one that another had followed already
            self._segment = segment
            age = max(0.0, self._wall() - segment.first_ns / 1e9)
            self._ends_at = self._monotonic() + max(0.0, self._rotation.seconds - age)

    def room(self) -> tuple[float, float]:
        """Give how many bytes and how many records still fit in the open segment."""
        segment = self._segment
        size, count = (segment.bytes_of_records, segment.count) if segment else (0, 0)
        most = self._rotation.max_count
        return (
            self._landing.room(size, count, self._rotation.max_bytes),
            most - count if most else float("inf"),
        )

    @property
    def cost_of_one(self) -> int:
        """Bytes of room that a record takes beside its own."""
        return self._landing.cost_of_one

    def append(self, records: list[bytes], size: int) -> None:
        """Append *records*, *size* bytes in all; they are on disk when it returns.

        Raises:
            OSError: None of them is. What was there before still is.
        """
        if self._segment is None:
            self._number += 1
            self._segment = Segment.create(self._folder, self._number)
        segment = self._segment
        if not segment.is_sound:
            self.rotate()
            self.append(records, size)
            return
        if not segment.count:
            self._ends_at = self._monotonic() + self._rotation.seconds
        segment.append(records, int(self._wall() * 1e9))
        self._landing.saw(records, size)

    def seconds_left(self) -> float | None:
        """Tell in how many seconds the open segment is old enough; None if it is empty."""
        return None if self.is_empty else max(0.0, self._ends_at - self._monotonic())

    def is_due(self) -> bool:
        """Tell whether the open segment is full or old enough."""
        if self.is_empty:
            return False
        size, count = self.room()
        return size <= 0 or count <= 0 or self.seconds_left() == 0

    def rotate(self) -> None:
        """End the open segment, so that it can be closed; an empty one is just removed.

        Raises:
            OSError: It could not be. It is still open.
        """
        segment = self._segment
        if segment is None:
            return
        if segment.count:
            segment.path.rename(self._folder / (self._names.next() + CLOSING_SUFFIX))
            sync_folder(self._folder)
        else:
            segment.path.unlink()
        segment.close()
        self._segment = None

    def close(self) -> None:
        """Let go of the open segment; it stays on disk. Nothing may be appended any more."""
        if self._segment is not None:
            self._segment.close()


def first_that_fit(records: list[bytes], room: float, most: float, cost: int) -> tuple[int, int]:
    """Give how many of the first *records* fit, and their bytes."""
    size = count = 0
    for record in records:
        if count + 1 > most or size + len(record) + cost * (count + 1) > room:
            break
        size += len(record)
        count += 1
    return count, size
