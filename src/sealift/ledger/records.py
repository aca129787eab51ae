"""What the ledger remembers, as frozen records."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class ItemState(StrEnum):
    """Where an item is in its life."""

    RESERVED = "reserved"
    """Its keys are fixed; some destination does not have it yet."""

    DELIVERED = "delivered"
    """Every destination has it; its source is not settled yet."""

    DONE = "done"
    """Delivered, and its source is settled."""

    QUARANTINED = "quarantined"
    """It waits for a person."""

    VANISHED = "vanished"
    """Its source went away, or was replaced, before it was delivered."""

    DROPPED = "dropped"
    """A person decided that it is not to be delivered. Its source stays."""


class DeliveryState(StrEnum):
    """Where an item is on its way to one destination."""

    WAITING = "waiting"
    """Not known to be there: it is in flight, or tried again at `next_try_at`."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """The destination cannot take it as it is; the item is in quarantine."""

    ENDED = "ended"
    """Given up with its item: the source vanished, or a person dropped it."""


class Identity(NamedTuple):
    """Which file it was, and in which version: what changes when the content may have changed."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    def same_file(self, other: "Identity") -> bool:
        """Tell whether *other* is this version. Device numbers may change at a reboot."""
        return self[1:] == other[1:]

    def is_of(self, status: os.stat_result) -> bool:
        """Tell whether a file with *status* is this version."""
        return (
            self.inode == status.st_ino
            and self.mtime_ns == status.st_mtime_ns
            and self.size == status.st_size
        )


class NewItem(NamedTuple):
    """An item as it enters the ledger."""

    id: str
    """The put id, a UUIDv7."""

    route: str
    path: bytes
    """Path below the source's folder, as the file system spells it."""

    identity: Identity
    now: float
    """Wall clock, seconds since 1970."""

    sha256: str = ""
    sealed_size: int = 0
    policy: str = ""
    redactions: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of the ledger."""

    seq: int
    """Its place in the order of arrival."""

    id: str
    route: str
    path: bytes
    identity: Identity
    state: ItemState
    sha256: str
    sealed_size: int
    redactions: Mapping[str, int]
    code: str
    """Why it is in quarantine or vanished: the error's code; else empty."""

    reason: str
    settled_as: bytes
    """Path of the source after settling, below its folder; empty if it has none."""

    created_at: float
    ended_at: float
    """0 while the item is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One item's way to one destination."""

    seq: int
    """The item's."""

    destination: str
    key: str
    """Full key, fixed before the first attempt."""

    state: DeliveryState
    etag: str
    tries: int
    """Attempts whose outcome is known."""

    next_try_at: float
    code: str
    """Code of the last failure; empty if there was none."""

    error: str
    delivered_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery whose time has come, with its item."""

    item: Item
    delivery: Delivery


class Arrived(NamedTuple):
    """A destination has the item."""

    etag: str
    now: float
    seq: int
    destination: str


class Failed(NamedTuple):
    """An attempt failed; there will be another."""

    code: str
    error: str
    next_try_at: float
    seq: int
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much of a route is where, for people."""

    route: str
    states: Mapping[str, int]
    """Number of items by state."""

    oldest_waiting_at: float
    """When the oldest undelivered item came; 0 if there is none."""

    waiting: Mapping[str, int]
    """Deliveries that wait, by destination."""

    last_errors: Mapping[str, str]
    """The newest failure of a waiting delivery, by destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A place of a route that cannot be used now."""

    route: str
    place: str
    """A destination's name, `source` or `ledger`."""

    code: str
    reason: str
    hint: str
    since: float
