"""Asks a process over HTTP whether it is well; for health checks of containers and supervisors."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from sealift.errors import UsageError

MOST_BYTES = 4096


class Answer(NamedTuple):
    """What a process says of itself."""

    well: bool
    text: str
    """Its own words, or why there are none; one line."""


def health(url: str, *, seconds: float = 3.0) -> Answer:
    """
    Ask whether a running agent, listener or presigner is well.

    Proxies of the environment are not used.

    Args:
        url: Where it answers: `/healthz` on an agent's metrics port or a presigner's
            port, `/health` on a listener's HTTP port.

        seconds: How long to wait for an answer.

    Raises:
        UsageError: That is no URL of HTTP.
    """
    connection, path = _connection(url, seconds)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES).decode("utf-8", "replace")
        return Answer(answer.status == 200, " ".join(text.split()))
    except (OSError, HTTPException) as error:
        return Answer(False, f"no answer: {type(error).__name__}")
    finally:
        connection.close()


def _connection(url: str, seconds: float) -> tuple[HTTPConnection, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(
            f"{url!r} is no URL of a health page.",
            hint="Give one such as http://127.0.0.1:9464/healthz.",
        )
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(host, port, timeout=seconds), parts.path or "/healthz"
