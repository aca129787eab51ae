"""The remote service as a process, and requests to it as Tracardi sends them."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.cli.commands import start

TOKEN = "0123456789abcdef" * 4
GUI = "https://cdp.example.com"
SERVICE, ACTION = "service_id=sealift-s3", "action_id=sealift-s3-segments"
BOTH = f"{SERVICE}&{ACTION}"
BEARER = {"authorization": f"Bearer {TOKEN}"}
NODE = {"s3_bucket": "segments", "prefix": "", "merge": "union", "time_zone": "UTC"}
RESOURCE = {
    "aws_access_key_id": "AKIAEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI",
    "region": "eu-west-1",
    "endpoint_url": "",
}


class Service:
    """A running service."""

    def __init__(self, url: str) -> None:
        self.url = url
        split = urlsplit(url)
        self.host, self.port = split.hostname or "", split.port or 0

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = BEARER,
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            heads = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, answer.read(), heads
        finally:
            connection.close()

    def get(self, target: str) -> Any:
        status, body, _ = self.ask("GET", target)
        assert status == 200, body
        return json.loads(body)

    def post(self, target: str, value: Any) -> tuple[int, Any]:
        status, body, _ = self.ask("POST", target, json.dumps(value).encode())
        return status, json.loads(body)


@contextmanager
def serving(home: Path, *arguments: str, **environ: str) -> Iterator[Service]:
    """Run `sealift tracardi serve` until the block ends."""
    given = {"SEALIFT_TRACARDI_TOKEN": TOKEN, **environ}
    process = start("tracardi", "serve", "--port", "0", *arguments, home=home, **given)
    assert process.stderr
    try:
        said = process.stderr.readline()
        assert said.startswith("Tracardi service ready at "), said + process.stderr.read()
        yield Service(said.split()[-1])
    finally:
        process.terminate()
        _, rest = process.communicate(timeout=20)
    assert not rest, rest


def running(node: Any = NODE, resource: Any = RESOURCE, payload: Any = None) -> dict[str, Any]:
    """What Tracardi sends for an event."""
    context = {"node": {"id": "n1", "microservice": {"plugin": {"resource": resource}}}}
    return {
        "init": node,
        "context": {**context, "event": {"id": "e1"}, "profile": None},
        "params": {"payload": payload, "in_edge": None},
    }
