"""The remote service for Tracardi as a web service: an ASGI app."""

import asyncio
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from sealift.errors import ConfigError
from sealift.integrations.tracardi_remote import (
    MalformedError,
    RemoteService,
    UnknownError,
    WrongFieldsError,
)

_log = logging.getLogger(__name__)

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
"""Tracardi sends event, session, profile and node along with each payload."""

BODY_SECONDS: Final = 10.0
"""How long a body may take to come."""

_TOKEN = re.compile(r"[A-Za-z0-9._~-]{32,}", re.ASCII)

Call = Callable[[Request, object], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may call the service."""

    token: str = field(repr=False)
    """At least 32 characters that stand in a URL as they are: Tracardi's pages put it there."""

    gui_origins: Sequence[str] = ()
    """Where Tracardi's pages come from, as `https://HOST[:PORT]`; browsers may call from there."""

    def check(self) -> None:
        """Check that the token can be one.

        Raises:
            ConfigError: It is too short, or has other characters.
        """
        if not _TOKEN.fullmatch(self.token):
            raise ConfigError(
                "The service's token must be at least 32 of A-Z, a-z, 0-9 and -._~.",
                hint="Make one with: openssl rand -hex 32",
            )

    def admits(self, offered: str) -> bool:
        """Whether *offered* is the token; it takes as long whatever is wrong with it."""
        return hmac.compare_digest(offered.encode(), self.token.encode())


def build_app(
    service: RemoteService,
    access: Access,
    *,
    lifespan: Lifespan[Starlette] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """Make the app that any ASGI server can run.

    Args:
        service: What answers.
        access: Who may call it.
        lifespan: What comes before the first answer and after the last.
        max_body_bytes: Largest body that is read.
        body_seconds: How long a body may take to come.

    Raises:
        ConfigError: The token cannot be one.
    """
    access.check()
    reader = _BodyReader(max_body_bytes, body_seconds)
    calls: list[tuple[str, str, Call]] = [
        ("GET", "/services", lambda _request, _body: _now(service.services)),
        ("GET", "/actions", lambda asked, _body: _now(service.actions, _service(asked))),
        ("GET", "/plugin/form", lambda asked, _body: _now(service.form, *_both(asked))),
        ("GET", "/plugin/registry", lambda asked, _body: _now(service.registry, _service(asked))),
        ("GET", "/service/resource", lambda asked, _body: _now(service.resource, _service(asked))),
        (
            "POST",
            "/service/resource/validate",
            lambda asked, body: _now(service.check_resource, _service(asked), body),
        ),
        (
            "POST",
            "/plugin/validate",
            lambda asked, body: _now(service.check_node, *_both(asked), body),
        ),
        ("POST", "/plugin/run", lambda asked, body: service.run(*_both(asked), body)),
    ]
    return Starlette(
        routes=[
            Route("/healthz", lambda _request: Response("ok\n", media_type="text/plain")),
            Route("/api-key/{key}", lambda request: _exchange(access, request)),
            *(
                Route(path, _guarded(access, reader, call), methods=[method])
                for method, path, call in calls
            ),
        ],
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=access.gui_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("authorization", "content-type", "x-context"),
            )
        ],
        exception_handlers={HTTPException: _unrouted},
        lifespan=lifespan,
    )


def _guarded(
    access: Access, reader: "_BodyReader", call: Call
) -> Callable[[Request], Awaitable[Response]]:
    """Let through to *call* what bears the token, and make an answer of all that it raises."""

    async def endpoint(request: Request) -> Response:
        try:
            _refuse_strangers(access, request)
            body = await reader.read(request) if request.method == "POST" else None
            return _json(200, await call(request, body))
        except Exception as error:  # noqa: BLE001 - a caller gets a sentence, whatever happens
            return _explained(error)

    return endpoint


def _explained(error: Exception) -> Response:
    match error:
        case HTTPException():
            return _http_problem(error)
        case UnknownError():
            return _problem(404, str(error))
        case MalformedError():
            return _problem(400, str(error))
        case WrongFieldsError():
            return _json(422, error.fields)
        case ClientDisconnect():
            return Response()  # nobody reads it
        case _:
            _log.error("tracardi.unexpected", exc_info=error)
            return _problem(500, "Something unexpected happened here; the service's log says what.")


def _refuse_strangers(access: Access, request: Request) -> None:
    scheme, _, offered = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and access.admits(offered.strip()):
        return
    # Tracardi's pages log their user out at any 401, also at one of another service.
    raise HTTPException(
        403 if "origin" in request.headers else 401,
        "This needs the service's token, as: Authorization: Bearer TOKEN.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _exchange(access: Access, request: Request) -> Response:
    """Give the token for the token: Tracardi's pages ask for it so before they use it."""
    key = request.path_params["key"]
    if not access.admits(key):
        return _problem(403, "This is not the service's token.")
    return _json(200, {"access_token": key})


class _BodyReader:
    """Reads JSON bodies, within limits."""

    def __init__(self, max_bytes: int, seconds: float) -> None:
        self._max_bytes = max_bytes
        self._seconds = seconds

    async def read(self, request: Request) -> object:
        try:
            async with asyncio.timeout(self._seconds):
                raw = await self._whole(request)
        except TimeoutError:
            raise HTTPException(408, "The body took too long to come.") from None
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            raise HTTPException(400, "The body is not JSON.") from None

    async def _whole(self, request: Request) -> bytes:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._max_bytes:
                raise HTTPException(413, f"The body is over {self._max_bytes:,} bytes.")
        return bytes(body)


def _service(request: Request) -> str:
    return request.query_params.get("service_id", "")


def _both(request: Request) -> tuple[str, str]:
    return _service(request), request.query_params.get("action_id", "")


async def _now(answer: Callable[..., object], *given: object) -> object:
    return answer(*given)


def _json(status: int, value: object) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def _problem(status: int, said: str) -> Response:
    return _json(status, {"detail": said})


def _http_problem(error: HTTPException) -> Response:
    known = {404: "There is nothing at this path.", 405: "The path does not take this method."}
    answer = _problem(error.status_code, known.get(error.status_code, error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _unrouted(_request: Request, error: Exception) -> Response:
    return _explained(error)
