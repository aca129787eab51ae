"""Measure datasets: push, first sync beside one update_one per link, later syncs.

`python -m bench.datasets`; it starts an S3 server (ministack) and one that speaks MongoDB's
protocol (secantusdb) on this machine. Both are written in Python: the seconds are mostly
theirs, the ratios are what counts.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pymongo
from rich.console import Console
from rich.table import Table

from sealift.testing.ministack import S3Server, ministack

_STARTED_SECONDS = 30.0


def make_links(count: int, version: int, changed: int = 0) -> bytes:
    """A document of so many links; the first `changed` have other segments than before."""
    links = [
        {
            "link_id": 17_000_000 + number,
            "segment_id": None
            if number % 10 == 0
            else 400_000_000 + number * 7 + (version if number < changed else 0),
        }
        for number in range(count)
    ]
    return json.dumps(
        {"last_modified": version, "tow_and_go": links}, separators=(",", ":")
    ).encode()


def make_file(file: Path, *numbers: int) -> None:
    """Write a document from a process of its own.

    What this one had in memory would count as the peak of those that it starts.
    """
    words = [str(number) for number in numbers]
    subprocess.run([sys.executable, "-m", __spec__.name, "--make", file, *words], check=True)


class Bench:
    """Two servers, a configuration, and the command."""

    def __init__(self, work: Path, server: S3Server, mongo_uri: str, database: int) -> None:
        self.work = work
        self.mongo_uri = mongo_uri
        self._database = psutil.Process(database)
        server.client().create_bucket(Bucket="bench")
        (work / "sealift.toml").write_text(
            f"""
[datasets.tow-and-go.destination]
bucket = "bench"
endpoint_url = "{server.endpoint_url}"
region = "{server.region}"
[datasets.tow-and-go.mongo]
uri = {{ env = "MONGODB_URI" }}
database = "bench"
request_seconds = 3600.0  # this server copies a collection in order to rename it
"""
        )
        self.environ = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
            "MONGODB_URI": mongo_uri,
        }

    def database_cpu(self) -> float:
        """CPU seconds that the database has used."""
        times = self._database.cpu_times()
        return float(times.user + times.system)

    def run(self, *arguments: str) -> tuple[float, float, float, dict[str, Any]]:
        """Run `sealift dataset`; give wall and CPU seconds, peak MB, and its last event."""
        program = shutil.which("sealift", path=str(Path(sys.executable).parent)) or "sealift"
        out = self.work / "out"
        begun = time.perf_counter()
        with out.open("wb") as stdout, (self.work / "err").open("wb") as stderr:
            process = subprocess.Popen(
                [program, "dataset", *arguments, "--json"],
                cwd=self.work,
                env=self.environ,
                stdout=stdout,
                stderr=stderr,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        if process.returncode:
            raise SystemExit((self.work / "err").read_text())
        event = json.loads(out.read_text().splitlines()[-1])
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, event


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Links a second: of time, and of CPU time, the client's and the database's together."""

    wall: float
    cpu: float

    def beside(self, peer: "Rates") -> str:
        """Say how many times as fast as a peer."""
        return (
            f"{self.wall:,.0f} links/s; update_one {peer.wall:,.0f}: {self.wall / peer.wall:.1f} x "
            f"(by CPU {self.cpu / peer.cpu:.1f} x)"
        )


def one_by_one(bench: Bench, count: int, there: int) -> tuple[Rates, Rates]:
    """Write links with one update_one each, as a plain job does.

    Into a collection that holds half of them, as it does on the average while it grows.
    Also give how a rename of all links does: MongoDB changes a name, whatever the size; this
    server copies.
    """
    with pymongo.MongoClient(bench.mongo_uri) as client:
        collection = client["bench"]["one_by_one"]
        for start in range(there, there + there // 2, 1000):
            some = [{"_id": n, "link_id": n, "segment_id": n} for n in range(start, start + 1000)]
            collection.insert_many(some, ordered=False)
        wall, cpu = time.perf_counter(), time.process_time() + bench.database_cpu()
        collection.rename("renamed")
        renaming = _rates(bench, there // 2, wall, cpu)
        collection = client["bench"]["renamed"]
        collection.create_index("segment_id")
        links = json.loads(make_links(count, 1))["tow_and_go"]
        wall, cpu = time.perf_counter(), time.process_time() + bench.database_cpu()
        for link in links:
            collection.update_one({"_id": link["link_id"]}, {"$set": link}, upsert=True)
        rates = _rates(bench, count, wall, cpu)
        collection.drop()
    return rates, renaming


def _rates(bench: Bench, count: int, wall: float, cpu: float) -> Rates:
    used = time.process_time() + bench.database_cpu() - cpu
    return Rates(wall=count / (time.perf_counter() - wall), cpu=count / used)


@contextmanager
def mongo() -> Iterator[tuple[str, int]]:
    """Run secantusdb until the block ends; give its URI and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which("secantusd-py", path=str(Path(sys.executable).parent))
    if not program:
        raise SystemExit("secantusdb is not installed: see the group dev in pyproject.toml")
    process = subprocess.Popen(
        [
            *(program, "--host", "127.0.0.1", "--port", str(port)),
            *("--storage-path", ":memory:", "--log-level", "ERROR"),
        ]
    )
    try:
        end = time.monotonic() + _STARTED_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true", process.pid
    finally:
        process.terminate()
        process.wait(20)


def measure(bench: Bench, options: argparse.Namespace, table: Table) -> None:
    """Run everything, a row each."""
    count, few = options.links, max(1, options.links // 1000)
    file = bench.work / "links.json"

    def row(what: str, run: tuple[float, float, float, dict[str, Any]], more: str) -> None:
        seconds, cpu, peak, _ = run
        table.add_row(what, f"{seconds:.2f}", f"{cpu:.2f}", f"{peak:.0f}", more)
        Console(stderr=True).print(f"{what}: {seconds:.2f} s", markup=False)

    make_file(file, count, 1, 0)
    size = file.stat().st_size / 1e6
    row("push", bench.run("push", "tow-and-go", str(file)), f"{size:.1f} MB")
    row("push again, unchanged", bench.run("push", "tow-and-go", str(file)), "nothing sent")
    before = bench.database_cpu()
    first = bench.run("sync", "tow-and-go")
    cpu = bench.database_cpu() - before + first[1]
    peer, renaming = one_by_one(bench, options.one_by_one, count)
    row("first sync", first, Rates(wall=count / first[0], cpu=count / cpu).beside(peer))
    seconds = first[0] - count / renaming.wall
    less = Rates(wall=count / seconds, cpu=count / (cpu - count / renaming.cpu))
    row("... less the rename", (seconds, *first[1:]), less.beside(peer))
    row("sync, unchanged", bench.run("sync", "tow-and-go"), "1 HEAD, 1 find")
    make_file(file, count, 2, few)
    row("push, 0.1 % changed", bench.run("push", "tow-and-go", str(file)), "")
    changed = bench.run("sync", "tow-and-go")
    event = changed[3]
    written = event["added"] + event["changed"] + event["removed"]
    row("sync, 0.1 % changed", changed, f"{written} links written, by {event['way']}")


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=500_000)
    parser.add_argument("--one-by-one", type=int, default=3000, help="links of the slow way")
    parser.add_argument("--make", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        file, *numbers = options.make
        Path(file).write_bytes(make_links(*map(int, numbers)))
        return
    table = Table("", "s", "CPU s", "peak RSS MB", "", title=f"{options.links:,} links")
    with (
        ExitStack() as stack,
        tempfile.TemporaryDirectory(prefix="sealift-bench-") as name,
        ministack() as server,
        mongo() as (uri, pid),
    ):
        stack.callback(lambda: Console(width=130).print(table))  # also what there is of it
        measure(Bench(Path(name), server, uri, pid), options, table)


if __name__ == "__main__":
    main()
