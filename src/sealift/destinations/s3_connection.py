"""obstore's stores for one bucket, built so that nothing of the environment leaks in."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sealift.destinations.s3_bucket import bucket_url, endpoint_for, is_virtual, proxy_for
from sealift.destinations.s3_credentials import Credentials
from sealift.destinations.s3_options import MIB, S3Options

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Store

# obstore takes these from the environment whenever a store is built, and they
# have no value that means "none". Every other option is set explicitly, which
# wins; keys never count because the callback gives them.
UNWANTED: Final = (
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_CHECKSUM_ALGORITHM",
)
_POOL_IDLE_SECONDS: Final = 20
_environment = threading.Lock()


@contextmanager
def _without_unwanted() -> Iterator[None]:
    """Hide the unwanted variables, if there are any, while a store is built."""
    with _environment:
        hidden = {name: os.environ.pop(name) for name in UNWANTED if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(hidden)


class Connection:
    """The stores for one bucket in one region: one for small bodies, others by size.

    obstore's timeout counts the whole request with its body, and belongs to the
    store. So a body that needs longer than the small ones gets a store of its
    size class, built at its first use.
    """

    def __init__(self, options: S3Options, *, region: str, credentials: Credentials) -> None:
        import obstore  # noqa: PLC0415 - 16 MB that import sealift can do without

        self.put = obstore.put
        self.get = obstore.get
        self.list = obstore.list
        self.delete = obstore.delete
        self.pid = os.getpid()
        self.options = options
        self.region = region
        self.credentials = credentials
        self.small_bytes = int(options.timeout_seconds * options.min_bytes_per_second)
        self.small = self._build(options.timeout_seconds)
        self._large: dict[int, S3Store] = {}
        self._lock = threading.Lock()

    def store(self, size: int) -> "S3Store":
        """Give the store whose timeout suits a body of *size* bytes."""
        if size <= self.small_bytes:
            return self.small
        bits = (size // MIB).bit_length()
        with self._lock:
            store = self._large.get(bits)
            if store is None:
                seconds = (MIB << bits) / self.options.min_bytes_per_second
                store = self._build(max(self.options.timeout_seconds, seconds))
                self._large[bits] = store
            return store

    def _build(self, timeout_seconds: float) -> "S3Store":
        from obstore.store import S3Store  # noqa: PLC0415

        with _without_unwanted():
            return S3Store(
                self.options.bucket,
                config=self._config(),
                client_options=self._client_options(timeout_seconds),
                # Exactly one layer retries, and it is the one that can look.
                retry_config={"max_retries": 0},
                credential_provider=self.credentials,
            )

    def _config(self) -> "S3Config":
        virtual = is_virtual(self.options)
        endpoint = endpoint_for(self.options, self.region)
        if virtual:
            endpoint = bucket_url(self.options, self.region)
        config: S3Config = {
            "region": self.region,
            "endpoint": endpoint,
            "aws_endpoint_url_s3": endpoint,
            "virtual_hosted_style_request": virtual,
            "conditional_put": "etag",
            "copy_if_not_exists": "multipart",
            "skip_signature": False,
            "unsigned_payload": False,
            "s3_express": False,
            "disable_tagging": False,
            "disable_bulk_delete": True,
            "request_payer": False,
            "imdsv1_fallback": False,
        }
        if self.options.sse:
            config["server_side_encryption"] = self.options.sse
        if self.options.sse_kms_key_id:
            config["sse_kms_key_id"] = self.options.sse_kms_key_id
        return config

    def _client_options(self, timeout_seconds: float) -> "ClientConfig":
        options: ClientConfig = {
            "allow_http": self.options.endpoint_url.startswith("http://"),
            "allow_invalid_certificates": False,
            "connect_timeout": timedelta(seconds=self.options.connect_timeout_seconds),
            "timeout": timedelta(seconds=timeout_seconds),
            "pool_idle_timeout": timedelta(seconds=_POOL_IDLE_SECONDS),
        }
        if self.options.ca_bundle:
            options["root_certificate"] = Path(self.options.ca_bundle).read_bytes()
        proxy = proxy_for(self.options)
        if proxy == "none":
            # The only way to keep HTTP_PROXY out: a proxy that this very host bypasses.
            host = urlsplit(bucket_url(self.options, self.region)).hostname or ""
            options["proxy_url"] = "http://127.0.0.1:9"
            options["proxy_excludes"] = host
        elif proxy != "environment":
            options["proxy_url"] = proxy
        return options
