"""Immutable objects beside a day's file, each with some events of one writer, until it is folded.

A part's key says writer, first and last number, and the same key always has the same bytes:
putting it twice, late, or over itself changes nothing.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sealift.aggregate.days import Days, parcel_of
from sealift.aggregate.merge import Event
from sealift.errors import (
    AlreadyThereError,
    InvalidContentError,
    KeyCollisionError,
    OutcomeUnknownError,
)

_NDJSON: Final = "application/x-ndjson"
_KEY: Final = re.compile(r"([\w-]+)/([0-9a-f]{12})-([0-9a-f]{12})\.ndjson", re.ASCII)
_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PartName:
    """A part that is in the store."""

    key: str
    writer: str
    first: int
    last: int
    size: int
    modified: float
    """When it was stored, by the store's clock, in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a part holds."""

    after: int
    """The number up to which the writer's events of that day were in S3 before."""

    events: list[Event]


class Parts:
    """Puts, lists and reads the parts of days."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._store = days.store

    def put(self, date: str, events: Sequence[Event], *, after: int) -> str:
        """Store events of one writer, in order, as a part; give its ETag.

        Raises:
            OutcomeUnknownError: It may be stored. Put it again.
            KeyCollisionError: Something else is under its key.
            TransientError: It is not stored.
        """
        parcel = parcel_of(_encoded(events, after), _NDJSON)
        writer, first, last = events[0].writer, events[0].seq, events[-1].seq
        key = f"{self._folder(date)}{writer}/{first:012x}-{last:012x}.ndjson"
        put_id = self._days.put_id()
        if not self._store.conditions_hold():
            return self._store.overwrite(key, parcel, put_id=put_id)
        for _ in range(_TRIES):
            try:
                return self._store.create(key, parcel, put_id=put_id)
            except AlreadyThereError:
                found = self._store.head(key)
                if found and found.sha256 == parcel.sha256:
                    return found.etag
                if found:
                    raise KeyCollisionError(
                        f"Something else is under {self._store.url(key)}.",
                        hint="Move it away; the events wait.",
                    ) from None
            except OutcomeUnknownError:
                continue
        raise OutcomeUnknownError(f"Whether {self._store.url(key)} is stored is not known.")

    def listed(self, date: str, writer: str = "") -> Iterator[PartName]:
        """List the parts of a day, or those of one writer."""
        folder = self._folder(date)
        for found in self._store.list(f"{folder}{writer}/" if writer else folder):
            if match := _KEY.fullmatch(found.key.removeprefix(folder)):
                yield PartName(
                    key=found.key,
                    writer=match[1],
                    first=int(match[2], 16),
                    last=int(match[3], 16),
                    size=found.size,
                    modified=found.modified,
                )

    def read(self, name: PartName) -> Part | None:
        """Read a part; None if it is gone, which means that it was folded.

        Raises:
            InvalidContentError: It is no part. Nothing was changed.
        """
        found = self._store.read(name.key)
        try:
            return _decoded(found.body, name.writer) if found else None
        except (ValueError, TypeError, KeyError):
            pass
        raise InvalidContentError(
            f"{self._store.url(name.key)} is no part of a day.", hint="Move it away."
        )

    def delete(self, name: PartName) -> None:
        """Delete a part that is folded."""
        self._store.delete(name.key)

    def _folder(self, date: str) -> str:
        return f"{self._days.folder(date)}parts/"


def _encoded(events: Sequence[Event], after: int) -> bytes:
    lines = [json.dumps({"after": after})]
    lines += [json.dumps([e.seq, e.at_ns, e.smi_uid, e.segments]) for e in events]
    return ("\n".join(lines) + "\n").encode()


def _decoded(body: bytes, writer: str) -> Part:
    head, *lines = body.splitlines()
    events = []
    for line in lines:
        seq, at_ns, uid, segments = json.loads(line)
        events.append(Event(at_ns, writer, seq, uid, tuple(segments)))
    return Part(after=json.loads(head)["after"], events=events)
