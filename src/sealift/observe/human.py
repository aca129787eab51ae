"""Writes events as lines for people."""

from collections.abc import Callable, Mapping
from typing import Any

from sealift import events
from sealift.events import Event
from sealift.observe import dataset_lines
from sealift.sources.listener import happenings


def sentence(event: Event) -> str:
    """Say in one line what happened; empty for what people need not see."""
    say = _SENTENCES.get(type(event))
    return say(event) if say else ""


def line(text: str) -> str:
    """Make sure that *text*, which may hold a file's name, is one line without controls."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or "\ud800" <= c <= "\udfff" else ascii(c)[1:-1] for c in text
    )


def seconds(value: float) -> str:
    """Write a time span for people: `0.4 s`, `4 s`, `2 min`."""
    if value < 1:
        return f"{value:.1f} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


class HumanLines:
    """An observer that writes a line for each event that people care about.

    Args:
        write: Takes one line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        say = _SENTENCES.get(type(event))
        if say is not None:
            self._write(line(say(event)))


def _delivered(event: events.Delivered) -> str:
    return f"✅ uploaded: {event.name} → {event.url}"


def _failed(event: events.AttemptFailed) -> str:
    when = (
        f"next try in {seconds(event.next_try_seconds)}"
        if event.next_try_seconds > 0
        else "tried again when the destination works"
    )
    return f"⚠️ failed processing {event.name}: {event.reason} ({when})"


def _quarantined(event: events.Quarantined) -> str:
    return f"⛔ in quarantine: {event.name}: {event.reason}"


def _vanished(event: events.Vanished) -> str:
    return f"👻 vanished: {event.name}: {event.reason}"


def _duplicate(event: events.DuplicateSuppressed) -> str:
    return f"♻️ delivered before, not sent again: {event.name}"


def _paused(event: events.Paused) -> str:
    return (
        f"⏸️ paused: route {event.route}, {event.place}: {event.reason} {event.hint} "
        f"(next probe in {seconds(event.probe_seconds)}; nothing is lost)"
    )


def _resumed(event: events.Resumed) -> str:
    return f"▶️ resumed: route {event.route}, {event.place}"


def _backed_off(event: events.BackedOff) -> str:
    return (
        f"⏳ slowed down: route {event.route}, {event.destination}: {event.reason} "
        f"(next try in {seconds(event.seconds)})"
    )


def _not_ready(event: events.NotReady) -> str:
    return f"⏳ not ready: {event.name}: {event.reason}"


def _listening(event: happenings.Listening) -> str:
    return f"👂 listening: {event.protocol} on {event.host} port {event.port}"


def _old_parser(event: happenings.OldParser) -> str:
    return (
        f"⚠️ old XML parser: expat {event.version} of this Python can be worn out by hostile "
        f"senders; use a Python with expat {event.wanted} or newer"
    )


def _file_closed(event: happenings.FileClosed) -> str:
    kept = " (events that could not be converted, as they came)" if event.unconverted else ""
    return f"📦 closed: {event.name}, {event.events} events, {event.size} bytes{kept}"


def _events_refused(event: happenings.EventsRefused) -> str:
    what = "something that is no event" if event.count == 1 else f"{event.count} that are no events"
    return f"⚠️ refused: {what} from {event.peer}: {event.reason}"


def _sender_closed(event: happenings.SenderClosed) -> str:
    return f"⚠️ connection closed: {event.peer}: {event.reason}"


def _sender_refused(event: happenings.SenderRefused) -> str:
    return f"⚠️ connection refused: {event.peer}: {event.reason}"


_SENTENCES: Mapping[type[Event], Callable[[Any], str]] = {
    events.Delivered: _delivered,
    events.AttemptFailed: _failed,
    events.Quarantined: _quarantined,
    events.Vanished: _vanished,
    events.DuplicateSuppressed: _duplicate,
    events.Paused: _paused,
    events.Resumed: _resumed,
    events.BackedOff: _backed_off,
    events.NotReady: _not_ready,
    happenings.Listening: _listening,
    happenings.OldParser: _old_parser,
    happenings.FileClosed: _file_closed,
    happenings.EventsRefused: _events_refused,
    happenings.SenderClosed: _sender_closed,
    happenings.SenderRefused: _sender_refused,
    **dataset_lines.SENTENCES,
}
