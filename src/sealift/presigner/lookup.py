"""Looks at the store whether an item's object is there, for a device that may not look itself."""

import http.client
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from sealift.presigner.problems import ProblemError

LIFE_SECONDS: Final = 60
_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the store answered to a HEAD."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


Look = Callable[[str], Seen]
"""Sends HEAD to a signed URL; raises OSError or HTTPException if no answer comes."""


def head(url: str) -> Seen:
    """Send HEAD to *url*, straight to its host, whatever proxies the environment names."""
    split = urlsplit(url)
    host, port = split.hostname or "", split.port
    connection = (
        http.client.HTTPSConnection(
            host, port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
        if split.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    )
    try:
        connection.request("HEAD", f"{split.path}?{split.query}")
        answer = connection.getresponse()
        return Seen(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
        )
    finally:
        connection.close()


def what_is_stored(look: Look, url: str) -> dict[str, object]:
    """Tell what is at a signed URL, as the answer to a device says it.

    `stored` is true or false; or null where the store does not tell, because it
    answers 403 for an object that is not there to a role that may not list.

    Raises:
        ProblemError: The store gave no answer, or none that says anything.
    """
    try:
        seen = look(url)
    except (OSError, http.client.HTTPException):
        raise _unavailable("It could not be reached.") from None
    if seen.status == 404:
        return {"stored": False}
    if seen.status == 403:
        return {"stored": None}
    if seen.status != 200:
        raise _unavailable(f"It answered {seen.status}.")
    length = seen.headers.get("content-length", "")
    return {
        "stored": True,
        "content_length": int(length) if length.isdigit() else None,
        "sha256": seen.headers.get("x-amz-meta-sha256", ""),
        "etag": seen.headers.get("etag", "").strip('"'),
    }


def _unavailable(detail: str) -> ProblemError:
    return ProblemError("store_unavailable", detail=detail, retry_after_seconds=5)
