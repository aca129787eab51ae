"""Unsigned questions about a bucket: where it lives, and what time it is there."""

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
from urllib.parse import urlsplit

from sealift.destinations.s3_options import S3Options

DEFAULT_REGION: Final = "us-east-1"
_TIMEOUT_SECONDS: Final = 5.0
_AWS_HOST: Final = (".amazonaws.com", ".amazonaws.com.cn")
_REGION: Final = re.compile(r"[a-z0-9-]{1,40}")
_LOOPBACK: Final = ("localhost", "127.", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the headers of an unsigned HEAD on the bucket say."""

    status: int
    region: str = ""
    skew_seconds: float | None = None
    """This machine's clock minus the store's, within a second or so; None if not told."""

    server: str = ""


def is_aws(options: S3Options) -> bool:
    """Tell Amazon's own S3 from a look-alike."""
    host = urlsplit(options.endpoint_url).hostname or ""
    return not options.endpoint_url or host.endswith(_AWS_HOST)


def endpoint_for(options: S3Options, region: str) -> str:
    """Give the URL without the bucket: the option's, or Amazon's for *region*.

    Source: https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    if options.endpoint_url:
        return options.endpoint_url.rstrip("/")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://s3.{region}.{suffix}"


def is_virtual(options: S3Options) -> bool:
    """Whether the bucket goes into the host name."""
    if options.addressing == "auto":
        # A dot in the name would not match S3's certificate.
        return is_aws(options) and "." not in options.bucket
    return options.addressing == "virtual"


def bucket_url(options: S3Options, region: str) -> str:
    """Give the bucket's URL in the addressing that the options ask for."""
    endpoint = endpoint_for(options, region)
    if not is_virtual(options):
        return f"{endpoint}/{options.bucket}"
    scheme, _, host = endpoint.partition("://")
    return f"{scheme}://{options.bucket}.{host}"


def proxy_for(options: S3Options) -> str:
    """Say which proxy is meant: environment, none, or a URL. Loopback never has one."""
    host = urlsplit(options.endpoint_url).hostname or ""
    return "none" if host.startswith(_LOOPBACK) else options.proxy


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
