"""Real S3-compatible servers for the tests, and a way to their buckets that bypasses Sealift."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sealift.testing.ministack import S3Server

_SERVING = "Starting s3 server on ["


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """An empty bucket of its own for one test."""

    server: S3Server
    client: Any
    """A boto3 client with the server's keys."""

    name: str

    def raw_get(self, key: str) -> bytes | None:
        try:
            return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def raw_put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def keys(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]


@contextmanager
def rclone(folder: Path) -> Iterator[S3Server]:
    """Run `rclone serve s3` over *folder*; it checks signatures and ignores If-None-Match."""
    keys = S3Server(endpoint_url="", access_key_id="rclone-key", secret_access_key="rclone-secret")
    server = subprocess.Popen(
        [
            shutil.which("rclone", path=str(Path(sys.executable).parent)) or "rclone",
            *("serve", "s3", "--addr", "127.0.0.1:0", "--config", ""),
            *("--auth-key", f"{keys.access_key_id},{keys.secret_access_key}", str(folder)),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield S3Server(
            endpoint_url=_url_it_says(server),
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
        )
    finally:
        server.terminate()
        server.wait(10)


def _url_it_says(server: "subprocess.Popen[str]") -> str:
    assert server.stderr
    said = []
    for line in server.stderr:
        said.append(line)
        if _SERVING in line:
            url = line.partition(_SERVING)[2].partition("]")[0].rstrip("/")
            threading.Thread(target=_read_on, args=(server.stderr,), daemon=True).start()
            return url
    everything = "".join(said)
    raise AssertionError(f"rclone did not start: {everything}")


def _read_on(stream: Any) -> None:
    """Keep the pipe from filling up until the server ends."""
    with stream:
        for _ in stream:
            pass
