"""Answers what people ask: how much waits, what became of a file, and what is in quarantine."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sealift.assembly import build_destination
from sealift.config import Config
from sealift.destinations.base import Destination
from sealift.errors import ConfigError, PausedError, TransientError, UsageError
from sealift.ledger.database import FILE_NAME
from sealift.ledger.desk import Desk
from sealift.ledger.records import Item, ItemState, Pause
from sealift.naming import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatus:
    """How a route stands, as the agent last wrote it down."""

    route: str
    delivered: int
    """Items that every destination has."""

    waiting: int
    """Items that are not delivered yet; files that no scan has seen are not counted."""

    oldest_waiting_seconds: float
    """How long the oldest of them has waited; 0 if there is none."""

    quarantined: int
    vanished: int
    dropped: int
    last_errors: Mapping[str, str]
    """The newest failure of what waits, by destination."""

    paused: tuple[Pause, ...]
    """What of the route is paused, and why."""

    @property
    def exit_code(self) -> int:
        """0 all delivered, 3 something waits or is in quarantine, 4 something is paused."""
        if self.paused:
            return PausedError.exit_code
        return TransientError.exit_code if self.waiting or self.quarantined else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """One item's way to one destination."""

    destination: str
    key: str
    url: str
    """For people; empty if the destination is no longer configured."""

    state: str
    etag: str
    tries: int
    delivered_at: float
    next_try_at: float
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRecord:
    """What the ledger knows of an item. Times are seconds since 1970, 0 for never."""

    route: str
    id: str
    name: str
    state: str
    size: int
    """Bytes that left, or are to leave."""

    sha256: str
    redactions: Mapping[str, int]
    code: str
    reason: str
    settled_as: str
    created_at: float
    ended_at: float
    deliveries: tuple[DeliveryRecord, ...]


def status(config: Config, *, now: float | None = None) -> list[RouteStatus]:
    """Tell how each configured route stands, and others that the ledger still knows.

    Raises:
        StateError: The ledger cannot be read.
    """
    now = time.time() if now is None else now
    names = [route.name for route in config.routes]
    if not has_ledger(config.agent.state_dir):
        return [_status(name, {}, 0.0, {}, ()) for name in names]
    with Desk(config.agent.state_dir) as desk:
        backlog = {one.route: one for one in desk.backlog()}
        pauses = desk.pauses()
    found = []
    for name in [*names, *(route for route in backlog if route not in names)]:
        paused = tuple(pause for pause in pauses if pause.route == name)
        one = backlog.get(name)
        if one is None:
            found.append(_status(name, {}, 0.0, {}, paused))
            continue
        waited = max(0.0, now - one.oldest_waiting_at) if one.oldest_waiting_at else 0.0
        found.append(_status(name, one.states, waited, one.last_errors, paused))
    return found


def history(config: Config, name: str = "", *, limit: int = 20) -> list[ItemRecord]:
    """Tell what became of a file, the newest item first; without *name*, of the newest files.

    Args:
        config: Whose ledger; its destinations give the URLs.

        name: A file's name or path, before or after settling, or an item's id.

        limit: Most items.

    Raises:
        StateError: The ledger cannot be read.
    """
    if not has_ledger(config.agent.state_dir):
        return []
    destinations = _destinations(config)
    with Desk(config.agent.state_dir) as desk:
        return [_record(desk, item, destinations) for item in _named(config, desk, name, limit)]


def quarantined(config: Config, route: str = "") -> list[ItemRecord]:
    """List what is in quarantine, the oldest first.

    Raises:
        StateError: The ledger cannot be read.
    """
    if not has_ledger(config.agent.state_dir):
        return []
    destinations = _destinations(config)
    with Desk(config.agent.state_dir) as desk:
        return [_record(desk, item, destinations) for item in desk.quarantined(route)]


def release(config: Config, names: Sequence[str], *, every: bool = False) -> list[str]:
    """Let items out of quarantine; tell which.

    A running agent takes them up at once, but invalid content only at its next scan.

    Raises:
        UsageError: No item in quarantine has that id or name. Nothing was changed.
        StateError: The ledger cannot be used.
    """
    with _chosen(config, names, every=every) as (desk, items):
        desk.release(items, now=time.time())
    return [text_of(item.path) for item in items]


def drop(config: Config, names: Sequence[str], *, every: bool = False) -> list[str]:
    """Decide that items in quarantine are not delivered; tell which. Their files stay.

    Raises:
        UsageError: No item in quarantine has that id or name. Nothing was changed.
        StateError: The ledger cannot be used.
    """
    with _chosen(config, names, every=every) as (desk, items):
        desk.drop(items, now=time.time())
    return [text_of(item.path) for item in items]


def retry(config: Config, route: str = "") -> int:
    """Make all deliveries due that wait for a later time; tell how many.

    Raises:
        StateError: The ledger cannot be used.
    """
    if not has_ledger(config.agent.state_dir):
        return 0
    with Desk(config.agent.state_dir) as desk:
        return desk.hurry(route)


def has_ledger(state_dir: Path) -> bool:
    """Tell whether there is a ledger: asking must not make one."""
    return (state_dir / FILE_NAME).exists()


def _status(
    route: str,
    states: Mapping[str, int],
    waited: float,
    last_errors: Mapping[str, str],
    paused: tuple[Pause, ...],
) -> RouteStatus:
    return RouteStatus(
        route=route,
        delivered=states.get(ItemState.DONE, 0) + states.get(ItemState.DELIVERED, 0),
        waiting=states.get(ItemState.RESERVED, 0),
        oldest_waiting_seconds=waited,
        quarantined=states.get(ItemState.QUARANTINED, 0),
        vanished=states.get(ItemState.VANISHED, 0),
        dropped=states.get(ItemState.DROPPED, 0),
        last_errors=last_errors,
        paused=paused,
    )


@contextmanager
def _chosen(
    config: Config, names: Sequence[str], *, every: bool
) -> Iterator[tuple[Desk, list[Item]]]:
    """Find the quarantined items of these ids or names."""
    if bool(names) == every:
        raise UsageError("Name items by id or file name, or choose all of them.")
    if not has_ledger(config.agent.state_dir):
        raise UsageError(f"There is no ledger in {config.agent.state_dir}.")
    with Desk(config.agent.state_dir) as desk:
        waiting = desk.quarantined()
        chosen = waiting if every else []
        for name in names:
            fitting = [item for item in waiting if _is_meant(item, name)]
            if not fitting:
                raise UsageError(
                    f"Nothing in quarantine has the id or name {name}.",
                    hint="See `sealift quarantine list`.",
                )
            chosen += [item for item in fitting if item not in chosen]
        yield desk, chosen


def _is_meant(item: Item, name: str) -> bool:
    raw = os.fsencode(name)
    return item.id == name or item.path == raw or item.path.rpartition(b"/")[2] == raw


def _named(config: Config, desk: Desk, name: str, limit: int) -> list[Item]:
    if not name:
        return desk.history(limit=limit)
    found = desk.history(os.fsencode(name), limit=limit)
    if not found and "/" in name:
        # A path as the shell knows it: the part below a route's folder is the item's.
        whole = Path(name).absolute()
        for route in config.routes:
            if whole.is_relative_to(route.source.path):
                below = os.fsencode(whole.relative_to(route.source.path))
                found += [i for i in desk.history(below, limit=limit) if i.route == route.name]
    item = None if found else desk.find(name)
    return found if item is None else [item]


def _destinations(config: Config) -> dict[tuple[str, str], Destination]:
    found = {}
    for route in config.routes:
        for settings in route.destinations:
            try:
                destination = build_destination(settings, route=route.name)
            except ConfigError:
                continue  # its URLs cannot be told; everything else can
            found[route.name, settings.options.name] = destination
    return found


def _record(
    desk: Desk, item: Item, destinations: Mapping[tuple[str, str], Destination]
) -> ItemRecord:
    deliveries = []
    for one in desk.deliveries(item.seq):
        destination = destinations.get((item.route, one.destination))
        deliveries.append(
            DeliveryRecord(
                destination=one.destination,
                key=one.key,
                url=destination.url(one.key) if destination else "",
                state=one.state.value,
                etag=one.etag,
                tries=one.tries,
                delivered_at=one.delivered_at,
                next_try_at=one.next_try_at,
                error=one.error,
            )
        )
    return ItemRecord(
        route=item.route,
        id=item.id,
        name=text_of(item.path),
        state=item.state.value,
        size=item.sealed_size,
        sha256=item.sha256,
        redactions=item.redactions,
        code=item.code,
        reason=item.reason,
        settled_as=text_of(item.settled_as),
        created_at=item.created_at,
        ended_at=item.ended_at,
        deliveries=tuple(deliveries),
    )
