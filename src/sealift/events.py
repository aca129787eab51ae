"""What happened, as data; logs, metrics, progress bars and `--json` are renderings of these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened on a route."""

    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStarted(Event):
    """A route began its work."""

    source: str
    destinations: tuple[str, ...]
    waiting: int
    """Deliveries left from an earlier run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStopped(Event):
    """A route ended its work; nothing of it is in flight."""

    waiting: int
    """Deliveries that a later run goes on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Event):
    """A destination has an item, whole and under its key."""

    item_id: str
    name: str
    """The source's name, as text."""

    destination: str
    url: str
    size: int
    """Bytes that left, after compression."""

    sha256: str
    tries: int
    redactions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Event):
    """An attempt did not deliver an item. It waits and is tried again."""

    item_id: str
    name: str
    destination: str
    code: str
    """Stable code of the error class."""

    reason: str
    tries: int
    next_try_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(Event):
    """An item waits for a person; its source is untouched."""

    item_id: str
    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished(Event):
    """A source went away, or was replaced, before it was delivered."""

    item_id: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled(Event):
    """An item is done: every destination has it, and its source is settled."""

    item_id: str
    name: str
    settled_as: str
    """The source's new name; empty if it was deleted or kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateSuppressed(Event):
    """A file came again with the same name and bytes; it was not sent twice."""

    item_id: str
    name: str
    earlier_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady(Event):
    """A file is not complete yet; it is looked at again."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Event):
    """A destination, or the source, is unusable for every item. Data stays; it is probed."""

    place: str
    """The destination's name, `source` or `ledger`."""

    code: str
    reason: str
    hint: str
    probe_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(Event):
    """What was paused works again."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedOff(Event):
    """Several attempts in a row failed; the destination is left alone for a while."""

    destination: str
    code: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceChanged(Event):
    """The number of uploads at once was adapted."""

    destination: str
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed(Event):
    """Part of a large item was read for its upload."""

    item_id: str
    name: str
    destination: str
    done: int
    """Bytes so far."""

    size: int
    """Bytes in all."""


Observer = Callable[[Event], None]
"""Somebody who is told. It must return at once and must not raise."""


def ignore(_event: Event) -> None:
    """Observe nothing."""
