"""How long writers of one object wait, so that all of them get their turn.

Losers that back off while winners do not starve. So winners wait: together the writers
make at most three commits a second. Source: published and simulated rates of conditional
writes on one object of S3, about fifteen a second at best.
"""

import random as chance
from collections.abc import Callable, Mapping
from typing import Final

COMMITS_PER_SECOND: Final = 3.0
_ACTIVE_SECONDS: Final = 60.0
_BURST: Final = 32.0
_MOST_BACKOFF_SECONDS: Final = 2.0
_FIRST_BACKOFF_SECONDS: Final = 0.05


class Pace:
    """The pace of one process at one day's file.

    Args:
        flush_seconds: Time between two of its writes, on the average.
        clock: Monotonic, in seconds.
        random: Gives a number from 0 up to 1.
    """

    def __init__(
        self,
        flush_seconds: float,
        *,
        clock: Callable[[], float],
        random: Callable[[], float] = chance.random,
    ) -> None:
        self._flush_seconds = flush_seconds
        self._clock = clock
        self._random = random
        self._known: Mapping[str, int] | None = None
        self._active: dict[str, float] = {}
        self._credit, self._credit_at = _BURST, clock()

    def saw(self, writers: Mapping[str, int]) -> None:
        """Take note of whose numbers have grown since the file was seen last."""
        now = self._clock()
        if self._known is not None:
            before = self._known
            self._active |= {w: now for w, seq in writers.items() if seq > before.get(w, 0)}
        self._known = writers
        self._active = {w: at for w, at in self._active.items() if now - at < _ACTIVE_SECONDS}

    @property
    def writers(self) -> int:
        """How many wrote within the last minute, as far as was seen."""
        return len(self._active)

    def after_win(self) -> float:
        """Give how long to wait after a write, in seconds; to be asked once for each.

        Who is alone may write some dozens of times in a row.
        """
        if self.writers <= 1:
            return 0.0 if self._has_credit() else self._flush_seconds
        share = max(self._flush_seconds, self.writers / COMMITS_PER_SECOND)
        return share * (0.5 + self._random())

    def _has_credit(self) -> bool:
        if not self._flush_seconds:
            return True
        now = self._clock()
        earned = (now - self._credit_at) / self._flush_seconds
        self._credit, self._credit_at = min(_BURST, self._credit + earned), now
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True

    def after_loss(self, losses: int) -> float:
        """Give how long to wait after so many losses in a row, in seconds."""
        most = min(_MOST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2.0 ** min(losses, 20))
        return most * self._random()
