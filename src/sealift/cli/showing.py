"""How records are shown: as JSON for programs, as short blocks for people."""

from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from sealift import ItemRecord


def as_json(record: Any) -> str:
    """Write a dataclass as one JSON object on one line."""
    data = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
    try:
        return orjson.dumps(data).decode()
    except TypeError:  # a file name that is no UTF-8
        return orjson.dumps(_clean(data)).decode()


def time_of(seconds: float) -> str:
    """Write a time as people and programs read it: `2026-01-31 12:00:00Z`."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}Z"


def shown(text: str) -> str:
    """Make text fit for a terminal: one line, no controls."""
    from sealift.observe.human import line  # noqa: PLC0415  events are slow to import
    from sealift.observe.lines import printable  # noqa: PLC0415

    return printable(line(text))


def item_lines(item: "ItemRecord") -> Iterable[str]:
    """Show an item as a block."""
    yield f"{shown(item.name)}  [{item.state}]  route {item.route}"
    yield f"  id        {item.id}"
    yield f"  taken up  {time_of(item.created_at)}"
    if item.sha256:
        yield f"  sealed    {item.size} bytes, SHA-256 {item.sha256}"
    if item.redactions:
        counts = ", ".join(f"{rule} {count}" for rule, count in sorted(item.redactions.items()))
        yield f"  redacted  {counts}"
    for one in item.deliveries:
        yield f"  {one.state:9} {shown(one.url or one.key)}"
        when = f" at {time_of(one.delivered_at)}" if one.delivered_at else ""
        yield f"            {one.destination}, {_tries(one.tries)}{when}"
        if one.error and one.state != "delivered":
            yield f"            {shown(one.error)}"
    if item.settled_as and item.settled_as != item.name:
        yield f"  now named {shown(item.settled_as)}"
    if item.reason:
        yield f"  why       {shown(item.reason)}"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _clean(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-8", "backslashreplace").decode()
    if isinstance(data, dict):
        return {key: _clean(value) for key, value in data.items()}
    return [_clean(value) for value in data] if isinstance(data, list | tuple) else data
