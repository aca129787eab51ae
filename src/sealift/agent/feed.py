"""Takes candidates from a source, a batch at a time: what has ripened first, then a sweep."""

from collections.abc import Callable, Iterator
from itertools import chain

from sealift.errors import SourceFolderError
from sealift.sources.base import Candidate, Source


class Feed:
    """A source's candidates in batches whose number and bytes are limited.

    What a batch leaves over is offered by the next one.

    Args:
        source: Where items come from.
        interval_seconds: Time between two sweeps.
        clock: Monotonic seconds.
    """

    def __init__(self, source: Source, interval_seconds: float, clock: Callable[[], float]) -> None:
        self._source = source
        self._interval = interval_seconds
        self._clock = clock
        self._ripe: Iterator[Candidate] = iter(())
        self._swept: Iterator[Candidate] = iter(())
        self._sweep_at = 0.0
        self.sweeping = False
        """A sweep was begun and has more."""

    def scan_now(self) -> None:
        """Sweep at the next `take`. From any thread."""
        self._sweep_at = 0.0

    def take(self, most: int, most_bytes: int) -> list[Candidate]:
        """Take up to *most* candidates; a file that exceeds *most_bytes* ends the batch.

        Raises:
            SourceFolderError: The source cannot be read now. The next sweep tries again.
        """
        self._begin()
        found: dict[bytes, Candidate] = {}
        try:
            for candidate in chain.from_iterable(stage() for stage in self._stages()):
                found[candidate.path] = candidate
                most_bytes -= candidate.identity.size
                if len(found) >= most or most_bytes <= 0:
                    break
            else:
                self.sweeping = False
        except SourceFolderError:
            self.sweeping = False
            self.put_off()
            raise
        return list(found.values())

    def put_off(self) -> None:
        """Sweep no sooner than a whole interval from now."""
        self._sweep_at = self._clock() + self._interval

    def next_seconds(self, *, sweeps: bool) -> float | None:
        """Tell in how many seconds there may be something; without *sweeps*, what ripens only."""
        ripe = self._source.next_ripe_seconds()
        if not sweeps:
            return ripe
        sweep = self._sweep_at - self._clock()
        return sweep if ripe is None else min(ripe, sweep)

    def _begin(self) -> None:
        if self.sweeping:
            return
        now = self._clock()
        if now >= self._sweep_at or self._source.sweep_wanted():
            self._swept = self._source.sweep()
            self._sweep_at = now + self._interval
            self.sweeping = True

    def _stages(self) -> tuple[Callable[[], Iterator[Candidate]], ...]:
        # The source has forgotten what its last `ripe` did not come to yield, so that goes first.
        return (lambda: self._ripe, self._ripen, lambda: self._swept)

    def _ripen(self) -> Iterator[Candidate]:
        self._ripe = self._source.ripe()
        return self._ripe
