"""What may be set about a listener."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sealift.sources.listener.formats import OutputFormat
from sealift.sources.listener.limits import Limits
from sealift.sources.listener.rolling import Rotation

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*(:[A-Za-z_][A-Za-z0-9._-]*)?", re.ASCII)
_DEEPEST = 1000


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOptions:
    """Where a listener listens, what it takes, and when it closes a file."""

    host: str = field(default="127.0.0.1", metadata=_help("Address on which it listens."))
    port: int = field(
        default=8080, metadata=_help("TCP port for streams of events; 0 for any free one, -1 none.")
    )
    http_port: int = field(
        default=-1, metadata=_help("Port for POST /events; 0 for any free one, -1 for none.")
    )
    framing: Literal["xml", "lines", "length"] = field(
        default="xml",
        metadata=_help("How a stream is cut: XML elements, JSON lines, or 4-byte lengths."),
    )
    element: str = field(default="EVENT", metadata=_help("Name of the XML element of one event."))
    root: str = field(default="EVENTS", metadata=_help("Name of the root element of XML files."))
    output: OutputFormat = field(
        default=OutputFormat.XML, metadata=_help("Format of the files: xml, json or ndjson.")
    )
    pretty: bool = field(default=False, metadata=_help("Indent what is converted to JSON."))
    acknowledge: bool = field(
        default=False,
        metadata=_help("On a stream, answer `OK n` once n events are on disk."),
    )
    max_file_bytes: int = field(
        default=10 << 20,
        metadata=_help("Largest file, in bytes as it lands: compressed where that is on."),
    )
    rotation_seconds: float = field(
        default=3600.0, metadata=_help("Oldest that an event may be when its file is closed.")
    )
    max_file_events: int = field(
        default=0, metadata=_help("Most events of a file; 0 for no limit.")
    )
    flush_on_stop: bool = field(
        default=False,
        metadata=_help("At the end, close and deliver what is gathered; else it waits on disk."),
    )
    max_connections: int = field(default=50, metadata=_help("Most connections at once."))
    max_connections_per_address: int = field(
        default=25, metadata=_help("Most connections of one address; 0 for no own limit.")
    )
    max_event_bytes: int = field(default=1 << 20, metadata=_help("Largest event, in bytes."))
    max_event_depth: int = field(default=64, metadata=_help("Deepest nesting of an event."))
    max_request_bytes: int = field(
        default=8 << 20, metadata=_help("Largest body of an HTTP request.")
    )
    max_buffered_bytes: int = field(
        default=64 << 20, metadata=_help("Most bytes in memory, of all connections together.")
    )
    max_spool_bytes: int = field(
        default=4 << 30,
        metadata=_help(
            "Most bytes of events that wait on disk; then nothing is read from senders."
        ),
    )
    max_rejects_bytes: int = field(
        default=1 << 30,
        metadata=_help("Most bytes of rejects on disk; then their senders are not read from."),
    )
    frame_seconds: float = field(
        default=30.0, metadata=_help("Longest time from an event's first byte to its last.")
    )
    idle_seconds: float = field(
        default=3600.0, metadata=_help("Longest silence of a connection; 0 for no limit.")
    )
    rate_events: int = field(
        default=0, metadata=_help("Events of one address in `rate_seconds`; 0 for no limit.")
    )
    rate_seconds: float = field(default=60.0, metadata=_help("The time that `rate_events` is for."))
    http_token: str = field(
        default="", repr=False, metadata=_help("Token that HTTP requests must bear; empty: none.")
    )
    tls_certificate: Path | None = field(
        default=None, metadata=_help("Certificate chain in PEM; with it, only TLS is spoken.")
    )
    tls_key: Path | None = field(
        default=None, metadata=_help("Private key in PEM, if it is not beside the certificate.")
    )
    tls_client_ca: Path | None = field(
        default=None, metadata=_help("Authorities in PEM; senders must show a certificate of them.")
    )
    rejects_prefix: str = field(
        default="", metadata=_help("Prefix to which rejects are delivered; empty: they stay here.")
    )
    scan_interval_seconds: float = field(
        default=60.0, metadata=_help("Time between two scans of the closed files.")
    )
    large_bytes: int = field(
        default=16 << 20, metadata=_help("Files above this size are sent in parts.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        return [*self._wrong_numbers(), *self._wrong_choices()]

    def limits(self) -> Limits:
        """Give the limits of connections."""
        return Limits(
            max_connections=self.max_connections,
            max_connections_per_address=self.max_connections_per_address or self.max_connections,
            max_event_bytes=self.max_event_bytes,
            max_depth=self.max_event_depth,
            max_buffered_bytes=self.max_buffered_bytes,
            frame_seconds=self.frame_seconds,
            idle_seconds=self.idle_seconds,
            rate_events=self.rate_events,
            rate_seconds=self.rate_seconds,
        )

    def rotation(self) -> Rotation:
        """Give when a file is closed."""
        return Rotation(
            max_bytes=self.max_file_bytes,
            seconds=self.rotation_seconds,
            max_count=self.max_file_events,
        )

    def _wrong_numbers(self) -> Iterator[str]:
        for name in ("port", "http_port"):
            if not -1 <= getattr(self, name) <= 65535:
                yield f"{name} must be -1 to 65535."
        for name in (
            "max_file_bytes",
            "rotation_seconds",
            "max_connections",
            "max_event_bytes",
            "max_request_bytes",
            "max_rejects_bytes",
            "frame_seconds",
            "rate_seconds",
            "scan_interval_seconds",
        ):
            if not getattr(self, name) > 0:
                yield f"{name} must be above 0."
        for name in (
            "max_file_events",
            "max_connections_per_address",
            "idle_seconds",
            "rate_events",
        ):
            if getattr(self, name) < 0:
                yield f"{name} must not be negative."
        if not 1 <= self.max_event_depth <= _DEEPEST:
            yield f"max_event_depth must be 1 to {_DEEPEST}."
        if self.max_buffered_bytes < 2 * self.max_event_bytes:
            yield "max_buffered_bytes must be at least twice max_event_bytes."
        if self.max_spool_bytes < 2 * self.max_file_bytes:
            yield "max_spool_bytes must be at least twice max_file_bytes."

    def _wrong_choices(self) -> Iterator[str]:
        if self.port < 0 and self.http_port < 0:
            yield "port and http_port are both -1: nothing can come."
        if self.framing == "lines" and self.output is OutputFormat.XML:
            yield 'framing = "lines" takes JSON; set output = "json" or "ndjson".'
        for name in ("element", "root"):
            if not _NAME.fullmatch(getattr(self, name)):
                yield f"{name} is no name of an XML element."
        if self.element == self.root:
            yield "element and root must differ."
        if (self.tls_key or self.tls_client_ca) and not self.tls_certificate:
            yield "tls_key and tls_client_ca need tls_certificate."
