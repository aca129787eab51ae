"""Credentials for S3: explicit ones, or all that the AWS chain resolves, fresh in time."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sealift.destinations.s3_errors import explain, read_botocore
from sealift.destinations.s3_options import S3Options
from sealift.errors import CredentialsError, SealiftError

if TYPE_CHECKING:
    from obstore.store import S3Credential

MARGIN_SECONDS: Final = 300.0
"""How long before their end credentials are replaced; less for short-lived ones."""

PROVIDER_TIMEOUT_SECONDS: Final = 30.0
"""How long a provider (SSO, a process, an instance's metadata) may take."""

FAILURE_SECONDS: Final = 10.0
"""How long a failure is told to all who ask, before the provider is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One set of keys. Its repr shows no secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    """When the store stops accepting them; None for never."""


CredentialSource = Callable[[], Credential]
"""Resolves credentials anew; raises what it likes."""


class Credentials:
    """Keeps credentials fresh; called by obstore and by the upload of parts.

    Args:
        source: Resolves credentials anew.
        clock: Wall clock, seconds since 1970.
        timeout_seconds: How long *source* may take.
    """

    def __init__(
        self,
        source: CredentialSource,
        *,
        clock: Callable[[], float],
        timeout_seconds: float = PROVIDER_TIMEOUT_SECONDS,
    ) -> None:
        self._source = source
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._current: Credential | None = None
        self._replace_at = 0.0
        self._asking: _Asking | None = None
        self._failed_at = 0.0
        self.failure: SealiftError | None = None

    def __call__(self) -> "S3Credential":
        """Give the credentials to obstore, which asks again when they near their end."""
        credential = self.current()
        return {
            "access_key_id": credential.access_key_id,
            "secret_access_key": credential.secret_access_key,
            "token": credential.token or None,
            "expires_at": (
                datetime.fromtimestamp(self._replace_at, UTC) if credential.expires_at else None
            ),
        }

    def current(self) -> Credential:
        """Give credentials that are good for a while yet.

        Raises:
            CredentialsError: There are none, or none came in time; or so it was less
                than `FAILURE_SECONDS` ago.
        """
        with self._lock:
            if self._current is None or self._clock() >= self._replace_at:
                self._current = self._resolve()
                self._replace_at = self._when_to_replace(self._current)
            return self._current

    def forget(self) -> None:
        """Resolve anew at the next use: the store did not accept these."""
        with self._lock:
            self._current = None

    def _when_to_replace(self, credential: Credential) -> float:
        if credential.expires_at is None:
            return float("inf")
        end = credential.expires_at.timestamp()
        left = max(0.0, end - self._clock())
        return end - min(MARGIN_SECONDS, left / 4)

    def _resolve(self) -> Credential:
        if self.failure and self._is_recent():
            raise self.failure.with_traceback(None)
        self.failure = None
        try:
            return self._in_time()
        except SealiftError as error:
            # obstore only passes on a text; the destination reads the error here.
            self.failure = error
            self._failed_at = self._clock()
            raise

    def _is_recent(self) -> bool:
        """Whether asking again would only make hundreds of callers wait, one after another."""
        if self._asking and self._asking.done.is_set():
            return False
        return 0 <= self._clock() - self._failed_at < FAILURE_SECONDS

    def _in_time(self) -> Credential:
        """Ask in a thread of its own: a source that hangs must not hang the route."""
        if self._asking is None:
            self._asking = _Asking(self._source)
        # One that still hangs is waited for again, so that hanging threads do not pile up.
        if not self._asking.done.wait(self._timeout_seconds):
            raise CredentialsError(
                f"No credentials came within {self._timeout_seconds:g} s.",
                hint="Check what the AWS profile calls for them: SSO, a process, a metadata host.",
            )
        asked, self._asking = self._asking, None
        if asked.failure:
            raise _refusal(asked.failure) from None
        assert asked.got  # noqa: S101 - done means one of the two
        return asked.got


class _Asking:
    """One call of a source, under way in a daemon thread."""

    def __init__(self, source: CredentialSource) -> None:
        self.done = threading.Event()
        self.got: Credential | None = None
        self.failure: Exception | None = None
        threading.Thread(
            target=self._ask, args=(source,), name="sealift-credentials", daemon=True
        ).start()

    def _ask(self, source: CredentialSource) -> None:
        try:
            self.got = source()
        except Exception as error:  # noqa: BLE001 - a provider may raise anything
            self.failure = error
        finally:
            self.done.set()


def _refusal(error: Exception) -> SealiftError:
    if isinstance(error, SealiftError):
        return error
    answer = read_botocore(error)
    said = explain(answer, doing="Getting AWS credentials", writing=False)
    if isinstance(said, CredentialsError):
        return said
    return CredentialsError(
        f"Getting AWS credentials failed: {type(error).__name__}.",
        hint="Log in again, or set access_key_id and secret_access_key.",
    )


def source_for(options: S3Options) -> CredentialSource:
    """Choose where credentials come from: the options alone, or the AWS chain."""
    if not options.access_key_id:
        return lambda: from_chain(options.profile)
    explicit = Credential(
        access_key_id=options.access_key_id,
        secret_access_key=options.secret_access_key,
        token=options.session_token,
    )
    return lambda: explicit


def from_chain(profile: str) -> Credential:
    """Resolve as the AWS tools do: environment, profile, SSO, web identity, container, IMDS.

    A new session each time, so that files that changed are read again.

    Raises:
        CredentialsError: The chain has none.

    Source: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
    """
    if not profile and (given := _from_environment()):
        return given
    from botocore.session import Session  # noqa: PLC0415 - slow, and only wanted here

    found: Any = Session(profile=profile or None).get_credentials()
    if found is None:
        raise CredentialsError(
            "No AWS credentials were found.",
            hint="Run aws configure or aws sso login, or set access_key_id and secret_access_key.",
        )
    frozen = found.get_frozen_credentials()
    return Credential(
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        token=frozen.token or "",
        # botocore tells the end of refreshable credentials only in this attribute.
        expires_at=getattr(found, "_expiry_time", None),
    )


def _from_environment() -> Credential | None:
    """Read the chain's first station without botocore, whose import takes 0.15 s.

    None if it does not settle the matter: half a pair and keys that expire are
    left to botocore, which knows what to say and do about them.
    """
    get = os.environ.get
    key, secret = get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret or get("AWS_CREDENTIAL_EXPIRATION"):
        return None
    # botocore prefers the older name of the token.
    token = get("AWS_SECURITY_TOKEN") or get("AWS_SESSION_TOKEN") or ""
    return Credential(access_key_id=key, secret_access_key=secret, token=token)


def chain_region(profile: str) -> str:
    """Give the region that the environment or the profile names; empty if none does."""
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    try:
        region = Session(profile=profile or None).get_config_variable("region")
    except BotoCoreError:
        return ""
    return str(region or "")
