"""Tokens of an identity provider (OIDC): verified against its published keys."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sealift.errors import ConfigError
from sealift.presigner.auth import RefusedError, credentials_of
from sealift.presigner.exchange import Request

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWKSet

SCHEME: Final = "Bearer"
ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
"""All of them asymmetric: a public key can never be taken for a shared secret."""

LEEWAY_SECONDS: Final = 60
ASK_AGAIN_SECONDS: Final = 300.0
"""An unknown key makes the key set be read again, but no more often than this."""

_MAX_TOKEN: Final = 8192

FetchKeys = Callable[[], Mapping[str, Any]]
"""Gives the provider's JSON Web Key Set; may ask a server."""


class JwtAuth:
    """Checks that a token is the provider's, for this service, and not over.

    Args:
        fetch_keys: Gives the provider's keys.
        issuer: What `iss` must be.
        audience: What must be in `aud`.
        claim: Which claim holds the device's name.
        revoked: Devices that may no longer come in, though their tokens still run.

    Raises:
        ConfigError: PyJWT is not installed.
    """

    scheme = SCHEME
    may_block = True

    def __init__(
        self,
        fetch_keys: FetchKeys,
        *,
        issuer: str,
        audience: str,
        claim: str = "sub",
        revoked: Sequence[str] = (),
    ) -> None:
        try:
            import jwt  # noqa: PLC0415 - behind an extra
        except ImportError:
            raise ConfigError(
                "Checking tokens of an identity provider needs PyJWT, which is not installed.",
                hint="Install it with: pip install 'sealift[presigner,jwt]'",
            ) from None
        self._jwt = jwt
        self._fetch_keys = fetch_keys
        self._issuer = issuer
        self._audience = audience
        self._claim = claim
        self._revoked = frozenset(revoked)
        self._keys: PyJWKSet | None = None
        self._asked_at = 0.0
        self._lock = threading.Lock()

    def device(self, request: Request, now: float) -> str:
        """Tell whose token *request* bears.

        Raises:
            RefusedError: It is not the provider's, not for us, over, not yet good, names
                no device, or a revoked one.
        """
        token = credentials_of(request, SCHEME)
        if len(token) > _MAX_TOKEN:
            raise RefusedError("malformed credentials")
        try:
            key = self._key(self._jwt.get_unverified_header(token), now)
            claims = self._jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                audience=self._audience,
                # PyJWT compares times with the system's clock; ours is a parameter.
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except self._jwt.PyJWTError as error:
            raise RefusedError(f"token refused: {type(error).__name__}") from None
        _check_times(claims, now)
        device = claims.get(self._claim)
        if not isinstance(device, str) or not device:
            raise RefusedError(f"token without the claim {self._claim}")
        if device in self._revoked:
            raise RefusedError("revoked", device)
        return device

    def _key(self, header: Mapping[str, Any], now: float) -> "PyJWK":
        """Find the key that a token says it is signed with."""
        if header.get("alg") not in ALGORITHMS:
            raise RefusedError("token of another algorithm")
        name = str(header.get("kid", ""))
        with self._lock:
            key = self._known(name)
            if key is None and (self._keys is None or self._may_ask(now)):
                self._asked_at = now
                self._keys = self._fetched()
                key = self._known(name)
        if key is None:
            raise RefusedError("token of an unknown key")
        return key

    def _may_ask(self, now: float) -> bool:
        return abs(now - self._asked_at) >= ASK_AGAIN_SECONDS

    def _fetched(self) -> "PyJWKSet | None":
        try:
            return self._jwt.PyJWKSet.from_dict(dict(self._fetch_keys()))
        except (OSError, ValueError, self._jwt.PyJWTError):
            return self._keys

    def _known(self, name: str) -> "PyJWK | None":
        keys = self._keys.keys if self._keys else []
        return next((key for key in keys if (key.key_id or "") == name), None)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    for claim, sign in (("exp", 1), ("nbf", -1), ("iat", -1)):
        value = claims.get(claim)
        if value is None and claim != "exp":
            continue
        if not isinstance(value, int | float):
            raise RefusedError("malformed claims")
        if (value - now) * sign < -LEEWAY_SECONDS:
            raise RefusedError("token is over" if sign > 0 else "token is not good yet")
