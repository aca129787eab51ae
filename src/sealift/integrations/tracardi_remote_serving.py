"""Runs the remote service for Tracardi until a signal ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette

from sealift.config.secrets import SecretError, secret
from sealift.errors import ConfigError
from sealift.integrations.tracardi.opening import close_shared, use_state_dir
from sealift.integrations.tracardi.settings import problems
from sealift.integrations.tracardi.upload import upload
from sealift.integrations.tracardi_remote import OwnAccess, RemoteService
from sealift.integrations.tracardi_remote_app import Access, build_app
from sealift.web_socket import open_socket, url_of

TOKEN_VARIABLE: Final = "SEALIFT_TRACARDI_TOKEN"  # noqa: S105 - its name, not the token
_MOST_CONNECTIONS: Final = 4096
"""More are answered 503: slow or idle clients must not use up the open files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOptions:
    """How the service runs."""

    host: str = "127.0.0.1"
    port: int = 20000
    """0 for any that is free."""

    token_file: Path | None = None
    """File whose one line is the token; None to take it from `TOKEN_VARIABLE`."""

    gui_origins: Sequence[str] = ()
    own: OwnAccess = field(default_factory=OwnAccess)
    state_dir: Path | None = None
    """Where the journals are; None for the user's own folder."""

    def check(self) -> None:
        """Check what the flags say.

        Raises:
            ConfigError: It cannot be right.
        """
        own = {"endpoint_url": self.own.endpoint_url, "region": self.own.region}
        wrong = [*problems(own).values()]
        wrong += [f"{one!r} is no origin." for one in self.gui_origins if not _is_origin(one)]
        if wrong:
            raise ConfigError(
                f"The service cannot start like this: {' '.join(wrong)}",
                hint="An origin is https://HOST or https://HOST:PORT, without a path.",
            )


def serve(
    options: RemoteOptions, *, environ: Mapping[str, str], started: Callable[[str], object]
) -> None:
    """Serve until a signal ends it; events under way are finished first.

    Args:
        options: How to run.
        environ: Environment variables.
        started: Is told the service's URL once it answers.

    Raises:
        ConfigError: The token or the port cannot be had.
    """
    options.check()
    access = Access(token=_token(options, environ), gui_origins=tuple(options.gui_origins))
    service = RemoteService(options.own, upload)
    if options.state_dir is not None:
        use_state_dir(options.state_dir)
    with open_socket(options.host, options.port, service="The service") as listener:
        app = build_app(service, access, lifespan=_life(lambda: started(url_of(listener))))
        uvicorn.Server(_config(app)).run(sockets=[listener])


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # its lines would hold the token, which Tracardi's pages put in a path
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=10,
        lifespan="on",
    )


def _life(
    started: Callable[[], object],
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """Tell when the service answers, and close the journals once nobody uses them.

    After its last answer uvicorn ends the process by the signal that it was sent, so
    nothing that comes after it would run.
    """

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        started()
        yield
        await asyncio.to_thread(close_shared)

    return life


def _is_origin(text: str) -> bool:
    """Whether a browser could send *text* as `Origin`."""
    try:
        url = urlsplit(text)
        return bool(url.hostname) and text == f"{url.scheme}://{url.netloc}".lower()
    except ValueError:
        return False


def _token(options: RemoteOptions, environ: Mapping[str, str]) -> str:
    file = options.token_file
    reference = {"file": str(file)} if file is not None else {"env": TOKEN_VARIABLE}
    try:
        return secret(reference, Path.cwd(), environ)
    except SecretError as error:
        raise ConfigError(
            f"The service's token {error}",
            hint=f"Make one with: openssl rand -hex 32; set {TOKEN_VARIABLE} or --token-file.",
        ) from None
