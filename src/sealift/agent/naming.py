"""Has keys named in batches, ahead of need, for a destination that makes its keys itself."""

from collections import deque
from collections.abc import Callable, Sequence

from sealift.agent.attempts import Unnamed
from sealift.agent.job import Job
from sealift.destinations.base import KeyOrder, NamesKeys
from sealift.errors import RedactionError


class KeyNaming:
    """
    Keeps so many jobs named, or being named, that no worker waits for a key.

    Not more: what lets an item be put under its key may have an end soon.
    Used from the route's thread.

    Args:
        destination: Names the keys.
        filename: Gives the name of a file as it may be told.
        submit: Takes jobs to be named, all in one call.
    """

    def __init__(
        self,
        destination: NamesKeys,
        *,
        filename: Callable[[bytes], str],
        submit: Callable[[Unnamed], None],
    ) -> None:
        self._destination = destination
        self._filename = filename
        self._submit = submit
        self._waiting: deque[Job] = deque()

    def add(self, jobs: Sequence[Job]) -> None:
        """Take jobs that need a key."""
        self._waiting.extend(jobs)

    def feed(self, in_flight: int, workers: int) -> None:
        """Have more named, if few enough are.

        Args:
            in_flight: All jobs of the lane, those that wait here included.
            workers: How many are put at once.
        """
        at_once = self._destination.names_at_once
        while self._waiting and in_flight - len(self._waiting) < workers + at_once - 1:
            count = min(at_once, len(self._waiting))
            self._submit(tuple(self._order(self._waiting.popleft()) for _ in range(count)))

    def _order(self, job: Job) -> tuple[Job, KeyOrder]:
        assert job.parcel is not None  # noqa: S101 - nothing is named for what is not put
        try:
            filename = self._filename(job.path)
        except RedactionError:
            filename = "unnamed"  # it was redacted when it was sealed, so this is not met
        return job, KeyOrder(
            put_id=job.address.put_id, filename=filename, parcel=job.parcel, key=job.address.key
        )
