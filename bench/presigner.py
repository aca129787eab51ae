"""Measure the presigner: `python -m bench.presigner`."""

import argparse
import hashlib
import json
import os
import secrets
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from bench.measure import BenchError
from sealift.destinations.presigned_signing import sign
from sealift.naming import new_id
from sealift.presigner.auth_hmac import device_secret

_MASTER = "m" * 32
_ENVIRONMENT = {
    "BUCKET": "bench-bucket",
    "REGION": "us-west-2",
    "ACCESS_KEY_ID": "AKIAEXAMPLE",
    "SECRET_ACCESS_KEY": "example",
    "MASTER_KEY": _MASTER,
    "RATE_PER_SECOND": "0",
}
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What some thousand requests took."""

    urls: int
    wall_seconds: float
    server_cpu_seconds: float
    waits: list[float]
    """Of each request, from when it was due to its answer, in seconds, sorted."""

    def line(self, name: str) -> str:
        p50, p99 = (self.waits[int(len(self.waits) * part)] * 1000 for part in (0.5, 0.99))
        return (
            f"{name:34} {self.urls / self.wall_seconds:8,.0f} URLs/s  "
            f"{self.server_cpu_seconds / self.urls * 1e6:6.1f} µs of server CPU a URL "
            f"({self.urls / self.server_cpu_seconds:8,.0f} URLs per second of one core)  "
            f"p50 {p50:6.2f} ms  p99 {p99:6.2f} ms"
        )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.presigner", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="single URLs to ask for")
    parser.add_argument("--rounds", type=int, default=3, help="how often; the best one counts")
    options = parser.parse_args(arguments)
    with running() as (url, process):
        for name, batch, rate, connections in (
            ("one by one, 16 at once", 0, 0, 16),
            ("batches of 100, 4 at once", 100, 0, 4),
            ("one by one, 1,000 a second", 0, 1000, 16),
        ):
            count = options.requests // 50 if batch else options.requests
            count = min(count, 5000) if rate else count
            rounds = [
                measure(
                    url,
                    process,
                    prepared(count, batch),
                    connections=connections,
                    rate=rate,
                    urls_each=max(1, batch),
                )
                for _ in range(options.rounds)
            ]
            best = min(rounds, key=lambda r: r.waits[-1] if rate else r.server_cpu_seconds / r.urls)
            print(best.line(name), flush=True)
    print(f"{'import of the Lambda handler':34} {cold_import():.3f} s, best of 5 processes")
    return 0


def prepared(count: int, batch: int) -> list[bytes]:
    """Sign the requests beforehand: the client must not be what is measured."""
    secret = device_secret(_MASTER, "dev001")
    place = "/ingest/batch" if batch else "/ingest/new"
    found = []
    for number in range(count):
        items = [_item(number * batch + step) for step in range(max(1, batch))]
        body = json.dumps({"items": items} if batch else items[0]).encode()
        authorization = sign(
            secret,
            device="dev001",
            method="POST",
            place=place,
            body=body,
            now=int(time.time()),
            nonce=secrets.token_urlsafe(16),
        )
        head = (
            f"POST {place} HTTP/1.1\r\nHost: presigner\r\nAuthorization: {authorization}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


def _item(number: int) -> dict[str, object]:
    body = f"{number}".encode()
    return {
        "filename": f"conversation_{number}.json",
        "item_id": new_id(time.time(), os.urandom),
        "content_type": "application/json",
        "content_length": 10_000 + number % 1000,
        "sha256": hashlib.sha256(body).hexdigest(),
        "md5": hashlib.md5(body).hexdigest(),
    }


@contextmanager
def running() -> Iterator[tuple[str, psutil.Process]]:
    """Run the installed service on one core, if the system lets us choose."""
    environ = {f"SEALIFT_PRESIGNER__{name}": value for name, value in _ENVIRONMENT.items()}
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as folder:
        server = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("sealift")),
                *("presigner", "serve", "--port", "0", "--audit", f"{folder}/audit.log"),
            ],
            env={"PATH": os.environ.get("PATH", os.defpath), **environ},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stderr
            said = server.stderr.readline()
            if "ready at" not in said:
                raise BenchError(f"The presigner did not start: {said}")
            process = psutil.Process(server.pid)
            cores = os.sched_getaffinity(0)
            if len(cores) > 1:
                process.cpu_affinity([min(cores)])
                os.sched_setaffinity(0, cores - {min(cores)})
            yield said.split()[-1], process
        finally:
            server.terminate()
            server.communicate(timeout=20)


def measure(
    url: str,
    process: psutil.Process,
    requests: list[bytes],
    *,
    connections: int,
    rate: int,
    urls_each: int,
) -> Result:
    """Send all requests; with a *rate* each when it is due, else as fast as answers come."""
    split = urlsplit(url)
    before = process.cpu_times()
    began = time.perf_counter()
    waits = _exchange((split.hostname or "", split.port or 0), requests, connections, rate)
    wall = time.perf_counter() - began
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return Result(
        urls=len(requests) * urls_each,
        wall_seconds=wall,
        server_cpu_seconds=max(cpu, 0.01),
        waits=sorted(waits),
    )


def _exchange(
    address: tuple[str, int], requests: list[bytes], connections: int, rate: int
) -> list[float]:
    waiting = list(enumerate(requests))[::-1]
    selector = selectors.DefaultSelector()
    idle = []
    for _ in range(connections):
        one = socket.create_connection(address)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one, selectors.EVENT_READ, [b"", 0.0])
        idle.append(one)
    began = time.perf_counter()
    waits: list[float] = []
    while len(waits) < len(requests):
        now = time.perf_counter()
        while idle and waiting and (not rate or began + waiting[-1][0] / rate <= now):
            number, request = waiting.pop()
            one = idle.pop()
            selector.get_key(one).data[:] = [b"", began + number / rate if rate else now]
            one.sendall(request)
        next_due = began + waiting[-1][0] / rate - now if rate and waiting and idle else 1.0
        for key, _ in selector.select(max(0.0, next_due)):
            state = key.data
            state[0] += key.fileobj.recv(1 << 18)  # type: ignore[union-attr]
            if _is_whole(state[0]):
                waits.append(time.perf_counter() - state[1])
                idle.append(key.fileobj)
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]
    selector.close()
    return waits


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(_END)
    if not end:
        return False
    if not answer.startswith(b"HTTP/1.1 200"):
        raise BenchError(f"The presigner answered {answer[:300]!r}")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
    return len(body) >= length


def cold_import() -> float:
    """Import the Lambda handler in fresh processes; the best wall time, interpreter included."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import sealift.presigner.aws_lambda"], check=True)
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    sys.exit(main())
