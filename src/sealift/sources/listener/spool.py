"""Keeps records durably as they come, and closes them as files by size, age and count."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sealift.sources.listener.closing import Closed, Closing
from sealift.sources.listener.disk import Disk
from sealift.sources.listener.formats import Form, OutputFormat
from sealift.sources.listener.landing import Landing
from sealift.sources.listener.reserve import Reserve
from sealift.sources.listener.rolling import Rolling, Rotation, first_that_fit

RETRY_SECONDS = 1.0
"""Time between two tries when the disk does not take anything."""

_PIECE_BYTES = 8 << 20
"""Most bytes of records for one write and sync."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a spool is given from outside, and whom it tells; called from its threads."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    closed: Callable[[Closed], None] = field(default=lambda _closed: None)
    """A file was published."""

    stuck: Callable[[str], None] = field(default=lambda _reason: None)
    """The disk takes nothing, and why; or empty: it does again."""


class _Entry(NamedTuple):
    records: list[bytes]
    size: int
    then: Callable[[], None] | None


class Spool:
    """Accepts records in groups: one write and one sync for all that came meanwhile.

    Args:
        folder: Its place; closed files appear in the folder `closed` below it.
        form: What closed files look like.
        rotation: When they are closed.
        hooks: Clocks, and who is told.
    """

    def __init__(self, folder: Path, form: Form, rotation: Rotation, hooks: Hooks) -> None:
        self.closed = folder / "closed"
        self._folder = folder / "segments"
        for place in (self._folder, self.closed):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hooks = hooks
        chosen = form.writer(form.output)
        fallbacks = form.writer(OutputFormat.XML), form.writer(OutputFormat.NDJSON)
        self.closing = Closing(self._folder, self.closed, chosen, fallbacks)
        self._rolling = Rolling(
            self._folder,
            rotation,
            Landing(chosen, form.compression),
            wall=hooks.wall,
            monotonic=hooks.monotonic,
        )
        self._disk = Disk(self._folder)
        self._reserve = Reserve(self._folder / "reserve", rotation.max_bytes * 2)
        self._changed = threading.Condition()
        self._entries: deque[_Entry] = deque()
        self.queued_bytes = 0
        """Bytes of records that are not on disk yet."""

        self.stuck = ""
        """Why the disk takes no records; empty while it does."""

        self.unclosed = ""
        """Why segments cannot be closed now; empty while they can."""

        self._rotate_wanted = False
        self._ending = False
        self._written = False  # nothing more comes to be closed
        self._closing_wanted = threading.Event()
        self._writer = threading.Thread(target=self._write, name="sealift-spool", daemon=True)
        self._closer = threading.Thread(target=self._close, name="sealift-close", daemon=True)

    # From any thread ------------------------------------------------------------------------

    def append(self, records: list[bytes], then: Callable[[], None] | None = None) -> None:
        """Take *records* over; *then* is called, from the spool's thread, when they are on disk.

        If the process ends before, they were never accepted, and *then* is not called.
        """
        size = sum(map(len, records))
        with self._changed:
            self._entries.append(_Entry(records, size, then))
            self.queued_bytes += size
            self._changed.notify()

    def rotate(self) -> None:
        """Close the open segment now, if it has records."""
        with self._changed:
            self._rotate_wanted = True
            self._changed.notify()

    def look(self) -> None:
        """Look at the clock now."""
        with self._changed:
            self._changed.notify()

    @property
    def has_open_records(self) -> bool:
        """Whether some records are in no published file yet."""
        return bool(not self._rolling.is_empty or self._entries or self.closing.waiting())

    def bytes_on_disk(self) -> int:
        """Count the bytes of segments and of files that are not delivered yet."""
        total = 0
        for place in (self._folder, self.closed):
            for entry in os.scandir(place):
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
        return total - self._reserve.size

    # Beginning and end ------------------------------------------------------------------------

    def recover(self) -> None:
        """Finish what a crash interrupted: publish, close, and cut the open segment.

        Raises:
            OSError: The disk does not let us. Nothing is lost; call it again.
        """
        for closed in self.closing.recover():
            self._hooks.closed(closed)
        self._rolling.recover()
        self._close_waiting()

    def start(self) -> None:
        """Begin to accept, after `recover`."""
        self._reserve.hold()
        self._writer.start()
        self._closer.start()

    def stop(self, *, flush: bool = False) -> None:
        """Write what was appended, and end; with *flush*, close and publish all of it too.

        If the disk takes nothing then, what is not written was never accepted.
        """
        with self._changed:
            self._rotate_wanted |= flush
            self._ending = True
            self._changed.notify()
        if self._writer.is_alive():
            self._writer.join()
        self._written = True
        self._closing_wanted.set()
        if self._closer.is_alive():
            self._closer.join()
        self._rolling.close()

    # The writer's thread ----------------------------------------------------------------------

    def _write(self) -> None:
        while True:
            with self._changed:
                while not (self._entries or self._ending or self._is_due()):
                    self._changed.wait(self._rolling.seconds_left())
                entries, self._entries = self._entries, deque()
                ending = self._ending
            went = self._write_all(entries)
            if went and self._is_due():
                went = self._insist(self._rotate)
            if ending and not (went and self._entries):
                break

    def _is_due(self) -> bool:
        wanted = self._rotate_wanted and not self._rolling.is_empty
        return wanted or self._rolling.is_due()

    def _write_all(self, entries: deque[_Entry]) -> bool:
        """Write *entries*, segment after segment; False if the end came while the disk is stuck."""
        while entries:
            taken, whole = self._take(entries)
            if not taken.records:
                if not self._insist(self._rotate):
                    return False
                continue
            if not self._insist(partial(self._append, taken)):
                return False
            with self._changed:
                self.queued_bytes -= taken.size
            for then in whole:
                then()
        return True

    def _take(self, entries: deque[_Entry]) -> tuple[_Entry, list[Callable[[], None]]]:
        """Take from *entries* what fits in the open segment; into an empty one, at least one.

        Returns:
            What was taken, and whom to tell when it is written.
        """
        room, most = self._rolling.room()
        room = min(room, _PIECE_BYTES)
        cost = self._rolling.cost_of_one
        taken: list[bytes] = []
        size = 0
        whole = []
        while entries:
            records, of_all, then = entries[0]
            if size + of_all + cost * len(records) <= room and len(taken) + len(records) <= most:
                fits = len(records)
            else:
                fits, of_all = first_that_fit(records, room - size, most - len(taken), cost)
                if not fits and not taken and self._rolling.is_empty:
                    fits, of_all = 1, len(records[0])
            taken += records[:fits]
            size += of_all
            room -= cost * fits
            if fits < len(records):
                entries[0] = _Entry(records[fits:], entries[0].size - of_all, then)
                break
            entries.popleft()
            if then is not None:
                whole.append(then)
        return _Entry(taken, size, None), whole

    def _append(self, taken: _Entry) -> None:
        self._disk.check_room(taken.size)
        self._rolling.append(taken.records, taken.size)

    def _rotate(self) -> None:
        self._rolling.rotate()
        self._rotate_wanted = False
        self._closing_wanted.set()

    def _insist(self, action: Callable[[], None]) -> bool:
        """Do *action* until the disk lets it; False if the end came before."""
        while True:
            try:
                action()
            except OSError as error:
                self._tell_stuck(f"The disk does not take the events: {error.strerror}.")
                with self._changed:
                    if self._ending:
                        return False
                    self._changed.wait(RETRY_SECONDS)
            else:
                self._tell_stuck("")
                return True

    def _tell_stuck(self, reason: str) -> None:
        before, self.stuck = self.stuck, reason
        if before != reason:
            self._hooks.stuck(reason)

    # The closer's thread ----------------------------------------------------------------------

    def _close(self) -> None:
        failed = False
        while True:
            self._closing_wanted.wait(RETRY_SECONDS if failed else None)
            ending = self._written
            self._closing_wanted.clear()
            try:
                self._close_waiting()
            except OSError as error:
                # Space put aside may be just what is missing.
                failed = not self._reserve.release()
                if not failed:
                    self._closing_wanted.set()
                self.unclosed = f"The disk does not let files be closed: {error.strerror}."
            except Exception as error:  # noqa: BLE001  the thread must not end, whatever it is
                failed = True
                self.unclosed = f"A file cannot be closed: unexpected {type(error).__name__}."
            else:
                failed = False
                self.unclosed = ""
            if ending and not self._closing_wanted.is_set():
                return

    def _close_waiting(self) -> None:
        for segment in self.closing.waiting():
            for closed in self.closing.close(segment):
                self._hooks.closed(closed)
            self._reserve.hold()
