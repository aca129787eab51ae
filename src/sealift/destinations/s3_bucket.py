"""Where a bucket is: its endpoint, its URL, and the proxy on the way."""

from typing import Final
from urllib.parse import urlsplit

from sealift.destinations.s3_options import S3Options

DEFAULT_REGION: Final = "us-east-1"
_AWS_HOST: Final = (".amazonaws.com", ".amazonaws.com.cn")
_LOOPBACK: Final = ("localhost", "127.", "::1")


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
