"""A presigner in this process, present or old, with a store behind it, and what it was asked."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from sealift.destinations.base import KeyOrder
from sealift.destinations.presigned import PresignedDestination
from sealift.destinations.presigned_options import PresignedOptions
from sealift.naming import new_id
from sealift.presigner.auth_hmac import device_secret
from sealift.presigner.exchange import Request
from sealift.presigner.service import Terms
from sealift.presigner.sign import Signer, Store, store_of
from sealift.sealing.parcel import Parcel
from sealift.testing.bucket import Answer
from sealift.testing.fault_server import FaultServer
from sealift.testing.http_server import Exchange, HttpServer
from tests.presigner.rig import CREDENTIAL, MASTER, Desk

BODY = b'{"text": "hello"}'
PAGE = Answer(
    headers={"Content-Type": "text/html; charset=utf-8"}, body=b"<html>Please log in</html>"
)


def problem(status: int, code: str, **headers: str) -> Answer:
    """Problem details as the presigner gives them."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/problem+json", **headers},
        body=json.dumps({"code": code, "detail": "So it is."}).encode(),
    )


@dataclass
class PresignerServer:
    """Serves requests with *answer*; scripted answers come first."""

    answer: Callable[[Request], Answer]
    clock: Callable[[], float] = time.time
    script: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    @property
    def places(self) -> list[str]:
        """What was asked for, in order."""
        return [request.place for request in self.requests]

    def serve(self, http: Exchange) -> None:
        path, _, query = http.path.partition("?")
        request = Request(
            method=http.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in http.headers.items()},
            body=http.read_body(),
            source="192.0.2.1",
        )
        self.requests.append(request)
        answer = self.script.pop(0) if self.script else self.answer(request)
        date = {"Date": formatdate(self.clock(), usegmt=True)}
        http.send(
            Answer(status=answer.status, headers=date | dict(answer.headers), body=answer.body)
        )


@contextmanager
def serving(server: PresignerServer) -> Iterator[PresignerServer]:
    """Serve until the block ends."""
    http = HttpServer(server.serve)
    http.start()
    server.url = f"http://127.0.0.1:{http.port}/ingest/new"
    try:
        yield server
    finally:
        http.stop()


def of_desk(desk: Desk) -> Callable[[Request], Answer]:
    """Answer as the presigner of *desk* does."""

    def answer(request: Request) -> Answer:
        given = desk.presigner.answer(request)
        headers = {"Content-Type": given.content_type, **given.headers}
        return Answer(status=given.status, headers=headers, body=given.body)

    return answer


@dataclass
class OldPresigner:
    """Takes device and file name, gives url and key: another key each time, signed for the host.

    Such are in the field: nothing but POST to one path, and no word of the bytes.
    """

    signer: Signer
    life_seconds: int = 300
    strict: bool = False
    """It refuses a request with more than it knows."""

    keys: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        if request.method != "POST" or request.path != "/ingest/new":
            return _plain(404, {"message": "Not Found"})
        asked = json.loads(request.body)
        if self.strict and asked.keys() != {"device_id", "filename"}:
            return _plain(400, {"message": "unexpected field"})
        key = f"uploads/{asked['device_id']}/{uuid.uuid4()}_{asked['filename']}"
        self.keys.append(key)
        url = self.signer.url("PUT", key, now=int(time.time()), life_seconds=self.life_seconds)
        return _plain(200, {"url": url, "key": key})


def _plain(status: int, found: dict[str, Any]) -> Answer:
    return Answer(
        status=status,
        headers={"Content-Type": "application/json"},
        body=json.dumps(found).encode(),
    )


@dataclass
class Rig:
    """A store that can be told to fail, a presigner before it, and a destination."""

    store: FaultServer
    server: PresignerServer
    desk: Desk
    now: float
    """The device's clock."""

    options: dict[str, Any] = field(default_factory=dict)

    def destination(self, **changes: Any) -> PresignedDestination:
        given = {
            "url": self.server.url,
            "device_id": "dev001",
            "secret": device_secret(MASTER, "dev001"),
            "timeout_seconds": 5.0,
            **self.options,
            **changes,
        }
        return PresignedDestination(PresignedOptions(**given), clock=lambda: self.now)

    def puts(self) -> list[Any]:
        return self.store.calls("PutObject")


@contextmanager
def a_rig(**terms: Any) -> Iterator[Rig]:
    """A present presigner."""
    with FaultServer() as store:
        now = float(int(time.time()))
        desk = Desk(store=store_at(store), terms=Terms(**terms), now=now)
        server = PresignerServer(of_desk(desk), clock=lambda: desk.now)
        with serving(server):
            yield Rig(store=store, server=server, desk=desk, now=now)


def store_at(store: FaultServer) -> Store:
    return store_of(store.bucket.name, "us-east-1", store.endpoint_url)


def old_presigner(store: FaultServer, **changes: Any) -> OldPresigner:
    """An old presigner for the store."""
    return OldPresigner(Signer(store_at(store), CREDENTIAL), **changes)


def order(body: bytes = BODY, filename: str = "conversation_123.json", **changes: Any) -> KeyOrder:
    """An item that needs a key."""
    parcel = Parcel.of(body, content_type="application/json", **changes)
    return KeyOrder(put_id=new_id(time.time(), uuid_bytes), filename=filename, parcel=parcel)


def uuid_bytes(count: int) -> bytes:
    return uuid.uuid4().bytes[:count]


def key_of(destination: PresignedDestination, one: KeyOrder) -> str:
    """Have the key of one item named."""
    (key,) = destination.name_keys([one])
    assert isinstance(key, str), key
    return key
