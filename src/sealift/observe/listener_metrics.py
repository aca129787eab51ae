"""Counts for Prometheus what happens at listeners."""

import re
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from sealift.events import Event
from sealift.sources.listener import happenings

_NUMBER: Final = re.compile(r"\d+")
MOST_REASONS: Final = 100
"""Of all further ones, the label is `other`."""


class ListenerMetrics:
    """An observer that counts. No label holds an address or what was sent.

    Args:
        registry: Where the numbers go.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._accepted = Counter(
            "sealift_listener_events",
            "Events that are on disk.",
            ("route",),
            registry=registry,
        )
        self._rejects = Counter(
            "sealift_listener_rejects",
            "What came and is no event, by reason; N stands for numbers.",
            ("route", "reason"),
            registry=registry,
        )
        self._files = Counter(
            "sealift_listener_files",
            "Files that were closed.",
            ("route",),
            registry=registry,
        )
        self._connections = Counter(
            "sealift_listener_connections",
            "Connections that were refused, or closed for a reason.",
            ("route", "outcome"),
            registry=registry,
        )
        self._reasons: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Count the event, if it is a listener's."""
        match event:
            case happenings.EventsAccepted():
                self._accepted.labels(event.route).inc(event.count)
            case happenings.EventsRefused():
                self._rejects.labels(event.route, self._kind(event.reason)).inc(event.count)
            case happenings.FileClosed():
                self._files.labels(event.route).inc()
            case happenings.SenderRefused():
                self._connections.labels(event.route, "refused").inc()
            case happenings.SenderClosed():
                self._connections.labels(event.route, "closed").inc()
            case _:
                pass

    def _kind(self, reason: str) -> str:
        """Give a reason without its numbers, such as the position in a document."""
        kind = _NUMBER.sub("N", reason)
        if kind not in self._reasons and len(self._reasons) >= MOST_REASONS:
            return "other"
        self._reasons.add(kind)
        return kind
