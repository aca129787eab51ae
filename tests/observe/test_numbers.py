"""Metrics and progress bars."""

import hashlib
import io
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from rich.console import Console

from sealift import events
from sealift.destinations.memory import MemoryDestination
from sealift.errors import ConfigError
from sealift.observe.pages import serving
from sealift.observe.progress import Bars
from sealift.observe.prometheus import Metrics
from sealift.observe.reading import Observed
from sealift.observe.vitals import Health
from sealift.sealing.parcel import Parcel
from sealift.sources.listener import happenings
from tests.observe.test_lines import DELIVERED, FAILED, PAUSED


def test_metrics_count_without_keys_or_names(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path / "state")
    metrics(DELIVERED)
    metrics(DELIVERED)
    metrics(FAILED)
    metrics(PAUSED)
    metrics(events.Quarantined(route="a", item_id="1", name="n", code="too_large", reason="r"))
    metrics(events.PaceChanged(route="a", destination="s3", concurrency=8))
    metrics.took("a", "s3", 0.2)
    text = generate_latest(metrics.registry).decode()
    for line in (
        'sealift_attempts_total{destination="s3",error="",outcome="delivered",route="a"} 2.0',
        'sealift_attempts_total{destination="s3",error="throttled",outcome="failed",route="a"} 1.0',
        'sealift_delivered_bytes_total{destination="s3",route="a"} 14.0',
        'sealift_items_total{error="too_large",outcome="quarantined",route="a"} 1.0',
        'sealift_paused{place="s3",route="a"} 1.0',
        'sealift_concurrency{destination="s3",route="a"} 8.0',
        'sealift_put_seconds_bucket{destination="s3",le="0.25",route="a"} 1.0',
    ):
        assert line in text
    assert "x.json" not in text
    assert DELIVERED.sha256 not in text
    metrics(events.Resumed(route="a", place="s3"))
    assert 'sealift_paused{place="s3",route="a"} 0.0' in generate_latest(metrics.registry).decode()


def test_a_port_that_is_taken_is_a_configuration_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        metrics = Metrics(tmp_path)
        with (
            pytest.raises(ConfigError, match=f"127.0.0.1:{port}"),
            serving(metrics, Health(), "127.0.0.1", port),
        ):
            raise AssertionError


def test_bars_show_long_uploads_and_one_line_for_all_files() -> None:
    output = io.StringIO()
    bars = Bars(Console(file=output, force_terminal=True, width=100))
    part = events.Progressed(
        route="a", item_id="0197", name="deep/big.bin", destination="s3", done=1 << 20, size=4 << 20
    )
    with bars.shown():
        bars(part)
        bars._uploads.refresh()
        assert "big.bin" in output.getvalue()
        assert "1.0/4.0 MiB" in output.getvalue()
        bars(DELIVERED)
        bars.write("a line above\n")
        bars._uploads.refresh()
    assert "a line above" in output.getvalue()
    assert "1 delivered" in output.getvalue()
    assert bars._tasks == {}


class _Large:
    def chunks(self) -> Iterator[bytes]:
        yield b"one"
        yield b"three"


def test_reading_a_large_body_is_told_chunk_by_chunk_and_puts_are_timed() -> None:
    told: list[tuple[int, int]] = []
    took: list[tuple[str, str, float]] = []
    times = iter((1.0, 3.5))

    def notify(event: events.Event) -> None:
        assert isinstance(event, events.Progressed)
        told.append((event.done, event.size))

    inner = MemoryDestination()
    destination = Observed(
        inner, route="a", notify=notify, took=lambda *t: took.append(t), clock=lambda: next(times)
    )
    parcel = Parcel(body=_Large(), size=8, sha256=hashlib.sha256(b"onethree").hexdigest())
    destination.put("key", parcel, put_id="id")
    assert told == [(0, 8), (3, 8), (8, 8)]
    assert took == [("a", inner.name, 2.5)]


def test_a_listener_is_counted_without_addresses(tmp_path: Path) -> None:
    """Reasons are counted without their numbers, and not more kinds than a hundred."""
    metrics = Metrics(tmp_path)
    peer = {"route": "a", "peer": "192.0.2.7"}
    metrics(happenings.EventsAccepted(route="a", count=5))
    metrics(happenings.EventsAccepted(route="a", count=2))
    metrics(happenings.EventsRefused(**peer, reason="not valid at line 3, column 7", count=2))
    metrics(happenings.EventsRefused(**peer, reason="not valid at line 12, column 1", count=1))
    metrics(happenings.SenderRefused(**peer, reason="there are 50 connections already"))
    metrics(happenings.SenderClosed(**peer, reason="nothing came for 3600 s"))
    metrics(happenings.FileClosed(route="a", name="x.xml", events=5, size=9, unconverted=False))
    metrics(PAUSED)
    text = generate_latest(metrics.registry).decode()
    for line in (
        'sealift_listener_events_total{route="a"} 7.0',
        'sealift_listener_rejects_total{reason="not valid at line N, column N",route="a"} 3.0',
        'sealift_listener_connections_total{outcome="refused",route="a"} 1.0',
        'sealift_listener_connections_total{outcome="closed",route="a"} 1.0',
        'sealift_listener_files_total{route="a"} 1.0',
        'sealift_pauses_total{error="credentials",place="s3",route="a"} 1.0',
    ):
        assert line in text
    assert "192.0.2.7" not in text
    assert "x.xml" not in text
    for number in range(120):
        reason = "x" * (number + 1)
        metrics(happenings.EventsRefused(**peer, reason=reason, count=1))
    text = generate_latest(metrics.registry).decode()
    assert 'sealift_listener_rejects_total{reason="other",route="a"} 21.0' in text
