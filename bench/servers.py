"""The stores that are sent to, on loopback, and what each of them counts."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.measure import BenchError, compile_c, stop
from sealift.testing.ministack import ministack

BUCKET = "bench-bucket"
PREFIX = "files/"
_SOURCES = Path(__file__).parent / "null_server"
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a tool reaches a store."""

    endpoint_url: str
    access_key_id: str = "bench"
    secret_access_key: str = field(default="bench-secret", repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a store holds under the bench's prefix."""

    keys: int
    """Distinct keys."""

    bytes: int
    repeated: int
    """Keys that were stored more than once."""


class Server(Protocol):
    """A running store with an empty bucket."""

    access: Access

    def tally(self) -> Tally:
        """Count what was stored since the last `clear`."""
        ...

    def clear(self) -> None:
        """Forget every object."""
        ...


class NullServer:
    """The store of this bench: it answers at once, or after a fixed delay."""

    def __init__(self, port: int) -> None:
        self.access = Access(endpoint_url=f"http://127.0.0.1:{port}")
        # A proxy from the environment has no business between us and loopback.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def tally(self) -> Tally:
        """Count what was stored since the last `clear`."""
        url = f"{self.access.endpoint_url}/__stats__/{BUCKET}/{PREFIX}"
        with self._open(url, timeout=_ANSWER_SECONDS) as answer:
            told = json.load(answer)
        return Tally(keys=told["keys"], bytes=told["bytes"], repeated=told["repeated"])

    def clear(self) -> None:
        """Forget every object."""
        url = f"{self.access.endpoint_url}/__reset__"
        self._open(urllib.request.Request(url, method="POST"), timeout=_ANSWER_SECONDS).close()


PROBE = ".sealift-probe/"
"""Where Sealift tries out what a store does with conditions; it deletes what it put there."""


class RealServer:
    """A store that checks signatures and keeps what it gets: ministack."""

    def __init__(self, client: Any, access: Access) -> None:
        self.access = access
        self._client = client
        self.clear()

    def tally(self) -> Tally:
        """Count what was stored since the last `clear`: with versions on, each put leaves one."""
        versions = [v for v in self._versions(PREFIX) if PROBE not in v["Key"]]
        keys = {version["Key"] for version in versions}
        size = sum(version["Size"] for version in versions if version["IsLatest"])
        return Tally(keys=len(keys), bytes=size, repeated=len(versions) - len(keys))

    def clear(self) -> None:
        """Make the bucket anew."""
        held = [bucket["Name"] for bucket in self._client.list_buckets()["Buckets"]]
        if BUCKET in held:
            for version in list(self._versions("", "Versions", "DeleteMarkers")):
                self._client.delete_object(
                    Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"]
                )
            self._client.delete_bucket(Bucket=BUCKET)
        self._client.create_bucket(Bucket=BUCKET)
        self._client.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )

    def _versions(self, prefix: str, *kinds: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=BUCKET, Prefix=prefix):
            for kind in kinds or ("Versions",):
                yield from page.get(kind, [])


@contextmanager
def null_server(folder: Path, *, delay_ms: int = 0) -> Iterator[Server]:
    """
    Compile and run the null server until the block ends.

    Args:
        folder: Where the program goes.
        delay_ms: How long each answer is held back, in milliseconds.
    """
    program = compile_c(sorted(_SOURCES.glob("*.c")), folder / "null_server")
    server = subprocess.Popen(
        [program, "--delay-ms", str(delay_ms)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    try:
        port = server.stdout.readline() if server.stdout else b""
        if not port:
            raise BenchError("The bench's null server did not start; what it said is above.")
        yield NullServer(int(port))
    finally:
        stop(server)
        if server.stdout:
            server.stdout.close()


@contextmanager
def real_server(_folder: Path) -> Iterator[Server]:
    """Run ministack until the block ends."""
    with ministack() as store:
        client = store.client()
        yield RealServer(
            client,
            Access(
                endpoint_url=store.endpoint_url,
                access_key_id=store.access_key_id,
                secret_access_key=store.secret_access_key,
                region=store.region,
            ),
        )
        client.close()
