"""A route, made ready: where its items come from, what is done with them, where they go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from sealift.agent.schedule import Schedule
from sealift.destinations.base import Destination
from sealift.errors import RedactionError
from sealift.naming import (
    DateFrom,
    KeyFacts,
    KeyTemplate,
    encode_name,
    item_time,
    prefixed,
    text_of,
)
from sealift.sealing.seal import Sealer
from sealift.sources.base import Source


class Conflict(StrEnum):
    """What to do when somebody else's object is at an item's key."""

    QUARANTINE = "quarantine"
    OVERWRITE = "overwrite"
    SUFFIX = "suffix"
    """Take the next free key: the item's id is added to its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One flow: source, seal, destinations."""

    name: str
    source: Source
    sealer: Sealer
    template: KeyTemplate
    destinations: tuple[Destination, ...]
    on_conflict: Conflict = Conflict.QUARANTINE
    date_from: DateFrom = DateFrom.NOW
    device_id: str = ""
    host: str = ""
    concurrency: int = 256
    """Most uploads at once to one destination."""

    settle_seconds: float = 2.0
    growth_seconds: float = 60.0
    scan_interval_seconds: float = 60.0
    probe_seconds: float = 120.0
    schedule: Schedule = field(default_factory=Schedule)
    history_seconds: float = 0.0
    """How long the ledger remembers what is done and no longer in the folder; 0 for ever."""

    def keys(
        self, name: bytes, *, item_id: str, sha256: str, mtime_ns: int, now: float
    ) -> Mapping[str, str]:
        """Make an item's full key for each destination, from its name as it may be told.

        It is empty for a destination that makes its keys itself.

        Raises:
            KeyNameError: No valid key can be made from the name.
            RedactionError: The name could not be redacted.
        """
        time = (
            _utc(int(now))
            if self.date_from is DateFrom.NOW
            else item_time(name, mtime_ns, now, self.date_from)
        )
        key = self.template.expand(
            KeyFacts(
                name=self.sealer.name(name),
                id=item_id,
                time=time,
                sha256=sha256,
                route=self.name,
                device_id=self.device_id,
                host=self.host,
                name_suffix=self.sealer.suffix,
            )
        )
        return {
            d.name: "" if d.capabilities.names_keys else prefixed(d.prefix, key)
            for d in self.destinations
        }

    def filename(self, path: bytes) -> str:
        """Give the last segment of a file's name as it may be told, as sealing leaves it.

        What is no UTF-8 in it becomes `%XX`.

        Raises:
            RedactionError: The name could not be redacted.
        """
        name = self.sealer.name(path).rpartition(b"/")[2] + self.sealer.suffix.encode()
        try:
            return name.decode()
        except UnicodeDecodeError:
            return encode_name(name)

    def told(self, path: bytes) -> str:
        """Give a file's path as it may be told in events and logs: redacted as in its key."""
        try:
            return text_of(self.sealer.name(path))
        except RedactionError:
            return "(a name that could not be redacted)"

    def told_after(self, path: bytes, settled_as: bytes) -> str:
        """Give a settled file's path as it may be told; most only got an ending."""
        if settled_as.startswith(path):
            return self.told(path) + text_of(settled_as[len(path) :])
        return self.told(settled_as)


@lru_cache(maxsize=4)
def _utc(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def suffixed(key: str, item_id: str) -> str:
    """Give *key* with the end of the item's id added to its name, before the ending."""
    folder, slash, name = key.rpartition("/")
    stem, dot, ending = name.partition(".")
    return f"{folder}{slash}{stem}-{item_id[-12:]}{dot}{ending}"
