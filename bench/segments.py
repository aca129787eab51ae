"""Measure daily aggregates beside list-download-append-upload: `python -m bench.segments`."""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.aggregate.aggregate import DailyAggregate
from sealift.aggregate.journal import Journal
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.payload import Profile
from sealift.aggregate.slots import take_free_slot
from sealift.destinations.s3_options import S3Options
from sealift.testing.ministack import S3Server, ministack
from sealift.testing.proxy import Proxy

BUCKET = "bench-bucket"
CALLERS = 32

_TOLD = {"traits": {"email": "ana@example.com", "plan": "gold"}, "metadata": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What some events took."""

    events: int
    seconds: float
    requests: int
    stored: int

    def line(self, name: str, beside: "Result | None" = None) -> str:
        rate = self.events / self.seconds
        text = (
            f"{name:34} {rate:10,.0f} events/s  {self.requests:6,} requests  "
            f"{self.events - self.stored:5,} of {self.events:,} lost"
        )
        if beside:
            faster = rate / (beside.events / beside.seconds)
            text += f"  {faster:6.1f} x the speed, 1/{beside.requests / self.requests:.0f} requests"
        return text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.segments", description=__doc__)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="how often; the best one counts")
    parser.add_argument("--count-for", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.count_for:
        return count_for(options.count_for)
    with ministack() as server, counted(server) as counter:
        for name, run in (
            ("list, download, append, upload", remake),
            ("Sealift, submit and wait at the end", submitting),
            ("Sealift, every add waits for S3", adding),
        ):
            rounds = [measure(run, server, counter, options.events) for _ in range(options.rounds)]
            best = max(rounds, key=lambda one: one.events / one.seconds)
            if run is remake:
                old = best
                print(old.line(name), flush=True)
            else:
                print(best.line(name, old), flush=True)
    for callers, together in ((1, 1), (CALLERS, 1), (1, 100)):
        best_rate = max(journal_rate(callers, together) for _ in range(options.rounds))
        print(
            f"{'journal, each fsynced':34} {best_rate:10,.0f} events/s  "
            f"({callers} callers, {together} at once)"
        )
    return 0


# The way there ------------------------------------------------------------------------------


class Counter:
    """A proxy in a process of its own, which counts the answers that it passes on."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = self._ask("")

    def requests(self) -> int:
        return int(self._ask("\n"))

    def _ask(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def counted(server: S3Server) -> Iterator[Counter]:
    with subprocess.Popen(
        [sys.executable, "-m", "bench.segments", "--count-for", server.endpoint_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Counter(process)
        assert process.stdin
        process.stdin.close()


def count_for(url: str) -> int:
    with Proxy(url) as proxy:
        print(proxy.endpoint_url, flush=True)
        for _ in sys.stdin:
            print(proxy._replies, flush=True)  # noqa: SLF001
    return 0


# The runs -----------------------------------------------------------------------------------


def measure(
    run: Callable[[S3Server, str, int], None], server: S3Server, counter: Counter, events: int
) -> Result:
    client = server.client()
    client.create_bucket(Bucket=BUCKET)
    through = S3Server(
        endpoint_url=counter.url,
        access_key_id=server.access_key_id,
        secret_access_key=server.secret_access_key,
    )
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as folder:
        requests, began = counter.requests(), time.perf_counter()
        run(through, folder, events)
        seconds = time.perf_counter() - began
        requests = counter.requests() - requests
    stored = 0
    for found in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        body = client.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        stored += len(json.loads(body)["profiles"])
        client.delete_object(Bucket=BUCKET, Key=found["Key"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()
    return Result(events=events, seconds=seconds, requests=requests, stored=stored)


def profile(number: int) -> dict[str, Any]:
    traits = {**_TOLD["traits"], "smi_uid": f"smi-{number:06}"}
    return {**_TOLD, "traits": traits, "segments": ["newsletter", f"group-{number % 7}"]}


def together(events: int, call: Callable[[int], None]) -> None:
    """Let 32 callers share the events."""

    def work(first: int) -> None:
        for number in range(first, events, CALLERS):
            call(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def remake(server: S3Server, _folder: str, events: int) -> None:
    """Each event lists, downloads the day, appends, and uploads it, as the old plugin does.

    Unlike that one, all share a client and its connections.
    """
    import botocore.config  # noqa: PLC0415

    client = server.client()
    client.meta.config.merge(botocore.config.Config(max_pool_connections=CALLERS))
    key = "2026-11-22_segments.json"

    def upload(number: int) -> None:
        one = profile(number)
        entry = {"smi_uid": one["traits"]["smi_uid"], "segments": one["segments"]}
        listed = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        day: dict[str, Any] = {"profiles": []}
        if any(found["Key"] == key for found in listed):
            day = json.loads(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        day["profiles"].append(entry)
        client.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(day))

    together(events, upload)
    client.close()


def submitting(server: S3Server, folder: str, events: int) -> None:
    """Callers hand over, and wait at the end until everything is in S3."""
    with DailyAggregate(options_for(server, folder)) as aggregate:
        futures: list[Any] = []
        together(events, lambda number: futures.append(aggregate.submit(profile(number))))
        for future in futures:
            future.result()


def adding(server: S3Server, folder: str, events: int) -> None:
    """Each caller waits for each of its events."""
    with DailyAggregate(options_for(server, folder)) as aggregate:
        together(events, lambda number: aggregate.add(profile(number)) and None)


def options_for(server: S3Server, folder: str) -> AggregateOptions:
    s3 = S3Options(
        bucket=BUCKET,
        region=server.region,
        endpoint_url=server.endpoint_url,
        access_key_id=server.access_key_id,
        secret_access_key=server.secret_access_key,
    )
    return AggregateOptions(s3=s3, journal=Path(folder), merge="append")


def journal_rate(callers: int, at_once: int) -> float:
    """Give how many events a second the journal accepts, each on disk when that is told."""
    events = 20_000 if callers > 1 or at_once > 1 else 5_000
    one = Profile(smi_uid="smi-000017", segments=("returning-visitor", "newsletter", "high-value"))
    batch = [("2026-11-22", one)] * at_once
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as folder:
        journal = Journal(take_free_slot(Path(folder)), lambda _: None, lambda: "benchbench")

        def work() -> None:
            for _ in range(events // callers // at_once):
                journal.accept(batch, time.time_ns())

        threads = [threading.Thread(target=work) for _ in range(callers)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - began
        journal.close()
    return events / seconds


if __name__ == "__main__":
    sys.exit(main())
