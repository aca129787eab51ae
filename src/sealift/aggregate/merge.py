"""How events change the entries of a day; pure."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sealift.aggregate.document import Entry
from sealift.aggregate.options import Merge

Read = Callable[[], Iterable[Entry]]
"""Reads the day's entries from the beginning, each time it is called."""

_Updates = dict[str, list[str]]


class Event(NamedTuple):
    """One accepted event; sorted, events stand in the order in which they came."""

    at_ns: int
    """When it was accepted, nanoseconds since 1970; never falls within one writer."""

    writer: str
    seq: int
    """Its number among the writer's events; grows, with gaps."""

    smi_uid: str
    segments: tuple[str, ...]


def merged(read: Read, events: Sequence[Event], merge: Merge, *, distinct: bool) -> Iterator[str]:
    """Give the text of each entry of the day after *events*.

    An entry that nothing changes keeps its text; fields that are not ours are kept.

    Args:
        read: The day's entries so far.

        events: What comes to it, in order; none that the day has already.

        merge:
            `union`: one entry for each uid, with every segment in the order in which
            they were first seen. `latest`: one entry for each uid, with the segments
            of its last event. `append`: one more entry for each event.

        distinct: The day is known to have one entry for each uid at most.
    """
    if merge == "append":
        for entry in read():
            yield entry.raw
        for event in events:
            yield _new(event.smi_uid, event.segments)
        return
    updates = _gather(events, merge)
    repeated = {} if distinct else _repeated(read, merge)
    for entry in read():
        key = _key(entry.value)
        if key in repeated:
            whole = repeated[key]
            if whole is None:
                continue
            repeated[key] = None
            entry = Entry("", whole)  # noqa: PLW2901  all of this uid's entries in one
        update = updates.pop(key, None) if isinstance(key, str) else None
        yield _updated(entry, update, merge)
    for uid, segments in updates.items():
        yield _new(uid, segments)


def _gather(events: Iterable[Event], merge: Merge) -> _Updates:
    if merge == "latest":
        return {event.smi_uid: list(event.segments) for event in events}
    seen: dict[str, dict[str, None]] = {}
    for event in events:
        seen.setdefault(event.smi_uid, {}).update(dict.fromkeys(event.segments))
    return {uid: list(segments) for uid, segments in seen.items()}


def _updated(entry: Entry, update: list[str] | None, merge: Merge) -> str:
    old = entry.value.get("segments")
    if update is None:
        new = old
    else:
        new = update if merge == "latest" else _joined([*(old or ()), *update])
    if entry.raw and new == old:
        return entry.raw
    return json.dumps({**entry.value, "segments": new})


def _repeated(read: Read, merge: Merge) -> dict[Any, dict[str, Any] | None]:
    """Find the uids that have several entries, as the old plugin wrote them; join each's."""
    seen: set[Any] = set()
    several: set[Any] = set()
    for entry in read():
        key = _key(entry.value)
        (several if key in seen else seen).add(key)
    several.discard(None)
    joined: dict[Any, dict[str, Any] | None] = {}
    for entry in read() if several else ():
        key = _key(entry.value)
        if key in several:
            before = joined.get(key)
            joined[key] = _both(before, entry.value, merge) if before else entry.value
    return joined


def _both(one: dict[str, Any], other: dict[str, Any], merge: Merge) -> dict[str, Any]:
    segments = other.get("segments") or []
    if merge == "union":
        segments = _joined([*(one.get("segments") or ()), *segments])
    return {**one, **other, "segments": segments}


def _joined(segments: list[Any]) -> list[Any]:
    """Keep each segment where it is first seen; foreign ones need not be texts."""
    return list({s if isinstance(s, str) else (json.dumps(s),): s for s in segments}.values())


def _key(value: dict[str, Any]) -> str | tuple[str] | None:
    """What tells whose entry it is; None if it says nothing of it, and stays as it is."""
    uid = value.get("smi_uid")
    if uid is None or isinstance(uid, str):
        return uid or None
    return (json.dumps(uid),)


def _new(uid: str, segments: Sequence[str]) -> str:
    return json.dumps({"smi_uid": uid, "segments": list(segments)})
