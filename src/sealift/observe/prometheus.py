"""Counts events for Prometheus."""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sealift import events
from sealift.errors import SealiftError
from sealift.events import Event
from sealift.ledger.desk import Desk
from sealift.observe.dataset_metrics import DatasetMetrics
from sealift.observe.listener_metrics import ListenerMetrics

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """An observer that counts. No label holds a key, a path or an item's id.

    Args:
        state_dir: Whose ledger the backlog is counted in, at each scrape.
    """

    def __init__(self, state_dir: Path) -> None:
        self.registry = CollectorRegistry()
        self._attempts = Counter(
            "sealift_attempts",
            "Attempts to deliver, by outcome (delivered, failed) and class of error.",
            ("route", "destination", "outcome", "error"),
            registry=self.registry,
        )
        self._bytes = Counter(
            "sealift_delivered_bytes",
            "Bytes of delivered bodies, after compression.",
            ("route", "destination"),
            registry=self.registry,
        )
        self._items = Counter(
            "sealift_items",
            "Items by how they ended: settled, quarantined, vanished, duplicate.",
            ("route", "outcome", "error"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "sealift_put_seconds",
            "How long a put took, whatever came of it.",
            ("route", "destination"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._paused = Gauge(
            "sealift_paused",
            "1 while a destination, or the source, is paused.",
            ("route", "place"),
            registry=self.registry,
        )
        self._pauses = Counter(
            "sealift_pauses",
            "Pauses, by what was paused and the class of error.",
            ("route", "place", "error"),
            registry=self.registry,
        )
        self._concurrency = Gauge(
            "sealift_concurrency",
            "Uploads at once that the pace allows.",
            ("route", "destination"),
            registry=self.registry,
        )
        self._rooms = (ListenerMetrics(self.registry), DatasetMetrics(self.registry))
        self.registry.register(_Backlog(state_dir))

    def __call__(self, event: Event) -> None:
        """Count the event."""
        match event:
            case events.Delivered():
                self._attempts.labels(event.route, event.destination, "delivered", "").inc()
                self._bytes.labels(event.route, event.destination).inc(event.size)
            case events.AttemptFailed():
                self._attempts.labels(event.route, event.destination, "failed", event.code).inc()
            case events.Settled():
                self._items.labels(event.route, "settled", "").inc()
            case events.Quarantined():
                self._items.labels(event.route, "quarantined", event.code).inc()
            case events.Vanished():
                self._items.labels(event.route, "vanished", "").inc()
            case events.DuplicateSuppressed():
                self._items.labels(event.route, "duplicate", "").inc()
            case events.Paused():
                self._paused.labels(event.route, event.place).set(1)
                self._pauses.labels(event.route, event.place, event.code).inc()
            case events.Resumed():
                self._paused.labels(event.route, event.place).set(0)
            case events.PaceChanged():
                self._concurrency.labels(event.route, event.destination).set(event.concurrency)
            case _:
                self._in_rooms(event)

    def _in_rooms(self, event: Event) -> None:
        for room in self._rooms:
            room(event)

    def took(self, route: str, destination: str, seconds: float) -> None:
        """Count how long a put took."""
        self._seconds.labels(route, destination).observe(seconds)


class _Backlog(Collector):
    """Counts the ledger's backlog when it is asked."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not open the ledger."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        items = GaugeMetricFamily(
            "sealift_ledger_items", "Items of the ledger, by state.", labels=("route", "state")
        )
        oldest = GaugeMetricFamily(
            "sealift_oldest_waiting_timestamp_seconds",
            "When the oldest undelivered item came; 0 if there is none.",
            labels=("route",),
        )
        try:
            with Desk(self._state_dir) as desk:
                backlog = desk.backlog()
        except SealiftError:
            return  # the agent itself tells of a broken ledger
        for one in backlog:
            oldest.add_metric((one.route,), one.oldest_waiting_at)
            for state, count in one.states.items():
                items.add_metric((one.route, state), count)
        yield items
        yield oldest
