"""The presigner as a web service: an ASGI app, and the server that runs it."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from io import FileIO, RawIOBase
from pathlib import Path
from typing import Any, Final

import uvicorn
from prometheus_client import CollectorRegistry, Counter, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Route

from sealift.destinations.presigned_signing import ROOT
from sealift.errors import ConfigError
from sealift.presigner.audit_file import AuditFile
from sealift.presigner.door import DoorKeeper
from sealift.presigner.exchange import Answer, Request
from sealift.presigner.openapi import as_json
from sealift.presigner.opening import open_presigner
from sealift.presigner.options import PresignerOptions
from sealift.presigner.orders import MAX_BODY_BYTES
from sealift.presigner.service import Presigner
from sealift.web_socket import open_socket, url_of

_log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MOST_CONNECTIONS: Final = 4096
"""More are answered 503: slow or idle clients must not use up the open files."""


class PresignerApp:
    """The ASGI app.

    Requests for URLs go straight to the presigner: routing them through Starlette
    would cost as much as signing them. All else is Starlette's.

    Args:
        presigner: What answers.
        audit: Where it adds its audit lines.
        registry: What `/metrics` shows.
        body_seconds: How long a request's body may take to come.
    """

    def __init__(
        self,
        presigner: Presigner,
        audit: AuditFile,
        registry: CollectorRegistry,
        *,
        body_seconds: float = 20.0,
    ) -> None:
        self._body_seconds = body_seconds
        self._presigner = presigner
        self._audit = audit
        self._rest = Starlette(
            routes=[
                Route("/healthz", lambda _request: Response("ok\n", media_type="text/plain")),
                Route("/metrics", lambda _request: _metrics(registry)),
                Route("/openapi.json", _openapi),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] != "http" or ROOT not in scope["path"]:
            await self._rest(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await _body(receive)
        except TimeoutError:
            await _send(self._presigner.fault("body_too_slow"), send)
            return
        if body is None:
            return
        request = _request(scope, body)
        presigner = self._presigner
        try:
            await self._audit.ready()
            if presigner.may_block(request):
                answer = await asyncio.to_thread(presigner.answer, request)
            else:
                answer = presigner.answer(request)
            await self._audit.written()
        except OSError as error:
            _log.error("presigner.audit: %s", error.strerror)
            answer = presigner.fault()
        await _send(answer, send)


async def _body(receive: Receive) -> bytes | None:
    """Read the body; one that is too long only until that is sure. None if the client left."""
    body = b""
    while len(body) <= MAX_BODY_BYTES:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body


def _request(scope: Scope, body: bytes) -> Request:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=path.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=body,
        source=client[0] if client else "",
    )


async def _send(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", b"%d" % len(answer.body)),
    ]
    headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _metrics(registry: CollectorRegistry) -> Response:
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


async def _openapi(_request: WebRequest) -> Response:
    return Response(as_json(), media_type="application/json")


def build_app(options: PresignerOptions, audit_file: RawIOBase) -> PresignerApp:
    """Make the app that any ASGI server can run.

    Args:
        options: Checked options.
        audit_file: Where audit lines go, unbuffered.

    Raises:
        ConfigError: The tokens or keys cannot be read, or a library is missing.
    """
    if options.auth == "gateway":
        raise ConfigError(
            "auth = gateway is for the Lambda function; here nobody vouches for a device.",
            hint="Use hmac, tokens or jwt.",
        )
    registry = CollectorRegistry()
    outcomes = Counter(
        "sealift_presigner_outcomes",
        "URLs signed, look-ups answered and requests refused, by the problem's code.",
        ("outcome",),
        registry=registry,
    )
    by_outcome: dict[str, Any] = {}

    def count(outcome: str, number: int) -> None:
        if outcome not in by_outcome:
            by_outcome[outcome] = outcomes.labels(outcome)
        by_outcome[outcome].inc(number)

    audit = AuditFile(audit_file)
    presigner = open_presigner(options, write_audit=audit.add, count=count)
    return PresignerApp(presigner, audit, registry)


def serve(
    options: PresignerOptions,
    *,
    host: str,
    port: int,
    audit_file: Path | None,
    forwarded_by: str,
    started: Callable[[str], object],
) -> None:
    """Serve until a signal ends it; requests under way are finished first.

    Args:
        options: Checked options.
        host: Address to listen on.
        port: Port; 0 for any that is free.
        audit_file: Where audit lines are appended; None for standard output.
        forwarded_by: Proxies whose X-Forwarded-For is believed, as addresses with
            commas; empty for none.
        started: Is told the service's URL once it answers.

    Raises:
        ConfigError: The port or the audit's file cannot be had, or the options do not
            fit this machine.
    """
    with ExitStack() as stack:
        audit = stack.enter_context(_opened(audit_file))
        app = build_app(options, audit)
        listener = stack.enter_context(open_socket(host, port, service="The presigner"))
        # What is here now stays: no need to look through it for garbage again and again.
        gc.collect()
        gc.freeze()
        server = _Server(_config(app, forwarded_by), lambda: started(url_of(listener)))
        server.run(sockets=[listener])


def _config(app: PresignerApp, forwarded_by: str) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=DoorKeeper,
        ws="none",
        log_level="warning",
        access_log=False,  # its lines would hold file names; the audit says more
        server_header=False,
        proxy_headers=bool(forwarded_by),
        forwarded_allow_ips=forwarded_by or None,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=10,
        lifespan="off",
    )


class _Server(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._tell()


def _opened(audit_file: Path | None) -> FileIO:
    if audit_file is None:
        return FileIO(sys.stdout.fileno(), "ab", closefd=False)
    try:
        return FileIO(audit_file, "ab")
    except OSError as error:
        raise ConfigError(
            f"The audit cannot be written to {audit_file}: {error.strerror}.",
            hint="Choose another --audit.",
        ) from None
