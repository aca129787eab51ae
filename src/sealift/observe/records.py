"""Events as JSON: one object a line, with a stable name and the event's own fields."""

import re
from collections.abc import Callable
from dataclasses import fields

import orjson

from sealift.events import Event

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_NAMES: dict[str, str] = {}


def event_name(event: Event) -> str:
    """Give the stable name of an event's kind, such as `attempt_failed`."""
    kind = type(event).__name__
    name = _NAMES.get(kind)
    if name is None:
        name = _NAMES[kind] = _CAPITAL.sub("_", kind).lower()
    return name


def record(event: Event, **more: object) -> str:
    """Write an event as one JSON object, after the fields *more*."""
    head = orjson.dumps({"event": event_name(event), **more})
    try:
        body = orjson.dumps(event)
    except TypeError:  # a file name that is no UTF-8
        body = orjson.dumps({f.name: _clean(getattr(event, f.name)) for f in fields(event)})
    return (head[:-1] + b"," + body[1:]).decode()


class JsonLines:
    """An observer that writes each event as a JSON object.

    Args:
        write: Takes one line.
        clock: Seconds since 1970.
    """

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock

    def __call__(self, event: Event) -> None:
        """Write the event."""
        self._write(record(event, time=round(self._clock(), 3)))


def _clean(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value
