"""The days' files in the store: read with their bookkeeping, and replaced as they were read."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sealift.aggregate.document import DayText, ShapeError
from sealift.aggregate.merge import Event, merged
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.table import NAME, Table, read_table, room_for_table
from sealift.destinations.versioned import Version, VersionedStore
from sealift.naming import new_id
from sealift.sealing.parcel import Parcel

JSON: Final = "application/json"


class NoRoomError(Exception):
    """The day's file, or its bookkeeping, is beyond what writers may replace directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day's file as it is in the store."""

    key: str
    etag: str = ""
    """Empty if there is none."""

    body: bytes = field(default=b"", repr=False)
    table: Table = field(default_factory=Table)
    problem: str = ""
    """Why nobody may add to it; empty if all is well."""

    def lacks(self, events: Iterable[Event]) -> list[Event]:
        """Give those events, in order, that it does not hold."""
        return sorted(e for e in events if not self.table.holds(e.writer, e.seq))


class Days:
    """Reads and replaces days' files; no method retries.

    Args:
        store: Where they are.
        options: How they are named and merged.
        random: Gives so many random bytes.
    """

    def __init__(
        self,
        store: VersionedStore,
        options: AggregateOptions,
        *,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.store = store
        self._options = options
        self._room = room_for_table(options.s3.metadata)
        self._random = random

    def key(self, date: str) -> str:
        """Give the key of a day's file."""
        return f"{self._options.s3.prefix}{date}{self._options.suffix}"

    def folder(self, date: str) -> str:
        """Give the prefix of everything that is kept beside a day's file."""
        stem = self.key(date).removesuffix(".json")
        return f"{stem}.sealift/"

    def read(self, date: str) -> Day:
        """Read a day's file.

        Raises:
            TransientError: It could not be read now.
        """
        key = self.key(date)
        version = self.store.read(key)
        if version is None:
            return Day(key=key)
        table, problem = self._table_of(date, version)
        if version.content_encoding:
            problem = f"it is compressed ({version.content_encoding})"
        return Day(key=key, etag=version.etag, body=version.body, table=table, problem=problem)

    def body_after(self, day: Day, events: Sequence[Event]) -> bytes:
        """Make the day's file after *events*, which it lacks.

        Raises:
            ShapeError: It is no day's file. It is not to be touched.
        """
        text = DayText(day.body)
        merge = self._options.merge
        entries = merged(text.read, events, merge, distinct=day.table.distinct or not day.etag)
        return text.written(entries, rev=day.table.rev + 1)

    def table_after(self, day: Day, events: Iterable[Event]) -> Table:
        """Make the bookkeeping that goes with `body_after`."""
        writers = dict(day.table.writers)
        for event in events:
            writers[event.writer] = max(event.seq, writers.get(event.writer, 0))
        return Table(rev=day.table.rev + 1, merge=self._options.merge, writers=writers)

    def has_room_for(self, table: Table) -> bool:
        """Whether the bookkeeping fits into an object's metadata."""
        return len(table.text()) <= self._room

    def replaced(self, day: Day, events: Sequence[Event]) -> Day:
        """Store the day's file with *events*, in place of the version that was read.

        Raises:
            ShapeError: It is no day's file. Nothing was sent.
            NoRoomError: It would be beyond its limits. Nothing was sent.
            AlreadyThereError, ChangedMeanwhileError, OutcomeUnknownError: Read it
                again; its bookkeeping tells whether the events are in it.
            TransientError: Nothing was stored.
        """
        table = self.table_after(day, events)
        if day.table.record or not self.has_room_for(table):
            raise NoRoomError("too many writers for its metadata")
        body = self.body_after(day, events)
        if len(body) > self._options.direct_bytes:
            raise NoRoomError(f"it is over {self._options.direct_bytes} bytes")
        etag = self.put(day, body, table)
        return Day(key=day.key, etag=etag, body=body, table=table)

    def put(self, day: Day, body: bytes, table: Table) -> str:
        """Store a body in place of the version that was read; see `replaced`."""
        parcel = parcel_of(body, JSON, {NAME: table.text()})
        if not self.store.conditions_hold():
            return self.store.overwrite(day.key, parcel, put_id=self.put_id())
        if not day.etag:
            return self.store.create(day.key, parcel, put_id=self.put_id())
        return self.store.replace(day.key, parcel, put_id=self.put_id(), etag=day.etag)

    def put_id(self) -> str:
        """Make the id of a put."""
        return new_id(time.time(), self._random)

    # Writers that are too many for metadata ---------------------------------------------------

    def with_record(self, date: str, table: Table) -> Table:
        """Write the writers down in an object of their own, and give a table that names it.

        The day's file that names it is what makes it count; until then it is nothing.
        """
        name = self.put_id()
        parcel = parcel_of(json.dumps(dict(table.writers)).encode(), JSON)
        key = self.record_key(date, name)
        self.store.overwrite(key, parcel, put_id=name)
        return Table(rev=table.rev, merge=table.merge, writers=table.writers, record=name)

    def record_key(self, date: str, name: str) -> str:
        """Give the key of a record."""
        return f"{self.folder(date)}tables/{name}.json"

    def _table_of(self, date: str, version: Version) -> tuple[Table, str]:
        try:
            table = read_table(version.metadata)
        except ValueError:
            return Table(), "its bookkeeping is of another form, perhaps of a newer Sealift"
        if not table.record:
            return table, ""
        record = self.store.read(self.record_key(date, table.record))
        if record is None:
            return table, f"its record {table.record} is gone"
        try:
            writers = {str(name): int(seq) for name, seq in json.loads(record.body).items()}
        except (ValueError, TypeError, AttributeError):
            return table, f"its record {table.record} is damaged"
        return Table(rev=table.rev, merge=table.merge, writers=writers, record=table.record), ""


def parcel_of(body: bytes, content_type: str, metadata: dict[str, str] | None = None) -> Parcel:
    """Make a parcel of bytes."""
    return Parcel(
        body=body,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        content_type=content_type,
        metadata=metadata or {},
    )


__all__ = ["JSON", "Day", "Days", "NoRoomError", "ShapeError", "parcel_of"]
