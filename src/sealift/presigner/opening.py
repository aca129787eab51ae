"""Puts a presigner together from its options."""

import json
import os
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sealift.destinations.s3_credentials import Credentials, source_for
from sealift.errors import ConfigError
from sealift.presigner.audit import Write
from sealift.presigner.auth import Authenticator, Unproven, Vouched
from sealift.presigner.auth_hmac import HmacAuth
from sealift.presigner.auth_jwt import JwtAuth
from sealift.presigner.auth_tokens import TokenAuth, read_hashes
from sealift.presigner.identity import Identity
from sealift.presigner.lookup import head
from sealift.presigner.options import PresignerOptions
from sealift.presigner.quotas import Limits, Quotas
from sealift.presigner.service import Count, Parts, Presigner, Terms
from sealift.presigner.sign import store_of

_JWKS_TIMEOUT_SECONDS: Final = 5.0
_JWKS_MAX_BYTES: Final = 1024 * 1024


def open_presigner(
    options: PresignerOptions,
    *,
    write_audit: Write,
    count: Count = lambda _outcome, _number: None,
    clock: Callable[[], float] = time.time,
) -> Presigner:
    """Make a presigner; nothing is asked of the store or of AWS before its first request.

    Args:
        options: Checked options.
        write_audit: Takes the audit's lines.
        count: Counts outcomes.
        clock: Seconds since 1970.

    Raises:
        ConfigError: The tokens or keys cannot be read, or a library is missing.
    """
    store = store_of(
        options.bucket, options.region, options.endpoint_url.rstrip("/"), options.addressing
    )
    credentials = Credentials(source_for(options.store_options()), clock=clock)
    return Presigner(
        Parts(
            terms=_terms(options),
            identity=Identity(store, credentials.current),
            auth=_authenticator(options),
            quotas=Quotas(_limits(options)),
            look=head,
            write_audit=write_audit,
            clock=clock,
            random=os.urandom,
            count=count,
        )
    )


def _terms(options: PresignerOptions) -> Terms:
    encryption: list[tuple[str, str]] = []
    if options.sse:
        encryption.append(("x-amz-server-side-encryption", options.sse))
    if options.sse_kms_key_id:
        encryption.append(("x-amz-server-side-encryption-aws-kms-key-id", options.sse_kms_key_id))
    return Terms(
        prefix=options.prefix,
        life_seconds=options.life_seconds,
        max_bytes=options.max_bytes,
        allow_minimal=options.allow_minimal,
        encryption=tuple(encryption),
    )


def _limits(options: PresignerOptions) -> Limits:
    return Limits(
        per_second=options.rate_per_second,
        burst=options.burst,
        files_per_day=options.files_per_day,
        bytes_per_day=options.bytes_per_day,
    )


def _authenticator(options: PresignerOptions) -> Authenticator:
    match options.auth:
        case "hmac":
            keys = [key for key in (options.master_key, options.old_master_key) if key]
            return HmacAuth(keys, options.generations())
        case "tokens":
            hashes = _hashes(options.tokens_file or Path())
            return TokenAuth({k: v for k, v in hashes.items() if k not in options.revoked})
        case "jwt":
            return JwtAuth(
                lambda: _key_set(options.jwt_keys),
                issuer=options.jwt_issuer,
                audience=options.jwt_audience,
                claim=options.jwt_claim,
                revoked=options.revoked,
            )
        case "gateway":
            return Vouched()
        case "none":
            return Unproven()


def _hashes(file: Path) -> dict[str, tuple[str, ...]]:
    try:
        return read_hashes(file.read_text(encoding="utf-8").splitlines(), str(file))
    except OSError as error:
        raise ConfigError(
            f"The list of tokens {file} cannot be read: {error.strerror}.",
            hint="Write it with what `sealift presigner token DEVICE` says.",
        ) from None


def _key_set(place: str) -> Mapping[str, Any]:
    if place.startswith(("https://", "http://")):
        with urllib.request.urlopen(place, timeout=_JWKS_TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
            text = answer.read(_JWKS_MAX_BYTES)
    else:
        text = Path(place).read_bytes()
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no key set")  # noqa: TRY004 - told apart by nobody
    return found
