"""Strangers who begin requests and never end them use up neither memory nor connections."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sealift.presigner import door
from tests.presigner.rig import Desk, order
from tests.presigner.running import send, serving
from tests.presigner.test_app import NOWHERE

BEGINNING = b"POST /ingest/new HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("presigner")
    with serving(home, NOWHERE, "--audit", str(home / "audit.log")) as made:
        yield made


def connect(url: str) -> socket.socket:
    split = urlsplit(url)
    return socket.create_connection((split.hostname or "", split.port or 0), timeout=30)


@pytest.mark.parametrize(
    "endless", [b"X-Long: " + b"a" * 65_536, b"X: y\r\n" * 10_000], ids=["one", "many"]
)
def test_a_head_without_end_is_cut_off(url: str, endless: bytes) -> None:
    with connect(url) as stranger, pytest.raises(OSError, match=r"reset|pipe"):
        stranger.sendall(BEGINNING + endless * ((16 << 20) // len(endless)))


def test_who_does_not_ask_is_not_waited_for(url: str) -> None:
    began = time.monotonic()
    strangers = [connect(url) for _ in range(4)]
    for stranger, said in zip(
        strangers,
        # Nothing, half a head, another half, and a body that goes on after its answer.
        [
            b"",
            BEGINNING,
            b"GET / HT",
            BEGINNING + b"Content-Length: 900000\r\n\r\n" + b" " * 600_000,
        ],
        strict=True,
    ):
        stranger.sendall(said)
    for stranger in strangers:
        while stranger.recv(65_536):
            pass
        stranger.close()
    assert time.monotonic() - began < 3 * door.HEAD_SECONDS


def test_who_asks_is_answered_again_and_again_over_one_connection(url: str) -> None:
    device = Desk(now=time.time()).device
    split = urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname or "", split.port, timeout=20)
    try:
        for filename in ("a.json", "b" * 250, "c.json"):
            items = [order(b"{}", filename=filename)] * 100  # more than the longest head
            request = device.request("/ingest/batch", {"items": items})
            connection.request(request.method, request.path, request.body, dict(request.headers))
            answer = connection.getresponse()
            assert (answer.status, len(json.loads(answer.read())["items"])) == (200, 100)
    finally:
        connection.close()
    assert send(url, device.request("/ingest/new", order(b"{}")))[0] == 200
