"""Keeps syncing: at intervals, and as soon as a queue tells of a new object."""

import threading
from collections.abc import Callable
from typing import Final, Protocol

from sealift.datasets.happenings import DatasetFailed, DatasetSynced
from sealift.errors import ItemError, SealiftError, TransientError
from sealift.events import Observer

_LONGEST_WAIT_SECONDS: Final = 300.0


class Notices(Protocol):
    """Somebody who tells of new objects."""

    def wait(self, seconds: float) -> None:
        """Wait until there is a notice, but at most so many seconds.

        Raises:
            SealiftError: Notices cannot be had now.
        """
        ...

    def done(self) -> None:
        """Forget the notices that came: what they told of is synced."""
        ...

    def wake(self) -> None:
        """End a wait, as far as that is possible; from any thread."""
        ...


class Clockwork:
    """Nobody tells of anything: only time passes."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wait(self, seconds: float) -> None:
        """Wait for the time, or for `wake`."""
        self._woken.wait(seconds)
        self._woken.clear()

    def done(self) -> None:
        """Do nothing."""

    def wake(self) -> None:
        """End the wait at once."""
        self._woken.set()


class Watch:
    """Repeats a sync until it is told to stop; its methods may be called from any thread.

    Args:
        sync: Does it once.
        notices: Tells of new objects between two looks.
        poll_seconds: Longest time between two looks.
        notify: Is told of failures; of syncs the sync itself tells.
        dataset: The dataset's name, for events.
    """

    def __init__(
        self,
        sync: Callable[[], DatasetSynced],
        notices: Notices,
        *,
        poll_seconds: float,
        notify: Observer,
        dataset: str,
    ) -> None:
        self._sync = sync
        self._notices = notices
        self._poll_seconds = poll_seconds
        self._notify = notify
        self._dataset = dataset
        self._stopping = threading.Event()

    def run(self) -> None:
        """
        Sync, wait, and sync again, until told to stop.

        What may be mended elsewhere is waited for, longer each time up to 5 minutes: a
        database that is down, an object that is damaged. MongoDB keeps its last whole set.

        Raises:
            PermanentError: The configuration, or the ledger, cannot be used.
        """
        failures = 0
        while not self._stopping.is_set():
            try:
                self._sync()
                self._notices.done()
                failures = 0
            except (TransientError, ItemError) as error:
                failures += 1
                self._tell(error, self._wait_seconds(failures))
            if not self._stopping.is_set():
                self._wait(self._wait_seconds(failures))

    def scan_now(self) -> None:
        """Look now, without waiting for the next time."""
        self._notices.wake()

    def drain(self) -> None:
        """Stop after the sync that is under way."""
        self._stopping.set()
        self._notices.wake()

    def stop(self) -> None:
        """Stop after the sync that is under way; it cannot be cut short without harm."""
        self.drain()

    def _wait(self, seconds: float) -> None:
        try:
            self._notices.wait(seconds)
        except SealiftError as error:
            self._tell(error, seconds)
            self._stopping.wait(seconds)

    def _wait_seconds(self, failures: int) -> float:
        longest = max(self._poll_seconds, _LONGEST_WAIT_SECONDS)
        return min(longest, self._poll_seconds * 2.0 ** max(0, failures - 1))

    def _tell(self, error: SealiftError, seconds: float) -> None:
        self._notify(
            DatasetFailed(
                route=self._dataset,
                code=error.code,
                reason=error.message.partition("\n")[0],
                next_try_seconds=seconds,
            )
        )
