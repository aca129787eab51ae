"""botocore's client for what obstore cannot do: uploads in parts that a restart can resume."""

import os
import threading
from ssl import get_default_verify_paths
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from sealift.destinations.s3_bucket import endpoint_for, is_virtual, proxy_for
from sealift.destinations.s3_credentials import Credential
from sealift.destinations.s3_errors import Answer, read_botocore
from sealift.destinations.s3_link import Link
from sealift.destinations.s3_rules import EXPIRED


class RefusedError(Exception):
    """A call of the client failed; *answer* tells how. It never leaves the upload of parts."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


class PartsClient:
    """Calls botocore with credentials that are always fresh; for many threads."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._lock = threading.Lock()
        self._made: tuple[Credential, str, Any] | None = None

    def call(self, operation: str, **arguments: Any) -> Any:
        """Call once, or twice if the credentials had expired.

        Raises:
            RefusedError: The store or the way to it failed the call.
            CredentialsError: There are no credentials.
        """
        for renewed in (False, True):
            try:
                return getattr(self._client(), operation)(
                    Bucket=self.link.options.bucket, **arguments
                )
            except (ClientError, BotoCoreError) as error:
                answer = read_botocore(error)
            if answer.code not in EXPIRED or renewed:
                break
            self.link.credentials.forget()
        raise RefusedError(answer)

    def close(self) -> None:
        """Let go of the connections. The next call makes new ones."""
        with self._lock:
            made, self._made = self._made, None
        if made:
            made[2].close()

    def _client(self) -> Any:
        credential = self.link.credentials.current()
        region = self.link.connection().region
        with self._lock:
            if self._made is None or self._made[:2] != (credential, region):
                self._made = (credential, region, make_client(self.link, credential, region))
            return self._made[2]


def make_client(link: Link, credential: Credential, region: str) -> Any:
    """Make a client from the options and *credential* alone.

    Neither the environment nor the AWS files are read: the credentials are
    resolved already, and every option is given.
    """
    options = link.options
    proxy = proxy_for(options)
    ways = {} if proxy == "none" else {"http": proxy, "https": proxy}
    nothing = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    session = Session(
        session_vars={
            "profile": nothing,
            "config_file": nowhere,
            "credentials_file": nowhere,
            "ca_bundle": nothing,
        }
    )
    return session.create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint_for(options, region),
        aws_access_key_id=credential.access_key_id,
        aws_secret_access_key=credential.secret_access_key,
        aws_session_token=credential.token or None,
        # obstore trusts the system's authorities; botocore would bring its own list.
        verify=options.ca_bundle or get_default_verify_paths().cafile,
        config=Config(
            connect_timeout=options.connect_timeout_seconds,
            read_timeout=options.timeout_seconds,
            max_pool_connections=options.part_concurrency,
            proxies=None if proxy == "environment" else ways,
            # The one layer that retries is ours.
            retries={"total_max_attempts": 1, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
            s3={
                "addressing_style": "virtual" if is_virtual(options) else "path",
                # The store then checks each part's SHA-256, over TLS as well.
                "payload_signing_enabled": True,
                "use_accelerate_endpoint": False,
            },
        ),
    )
