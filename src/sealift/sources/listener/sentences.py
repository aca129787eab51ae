"""Says in words what happens at a listener."""

from collections.abc import Callable, Mapping
from typing import Any

from sealift.events import Event
from sealift.sources.listener import happenings


def sentence(event: Event) -> str:
    """Say in one line what happened; empty for what is no listener's."""
    say = _SENTENCES.get(type(event))
    return say(event) if say else ""


def _listening(event: happenings.Listening) -> str:
    return f"👂 listening: {event.protocol} on {event.host} port {event.port}"


def _file_closed(event: happenings.FileClosed) -> str:
    kept = " (events that could not be converted, as they came)" if event.unconverted else ""
    return f"📦 closed: {event.name}, {event.events} events, {event.size} bytes{kept}"


def _refused(event: happenings.EventsRefused) -> str:
    what = "something that is no event" if event.count == 1 else f"{event.count} that are no events"
    return f"⚠️ refused: {what} from {event.peer}: {event.reason}"


def _sender_closed(event: happenings.SenderClosed) -> str:
    return f"⚠️ connection closed: {event.peer}: {event.reason}"


def _sender_refused(event: happenings.SenderRefused) -> str:
    return f"⚠️ connection refused: {event.peer}: {event.reason}"


_SENTENCES: Mapping[type[Event], Callable[[Any], str]] = {
    happenings.Listening: _listening,
    happenings.FileClosed: _file_closed,
    happenings.EventsRefused: _refused,
    happenings.SenderClosed: _sender_closed,
    happenings.SenderRefused: _sender_refused,
}
