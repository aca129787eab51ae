"""The installed presigner as a process, and requests to it over the network."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from sealift.presigner.exchange import Request
from sealift.testing.ministack import S3Server
from tests.cli.commands import start
from tests.presigner.rig import MASTER


def settings(bucket: str, server: S3Server, **more: str) -> dict[str, str]:
    """The environment of a presigner for *bucket*."""
    wanted = {
        "bucket": bucket,
        "region": server.region,
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
        "master_key": MASTER,
        **more,
    }
    return {f"SEALIFT_PRESIGNER__{name.upper()}": value for name, value in wanted.items()}


@contextmanager
def serving(home: Path, environ: dict[str, str], *arguments: str) -> Iterator[str]:
    """Run `sealift presigner serve` until the block ends; give its URL."""
    process = start("presigner", "serve", "--port", "0", *arguments, home=home, **environ)
    assert process.stderr
    assert process.stdout
    try:
        said = process.stderr.readline()
        assert said.startswith("Presigner ready at "), said + process.stderr.read()
        yield said.split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def send(url: str, request: Request) -> tuple[int, bytes, dict[str, str]]:
    """Send *request* to the service at *url*."""
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=20)
    try:
        target = request.path + (f"?{request.query}" if request.query else "")
        connection.request(request.method, target, request.body or None, dict(request.headers))
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read(), headers
    finally:
        connection.close()
