"""The thread that folds what lies in parts, and takes over what dead processes left."""

import random as chance
import threading
from collections.abc import Callable, Iterable
from typing import Final

from sealift.aggregate.compactor import Compactor
from sealift.aggregate.journal import Journal
from sealift.aggregate.worker import ROUTE
from sealift.errors import NotSentError, SealiftError
from sealift.events import BackedOff, Observer

_MOST_SECONDS: Final = 3600.0


class Upkeep:
    """Compacts now and then the days of which something of ours lies in parts.

    Args:
        compactor: Folds.
        journals: Gives the journals that are open now.
        adopt: Takes over what dead processes left.
        seconds: How often, on the average.
        notify: Who is told.
    """

    def __init__(
        self,
        compactor: Compactor,
        journals: Callable[[], Iterable[Journal]],
        adopt: Callable[[], None],
        *,
        seconds: float,
        notify: Observer,
    ) -> None:
        self._compactor = compactor
        self._journals = journals
        self._adopt = adopt
        self._seconds = seconds
        self._notify = notify
        self._sweeping: set[str] = set()
        self._failures: dict[str, int] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealift-upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and fold before what can be folded now."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self.compact_all()

    def compact_all(self) -> None:
        """Fold every day of which something of ours waits, as far as that goes now."""
        ours = {date for journal in self._journals() for _, date in journal.parted()}
        for date in sorted(ours | self._sweeping):
            try:
                self._compact(date)
            except NotSentError:  # another process is at it
                self._failures.pop(date, None)
            except SealiftError as error:
                self._failures[date] = self._failures.get(date, 0) + 1
                self._tell(date, error)
            except Exception as error:  # noqa: BLE001  the thread must not end, whatever it is
                text = f"Unexpected {type(error).__name__} while a day was compacted."
                self._failures[date] = self._failures.get(date, 0) + 1
                self._tell(date, SealiftError(text))

    def watch(self, date: str) -> None:
        """Come back to a day until none of its parts is left."""
        self._sweeping.add(date)

    def _run(self) -> None:
        while not self._ending.wait(self._wait_seconds()):
            self._adopt()
            self.compact_all()

    def _wait_seconds(self) -> float:
        failures = max(self._failures.values(), default=0)
        most = min(_MOST_SECONDS, self._seconds * 2.0 ** min(failures, 20))
        return most * (0.5 + chance.random())  # noqa: S311

    def _compact(self, date: str) -> None:
        before = {
            (journal, writer): journal.mark(writer, date).parted
            for journal in self._journals()
            for writer, day in journal.parted()
            if day == date
        }
        done = self._compactor.compact(date)
        self._failures.pop(date, None)
        (self._sweeping.add if done.kept else self._sweeping.discard)(date)
        # A part that came after the listing is not meant.
        for (journal, writer), upto in before.items():
            if writer not in done.unfolded:
                journal.folded(writer, date, upto)

    def _tell(self, date: str, error: SealiftError) -> None:
        self._notify(
            BackedOff(
                route=ROUTE,
                destination=date,
                code=error.code,
                reason=error.message,
                seconds=self._seconds,
            )
        )
