"""The journals that a process has open: its own, and those it took over from dead ones."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sealift.aggregate.journal import Journal, Pending
from sealift.aggregate.slots import Slot, take_free_slot, take_orphans
from sealift.errors import SealiftError, StateError


class Journals:
    """Opens journals, and hands over what waits in them.

    Args:
        folder: What the processes share.
        then: Is given accepted events, in order, when they are on disk.
        new_writer: Makes a writer id.

    Raises:
        StateError: The journal cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        then: Callable[[list[Pending]], None],
        new_writer: Callable[[], str],
    ) -> None:
        self._folder = folder
        self._then = then
        self._new_writer = new_writer
        self._idle: dict[Path, str] = {}
        """What was written last in folders where nothing waits."""

        self.own = self._open(take_free_slot(folder))
        self.all = [self.own]

    def adopt(self) -> None:
        """Take over what waits in the folders of processes that are gone."""
        with suppress(SealiftError, OSError):  # the next time, then
            for slot in take_orphans(self._folder):
                self._take_over(slot)
        for journal in self.all[1:]:
            if journal.is_idle():
                self.all = [one for one in self.all if one is not journal]
                journal.close()

    def close(self) -> None:
        """Let go of all of them; what waits stays."""
        for journal in self.all:
            journal.close()

    def _take_over(self, slot: Slot) -> None:
        if self._idle.get(slot.folder) == slot.newest():
            slot.release()
            return
        journal = self._open(slot)
        if journal.is_idle():
            self._idle[slot.folder] = slot.newest()
            journal.close()
        else:
            self.all = [*self.all, journal]

    def _open(self, slot: Slot) -> Journal:
        try:
            journal = Journal(slot, self._then, self._new_writer)
        except OSError as error:
            slot.release()
            raise StateError(
                f"The journal {slot.folder} cannot be used: {error.strerror}.",
                hint="Check that disk.",
            ) from error
        self._then(journal.recovered)
        return journal
