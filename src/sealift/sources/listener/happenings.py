"""What happens at a listener, beside what every route tells."""

from dataclasses import dataclass

from sealift.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening(Event):
    """A listener accepts connections."""

    protocol: str
    """`tcp` or `http`."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldParser(Event):
    """The XML parser of this Python is one that hostile senders may wear out."""

    version: str
    """Of expat."""

    wanted: str
    """The oldest one that is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAccepted(Event):
    """Events were written to disk since this was told last."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRefused(Event):
    """A connection was closed as soon as it came."""

    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderClosed(Event):
    """A connection was closed for a reason; what came before is kept."""

    peer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsRefused(Event):
    """Something came that is no event; it is kept as a reject."""

    peer: str
    reason: str
    """Of the first of them."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileClosed(Event):
    """Events became a file, which waits for its delivery."""

    name: str
    events: int
    size: int
    """Bytes, before compression."""

    unconverted: bool
    """The file holds events that could not be converted, as they came."""
