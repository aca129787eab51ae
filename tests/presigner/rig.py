"""A presigner with a clock to turn, devices that ask it, and uploads with what it gave."""

import hashlib
import http.client
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from sealift.destinations.presigned_signing import canonical_query, sign
from sealift.destinations.s3_credentials import Credential
from sealift.presigner.auth import Authenticator
from sealift.presigner.auth_hmac import HmacAuth, device_secret
from sealift.presigner.exchange import Answer, Request
from sealift.presigner.identity import Identity
from sealift.presigner.lookup import Look, Seen, head
from sealift.presigner.quotas import Limits, Quotas
from sealift.presigner.service import Parts, Presigner, Terms
from sealift.presigner.sign import Store, store_of

NOW = 1_737_973_800.25  # 2025-01-27T10:30:00Z
ITEM_ID = "0194a74f-9d3a-7f2e-9d0e-5b1f7c2a4e6d"  # of that second
MASTER = "m" * 32
OLD_MASTER = "o" * 40
CREDENTIAL = Credential(access_key_id="AKIAEXAMPLE", secret_access_key="the-secret-of-AWS")
STORE = store_of("inbox", "us-west-2")


def order(body: bytes, *, filename: str = "conversation_123.json", **more: Any) -> dict[str, Any]:
    """The full form for *body*."""
    return {
        "filename": filename,
        "item_id": ITEM_ID,
        "content_type": "application/json",
        "content_length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "md5": hashlib.md5(body).hexdigest(),
        **more,
    }


@dataclass
class Desk:
    """A presigner, and all that it wrote and counted."""

    auth: Authenticator = field(default_factory=lambda: HmacAuth([MASTER, OLD_MASTER]))
    terms: Terms = field(default_factory=Terms)
    limits: Limits = field(default_factory=Limits)
    store: Store = STORE
    credential: Credential = CREDENTIAL
    look: Look = head
    now: float = NOW
    audit: list[dict[str, Any]] = field(default_factory=list)
    written: bytes = b""
    counted: dict[str, int] = field(default_factory=dict)
    write: Callable[[bytes], object] | None = None
    """Who takes the audit's lines instead."""

    def __post_init__(self) -> None:
        self.presigner = Presigner(
            Parts(
                terms=self.terms,
                identity=Identity(self.store, lambda: self.credential),
                auth=self.auth,
                quotas=Quotas(self.limits),
                look=self.look,
                write_audit=self.write or self._write,
                clock=lambda: self.now,
                random=os.urandom,
                count=self._count,
            )
        )
        self.device = Device(self)

    def _write(self, lines: bytes) -> None:
        self.written += lines
        self.audit += [orjson.loads(line) for line in lines.splitlines()]

    def _count(self, outcome: str, number: int) -> None:
        self.counted[outcome] = self.counted.get(outcome, 0) + number


_NONCES = itertools.count()


@dataclass
class Device:
    """Signs its requests, or sends what it is told to."""

    desk: Desk
    name: str = "dev001"
    secret: str = ""

    def __post_init__(self) -> None:
        self.secret = self.secret or device_secret(MASTER, self.name)

    def request(
        self,
        place: str,
        body: Any = None,
        *,
        method: str = "POST",
        query: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Request:
        raw = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        written = canonical_query(list((query or {}).items()))
        request = Request(method=method, path=place, query=written, body=raw, source="192.0.2.1")
        return self.signed(request, **more)

    def signed(self, request: Request, *, now: float | None = None, nonce: str = "") -> Request:
        query = canonical_query(request.parameters)
        header = sign(
            self.secret,
            device=self.name,
            method=request.method,
            place=request.place + (f"?{query}" if query else ""),
            body=request.body,
            now=int(self.desk.now if now is None else now),
            nonce=nonce or f"nonce-{next(_NONCES):016}",
        )
        return Request(
            method=request.method,
            path=request.path,
            query=request.query,
            body=request.body,
            source=request.source,
            headers={"authorization": header},
        )

    def post(self, place: str, body: Any) -> tuple[int, dict[str, Any]]:
        return read(self.desk.presigner.answer(self.request(place, body)))

    def new(self, body: Any) -> tuple[int, dict[str, Any]]:
        return self.post("/ingest/new", body)

    def look(self, item_id: str, filename: str) -> tuple[int, dict[str, Any]]:
        request = self.request(
            f"/ingest/items/{item_id}", method="GET", query={"filename": filename}
        )
        return read(self.desk.presigner.answer(request))


def read(answer: Answer) -> tuple[int, dict[str, Any]]:
    return answer.status, orjson.loads(answer.body)


def put(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Send exactly this, with a client that adds nothing of its own but Host."""
    split = urlsplit(url)
    kind = http.client.HTTPSConnection if split.scheme == "https" else http.client.HTTPConnection
    connection = kind(split.hostname or "", split.port, timeout=20)
    try:
        connection.putrequest("PUT", f"{split.path}?{split.query}", skip_accept_encoding=True)
        names = {name.lower() for name in headers}
        for name, value in headers.items():
            connection.putheader(name, value)
        if "content-length" not in names:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def seen(status: int, **headers: str) -> Look:
    """A store that answers so to every look."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _url: Seen(status=status, headers=named)
