"""Writes events as log lines: JSON for machines, `name key=value` for people who search."""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Final, Literal

from sealift import events
from sealift.datasets.happenings import DatasetFailed, DatasetProgressed
from sealift.events import Event
from sealift.observe.records import event_name, record
from sealift.sources.listener import happenings

Level = Literal["debug", "info", "warning"]

_RANK: Final[dict[str, int]] = {"debug": 0, "info": 1, "warning": 2}
_LEVELS: Final[dict[type[Event], Level]] = {
    events.AttemptFailed: "warning",
    events.BackedOff: "warning",
    events.Paused: "warning",
    events.Quarantined: "warning",
    events.Vanished: "warning",
    events.NotReady: "debug",
    events.PaceChanged: "debug",
    events.Progressed: "debug",
    events.Settled: "debug",
    happenings.EventsAccepted: "debug",
    happenings.EventsRefused: "warning",
    happenings.OldParser: "warning",
    happenings.SenderClosed: "warning",
    happenings.SenderRefused: "warning",
    DatasetFailed: "warning",
    DatasetProgressed: "debug",
}


class LogLines:
    """An observer that writes each event as a log line with time, level and a stable name.

    File names, keys and reasons are fields; bodies and secrets are in no event.

    Args:
        write: Takes one line.
        style: `json` or `text`.
        level: The least important events that are written.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        style: Literal["json", "text"],
        level: Level,
        clock: Callable[[], float],
    ) -> None:
        self._write = write
        self._render = _json if style == "json" else _text
        self._least = _RANK[level]
        self._clock = clock

    def __call__(self, event: Event) -> None:
        """Write the event, if it is important enough."""
        level = _LEVELS.get(type(event), "info")
        if _RANK[level] >= self._least:
            self._write(self._render(event, level, self._clock()))


def _json(event: Event, level: Level, now: float) -> str:
    return record(event, level=level, time=round(now, 3))


def _text(event: Event, level: Level, now: float) -> str:
    time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    values = " ".join(f"{f.name}={_value(getattr(event, f.name))}" for f in fields(event))
    return f"{time.replace('+00:00', 'Z')} {level:7} {event_name(event)} {values}"


def _value(value: object) -> str:
    text = str(value)
    plain = text.isprintable() and text and not set(text) & set(" \"'=")
    return text if plain else ascii(text) if not text.isprintable() else f'"{text}"'
