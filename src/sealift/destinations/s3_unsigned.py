"""Unsigned questions about a bucket: where it lives, and what time it is there.

Apart from the rest, because HTTP and mail headers take longer to import than all of it,
and most runs never ask.
"""

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from ssl import create_default_context
from typing import IO, Final

from sealift.destinations.s3_bucket import DEFAULT_REGION, bucket_url, proxy_for
from sealift.destinations.s3_options import S3Options

_TIMEOUT_SECONDS: Final = 5.0
_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the headers of an unsigned HEAD on the bucket say."""

    status: int
    region: str = ""
    skew_seconds: float | None = None
    """This machine's clock minus the store's, within a second or so; None if not told."""

    server: str = ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Take a redirect as the answer: its headers name the region."""

    def redirect_request(  # noqa: PLR0917 - urllib's signature
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        """Follow nothing."""


def look_at_bucket(
    options: S3Options, *, region: str = DEFAULT_REGION, clock: Callable[[], float]
) -> Seen | None:
    """Ask the bucket with an unsigned HEAD; None if no answer came.

    Any status will do: S3 names region and time even when it refuses.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    proxy = proxy_for(options)
    handlers: list[urllib.request.BaseHandler] = [_Stay()]
    if proxy != "environment":
        ways = {} if proxy == "none" else {"http": proxy, "https": proxy}
        handlers.append(urllib.request.ProxyHandler(ways))
    context = create_default_context()
    if options.ca_bundle:
        context.load_verify_locations(options.ca_bundle)
    handlers.append(urllib.request.HTTPSHandler(context=context))
    # The options were checked: the URL is http or https.
    request = urllib.request.Request(bucket_url(options, region), method="HEAD")  # noqa: S310
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_TIMEOUT_SECONDS) as got:
            return _seen(got.status, got.headers, clock())
    except urllib.error.HTTPError as error:
        with error:
            return _seen(error.code, error.headers, clock())
    except (OSError, HTTPException, ValueError):
        return None


def _seen(status: int, headers: Message, now: float) -> Seen:
    try:
        skew = now - parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        skew = None
    region = headers.get("x-amz-bucket-region", "")
    return Seen(
        status=status,
        region=region if _REGION.fullmatch(region) else "",
        skew_seconds=skew,
        server=headers.get("Server", ""),
    )
