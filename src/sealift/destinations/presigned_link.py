"""Sends HTTP requests for the presigned destination; the only place that knows the client."""

import os
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.response import SyncResponse

from sealift.destinations.presigned_options import PresignedOptions
from sealift.errors import StateError, TransientError

IDLE_SECONDS: Final = 15.0
"""An idle connection is used again for so long; S3 closes it not much later."""

MOST_BYTES: Final = 4 << 20
"""More of an answer is not read; a full batch has a quarter of a megabyte."""

_LOOPBACK: Final = re.compile(r"https?://(?:localhost|127(?:\.\d+){3}|\[::1\])(?=[:/?]|$)")
_CONNECTING: Final = "client error (Connect)"


class NoAnswerError(Exception):
    """No whole answer came.

    Args:
        trouble: A word of `s3_rules.BY_TROUBLE`; with `connect`, `name` and
            `certificate` nothing was sent.
    """

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer."""

    _response: SyncResponse
    body: bytes
    """The body, or its beginning of `MOST_BYTES`."""

    @property
    def status(self) -> int:
        """HTTP status."""
        return self._response.status

    def header(self, name: str) -> str:
        """Give a header; empty if it is not there, or no text."""
        try:
            return self._response.get_header(name) or ""
        except ValueError:
            return ""

    @property
    def is_html(self) -> bool:
        """Whether it is a page for people, as login pages of networks are."""
        return "html" in self.header("content-type").lower()

    @property
    def retry_after_seconds(self) -> float:
        """How long it asks to wait; 0 if it does not, or names a date."""
        value = self.header("retry-after")
        return float(value) if value.isascii() and value.isdigit() else 0.0

    @property
    def date(self) -> float | None:
        """The time at the server, seconds since 1970, to the second; None if it does not say."""
        try:
            return parsedate_to_datetime(self.header("date")).timestamp()
        except (ValueError, OverflowError):
            return None


class Link:
    """Sends requests over connections that are used again; from many threads.

    Proxies are those of the options, and never for this very machine. Redirects are
    not followed: neither a presigner nor S3 sends one where all is well.

    Args:
        options: Checked options.
    """

    def __init__(self, options: PresignedOptions) -> None:
        self._options = options
        self._clients: dict[bool, SyncClient] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]],
        body: bytes | Iterable[bytes] | None = None,
        seconds: float,
    ) -> HttpAnswer:
        """Send one request, once.

        Args:
            method: Its method.
            url: Where to; it is sent as it is.
            headers: Sent besides the client's own Host, Accept and User-Agent.
            body: All of it, or its pieces; with pieces, *headers* tell its length.
            seconds: How long all of it may take.

        Raises:
            NoAnswerError: No whole answer came.
            StateError: This process is a fork of the one that began.
            TransientError: The client cannot be made.
        """
        client = self._client(url)
        try:
            builder = client.request(method, url).headers(list(headers))
            if isinstance(body, bytes):
                builder = builder.body_bytes(body)
            elif body is not None:
                builder = builder.body_stream(body)
            request = builder.timeout(timedelta(seconds=seconds)).build_streamed()
        except (PyreqwestError, ValueError):
            raise NoAnswerError("connect") from None
        try:
            with request as response:
                return HttpAnswer(response, _beginning(response))
        except PyreqwestError as error:
            # Its text holds the URL, which is a secret.
            raise NoAnswerError(_trouble(error)) from None

    def close(self) -> None:
        """Let go of the connections. The next request makes new ones."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, url: str) -> SyncClient:
        if os.getpid() != self._pid:
            # The client's threads do not survive a fork: its next call would hang for ever.
            raise StateError(
                "The connection to the presigner was made before this process was forked.",
                hint="Start processes with spawn, or use threads.",
            )
        direct = is_loopback(url)
        client = self._clients.get(direct)
        if client is not None:
            return client
        with self._lock:
            if direct not in self._clients:
                self._clients[direct] = self._open(direct=direct)
            return self._clients[direct]

    def _open(self, *, direct: bool) -> SyncClient:
        options = self._options
        builder = SyncClientBuilder().follow_redirects(enable=False).user_agent("sealift")
        builder = builder.gzip(enable=False).brotli(enable=False)
        builder = builder.zstd(enable=False).deflate(enable=False).referer(enable=False)
        builder = builder.connect_timeout(timedelta(seconds=options.connect_timeout_seconds))
        builder = builder.pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
        if direct or options.proxy == "none":
            builder = builder.no_proxy()
        elif options.proxy != "environment":
            builder = builder.proxy(ProxyBuilder.all(options.proxy))
        try:
            if options.ca_bundle:
                bundle = Path(options.ca_bundle).read_bytes()
                for certificate in bundle.split(_BEGIN)[1:]:
                    builder = builder.add_root_certificate_pem(_BEGIN + certificate)
            return builder.build()
        except (PyreqwestError, OSError, ValueError) as error:
            raise TransientError(
                f"The HTTP client could not be made: {type(error).__name__}.",
                hint="Check ca_bundle and proxy.",
            ) from None


_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


def _beginning(response: SyncResponse) -> bytes:
    """Read a body, but not for ever: what answers may be anybody."""
    body = b""
    while len(body) < MOST_BYTES and (piece := response.body_reader.read_chunk()):
        body += bytes(piece)
    return body[:MOST_BYTES]


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this very machine."""
    return _LOOPBACK.match(url) is not None


def host_of(url: str) -> str:
    """Give the host of a URL, which may be told; the rest of it may be a secret."""
    return urlsplit(url).netloc


def _trouble(error: PyreqwestError) -> str:
    """Tell what went wrong. The class does not: a connection that breaks is a ConnectError, too."""
    details = getattr(error, "details", None) or {}
    causes = [cause["message"] for cause in details.get("causes") or []]
    if _CONNECTING in causes:
        if any("certificate" in cause for cause in causes):
            return "certificate"
        return "name" if "dns error" in causes else "connect"
    return "timeout" if isinstance(error, RequestTimeoutError) else "broken"
