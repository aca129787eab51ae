"""Where each position of a changed text stands in the text as it was written."""

from bisect import bisect_right
from collections.abc import Iterable


class Offsets:
    """Where each position of a folded text stands in the text as it was written."""

    __slots__ = ("_lengths", "_origins", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._origins: list[int] = []
        self._lengths: list[int] = []

    def add(self, *, start: int, origin: int, length: int) -> None:
        """
        Say that the folded text from *start* on stems from *origin*.

        Args:
            start: Position in the folded text, not below the last one given.
            origin: Position in the written text.
            length: Characters of the written text that one replacement came
                from, or -1 when what follows is as it was written.
        """
        self._starts.append(start)
        self._origins.append(origin)
        self._lengths.append(length)

    def start(self, position: int) -> int:
        """Return where the written character begins that gave the folded one at *position*."""
        piece = bisect_right(self._starts, position) - 1
        if self._lengths[piece] >= 0:
            return self._origins[piece]
        return self._origins[piece] + position - self._starts[piece]

    def end(self, position: int) -> int:
        """Return where the written character ends that gave the folded one before *position*."""
        piece = bisect_right(self._starts, position - 1) - 1
        if self._lengths[piece] >= 0:
            return self._origins[piece] + self._lengths[piece]
        return self._origins[piece] + position - self._starts[piece]


def respelled(text: str, changes: Iterable[tuple[int, int, str]]) -> tuple[str, Offsets]:
    """
    Put something else in place of parts of a text, and tell where each position comes from.

    Args:
        text: As it is written.
        changes: Where each part starts and ends, and what stands there instead, in order.
    """
    pieces: list[str] = []
    offsets = Offsets()
    offsets.add(start=0, origin=0, length=-1)
    seen = length = 0
    for start, end, new in changes:
        kept = text[seen:start]
        pieces += (kept, new)
        length += len(kept)
        if new:
            offsets.add(start=length, origin=start, length=end - start)
            length += len(new)
        offsets.add(start=length, origin=end, length=-1)
        seen = end
    pieces.append(text[seen:])
    return "".join(pieces), offsets
