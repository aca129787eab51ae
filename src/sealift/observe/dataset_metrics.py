"""Counts for Prometheus what happens to datasets."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from sealift.datasets import happenings
from sealift.events import Event


class DatasetMetrics:
    """An observer that counts. No label holds a key or a record.

    Args:
        registry: Where the numbers go.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._runs = Counter(
            "sealift_dataset_runs",
            "Pushes and syncs, by outcome: stored, synced, unchanged, failed.",
            ("dataset", "what", "outcome", "error"),
            registry=registry,
        )
        self._written = Counter(
            "sealift_dataset_written_records",
            "Records that syncs added, changed and removed.",
            ("dataset", "how"),
            registry=registry,
        )
        self._records = Gauge(
            "sealift_dataset_records",
            "Records of the document that was pushed or synced last.",
            ("dataset", "what"),
            registry=registry,
        )
        self._version = Gauge(
            "sealift_dataset_version",
            "Version of the document that was pushed or synced last, such as last_modified.",
            ("dataset", "what"),
            registry=registry,
        )
        self._seconds = Gauge(
            "sealift_dataset_seconds",
            "How long the last push or sync took.",
            ("dataset", "what"),
            registry=registry,
        )

    def __call__(self, event: Event) -> None:
        """Count the event, if it is a dataset's."""
        match event:
            case happenings.DatasetPushed():
                self._ran(event, "push")
            case happenings.DatasetSynced():
                self._ran(event, "sync")
                for how in ("added", "changed", "removed"):
                    self._written.labels(event.route, how).inc(getattr(event, how))
            case happenings.DatasetFailed():
                self._runs.labels(event.route, "sync", "failed", event.code).inc()
            case _:
                pass

    def _ran(self, event: happenings.DatasetPushed | happenings.DatasetSynced, what: str) -> None:
        self._runs.labels(event.route, what, event.outcome, "").inc()
        self._records.labels(event.route, what).set(event.records)
        self._seconds.labels(event.route, what).set(event.seconds)
        if event.version is not None:
            self._version.labels(event.route, what).set(event.version)
