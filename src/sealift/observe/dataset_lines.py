"""Says in words what happens to datasets."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sealift.datasets import happenings
from sealift.events import Event


def _pushed(event: happenings.DatasetPushed) -> str:
    if event.outcome == "unchanged":
        return f"✅ unchanged: {event.url} holds this very document; nothing was sent"
    version = "" if event.version is None else f", version {event.version}"
    copy = f", copy {event.copy}" if event.copy else ""
    return (
        f"✅ published: {event.url}, {_records(event.records)}{version}, SHA-256 {event.sha256}, "
        f"read back{copy}, {event.seconds:.1f} s"
    )


def _synced(event: happenings.DatasetSynced) -> str:
    if event.outcome == "unchanged":
        return f"✅ unchanged: {event.place} holds {event.url}; nothing was read or written"
    version = "" if event.version is None else f", version {event.version}"
    return (
        f"✅ synced: {event.url} → {event.place}, {_records(event.records)}{version}: "
        f"{event.added} added, {event.changed} changed, {event.removed} removed, "
        f"{event.seconds:.1f} s"
    )


def _failed(event: happenings.DatasetFailed) -> str:
    return f"⚠️ sync failed: {event.reason} (next try in {event.next_try_seconds:.0f} s)"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count} records"


SENTENCES: Final[Mapping[type[Event], Callable[[Any], str]]] = {
    happenings.DatasetPushed: _pushed,
    happenings.DatasetSynced: _synced,
    happenings.DatasetFailed: _failed,
}
