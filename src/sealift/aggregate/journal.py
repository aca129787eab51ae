"""What was accepted, on disk before anybody is told, until it is in S3."""

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sealift.aggregate.merge import Event
from sealift.aggregate.payload import Profile
from sealift.aggregate.slots import Slot
from sealift.errors import LedgerWaitsError, UsageError
from sealift.sources.listener.records import read
from sealift.sources.listener.segment import OPEN_SUFFIX, Segment

_ROLL_BYTES: Final = 8 << 20
_KEPT_DAYS: Final = 4
_HEAD, _EVENT, _MARKS = b"H", b"E", b"M"


@dataclass(slots=True)
class Mark:
    """How far one writer's events of one day have come; all are numbers of events."""

    last: int = 0
    """The last that is in S3, wherever."""

    direct: int = 0
    """The last that is known to be in the day's file."""

    parted: int = 0
    """The last that lies in a part which is not known to be folded; 0 if none does."""


@dataclass(slots=True, eq=False)
class Pending:
    """An accepted event that is not known to be in S3."""

    event: Event
    date: str
    journal: "Journal"
    segment: Path
    future: "Future[Any]"
    """Ends when the event is in S3."""


@dataclass(slots=True, eq=False)
class _Group:
    """Events that reach the disk together."""

    entries: list[tuple[Pending, str]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    error: str = ""


class Journal:
    """
    The durable queue of one process.

    Every file begins with the writer's id, the next number, and how far each day has
    come; so the files before it may go as soon as their own events are in S3. An event
    keeps writer and number for ever: that is how S3 knows that it has it already.
    A machine that starts again, or a copy of the folder, gets a new writer id for what
    is new, and still sends what waits under the old one.

    Args:
        slot: Its folder, locked.
        then: Is given events, in order, when they are on disk.
        new_writer: Makes a writer id.
    """

    def __init__(
        self, slot: Slot, then: Callable[[list[Pending]], None], new_writer: Callable[[], str]
    ) -> None:
        self._slot = slot
        self._then = then
        self._pid = os.getpid()
        self._marks: dict[tuple[str, str], Mark] = {}
        self._left: dict[Path, int] = {}
        self._next = 1
        self._at_ns = 0
        self._writer = ""
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._group = _Group()
        waiting = [*self._recover()]
        if not self._writer:
            self._writer, self._next = new_writer(), 1
        self._segment = self._begin()
        self._trim()
        self.recovered = waiting
        """What an earlier process accepted and did not bring to S3, in order."""

    def accept(self, profiles: Sequence[tuple[str, Profile]], now_ns: int) -> list[Pending]:
        """Take events over; they are on disk when it returns.

        Args:
            profiles: Each with the date whose file it belongs to.
            now_ns: The time, nanoseconds since 1970.

        Raises:
            LedgerWaitsError: The disk does not take them; none is accepted.
            UsageError: This process was forked from the one that opened the journal.
        """
        if os.getpid() != self._pid:
            raise UsageError(
                "A daily aggregate was opened before this process was forked.",
                hint="Open it in the process that uses it.",
            )
        if not profiles:
            return []
        texts = [json.dumps([profile.smi_uid, profile.segments]) for _, profile in profiles]
        taken = []
        with self._lock:
            group = self._group
            is_first = not group.entries
            # Within one writer, time and number order events alike.
            self._at_ns = at_ns = max(self._at_ns, now_ns)
            for (date, profile), text in zip(profiles, texts, strict=True):
                seq, self._next = self._next, self._next + 1
                event = Event(at_ns, self._writer, seq, profile.smi_uid, profile.segments)
                pending = Pending(event, date, self, self._segment.path, Future())
                group.entries.append((pending, f'{seq},{at_ns},"{date}",{text[1:]}'))
                taken.append(pending)
        # Whoever comes first writes for all that come while the disk is busy with others.
        if is_first:
            try:
                with self._syncing:
                    self._commit()
            except BaseException:  # Ctrl-C, say: nobody may wait for a writer that is gone
                self._give_up(group)
                raise
        group.done.wait()
        if group.error:
            raise LedgerWaitsError(
                f"The journal {self._slot.folder} cannot be written now: {group.error}.",
                hint="Free some space on that disk; nothing was accepted.",
            )
        return taken

    def mark(self, writer: str, date: str) -> Mark:
        """Tell how far a writer's events of a day have come."""
        with self._lock:
            return self._marks.get((writer, date)) or Mark()

    def landed(self, entries: Iterable[Pending], *, merged: bool) -> None:
        """Remember that events are in S3: in the day's file, or else in parts.

        If the disk does not take that, they are sent again after a crash, and known again.
        """
        with self._syncing:
            changed = set()
            for one in entries:
                key = (one.event.writer, one.date)
                mark = self._marks.setdefault(key, Mark())
                mark.last = max(mark.last, one.event.seq)
                if merged:
                    mark.direct = max(mark.direct, one.event.seq)
                else:
                    mark.parted = max(mark.parted, one.event.seq)
                self._left[one.segment] -= 1
                changed.add(key)
            self._write_marks(changed)

    def folded(self, writer: str, date: str, upto: int) -> None:
        """Remember that a writer's parts up to a number are in the day's file."""
        with self._syncing:
            mark = self._marks.get((writer, date))
            if mark and 0 < mark.parted <= upto:
                mark.direct, mark.parted = max(mark.direct, mark.parted), 0
                self._write_marks({(writer, date)})

    def parted(self) -> list[tuple[str, str]]:
        """Give writer and date of what lies in parts."""
        with self._lock:
            return [key for key, mark in self._marks.items() if mark.parted]

    def is_idle(self) -> bool:
        """Whether nothing of it waits for anything."""
        with self._syncing:
            return not any(self._left.values()) and not self.parted()

    def close(self) -> None:
        """Let go of the folder; what waits stays."""
        with self._syncing:
            self._segment.close()
            self._slot.release()

    def _commit(self) -> None:
        with self._lock:
            group, self._group = self._group, _Group()
        try:
            self._write(group)
        except OSError as error:
            group.error = error.strerror or str(error)
        except BaseException as error:
            group.error = type(error).__name__
            raise
        finally:
            group.done.set()

    def _give_up(self, group: _Group) -> None:
        with self._lock:
            if self._group is group:
                self._group = _Group()
        if not group.done.is_set():
            group.error = "interrupted"
            group.done.set()

    def _write(self, group: _Group) -> None:
        if not self._segment.is_sound or self._segment.size > _ROLL_BYTES:
            self._roll()
        records = [b"E[" + text.encode() for _, text in group.entries]
        self._segment.append(records, self._at_ns)
        entries = [pending for pending, _ in group.entries]
        for pending in entries:
            pending.segment = self._segment.path
        self._left[self._segment.path] += len(entries)
        self._then(entries)

    def _write_marks(self, changed: Iterable[tuple[str, str]]) -> None:
        try:
            self._segment.append([_MARKS + self._marks_json(changed)], self._at_ns)
            if self._segment.size > _ROLL_BYTES:
                self._roll()
        except OSError:
            return  # the files before this one are kept then
        self._trim()

    def _roll(self) -> None:
        old, self._segment = self._segment, self._begin()
        old.close()

    def _begin(self) -> Segment:
        newest = max((int(path.stem) for path in self._left), default=0)
        segment = Segment.create(self._slot.folder, newest + 1)
        days = sorted({date for _, date in self._marks})[-_KEPT_DAYS:]
        kept = [key for key, mark in self._marks.items() if mark.parted or key[1] in days]
        self._marks = {key: self._marks[key] for key in kept}
        head = {
            "writer": self._writer,
            "next": self._next,
            "machine": self._slot.fingerprint,
            "marks": json.loads(self._marks_json(kept)),
        }
        segment.append([_HEAD + json.dumps(head).encode()], self._at_ns)
        self._left[segment.path] = 0
        return segment

    def _trim(self) -> None:
        for path, left in [*self._left.items()]:
            if left == 0 and path != self._segment.path:
                path.unlink(missing_ok=True)
                del self._left[path]

    def _marks_json(self, keys: Iterable[tuple[str, str]]) -> bytes:
        found = [(*key, self._marks[key]) for key in keys]
        return json.dumps([[w, d, m.last, m.direct, m.parted] for w, d, m in found]).encode()

    def _recover(self) -> Iterator[Pending]:
        """Read the files of earlier processes, and give what is not in S3."""
        entries: list[Pending] = []
        for path in sorted(self._slot.folder.glob(f"*{OPEN_SUFFIX}")):
            self._left[path] = 0
            writer = ""
            for record, _ in read(path):
                data = json.loads(record.body[1:])
                kind = record.body[:1]
                if kind == _HEAD:
                    writer = data["writer"]
                    self._take_head(data)
                elif kind == _MARKS:
                    self._take_marks(data)
                else:
                    seq, at_ns, date, uid, segments = data
                    event = Event(at_ns, writer, seq, uid, tuple(segments))
                    entries.append(Pending(event, date, self, path, Future()))
                    self._next = max(self._next, seq + 1)
                    self._at_ns = max(self._at_ns, at_ns)
        for one in entries:
            if one.event.seq > self.mark(one.event.writer, one.date).last:
                self._left[one.segment] += 1
                yield one

    def _take_head(self, head: dict[str, Any]) -> None:
        same = head["machine"] == self._slot.fingerprint
        self._writer = head["writer"] if same else ""
        self._next = max(self._next, head["next"])
        self._take_marks(head["marks"])

    def _take_marks(self, marks: list[list[Any]]) -> None:
        for writer, date, last, direct, parted in marks:
            self._marks[writer, date] = Mark(last, direct, parted)
