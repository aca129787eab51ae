"""The keys that the service signs with, fetched anew before they end."""

from collections.abc import Callable
from typing import Final

from sealift.destinations.s3_credentials import Credential
from sealift.errors import SealiftError
from sealift.presigner.problems import ProblemError
from sealift.presigner.sign import Signer, Store

ASK_AGAIN_SECONDS: Final = 60.0
MIN_LIFE_SECONDS: Final = 15
"""A URL that would end sooner, with the keys that signed it, is not given out."""


class Identity:
    """Gives a signer, and tells how long what it signs is good.

    Args:
        store: Where the objects live.
        credentials: Gives keys that are good for a while yet; may ask a server.
    """

    def __init__(self, store: Store, credentials: Callable[[], Credential]) -> None:
        self._store = store
        self._credentials = credentials
        self._credential: Credential | None = None
        self._signer: Signer | None = None
        self._asked_at = 0.0

    def is_fresh(self, now: float) -> bool:
        """Tell whether `signer` will answer without asking anybody."""
        return self._signer is not None and 0 <= now - self._asked_at < ASK_AGAIN_SECONDS

    def signer(self, now: float, life_seconds: int) -> tuple[Signer, int]:
        """Give the signer, and for how many seconds a URL of it is good.

        Args:
            now: Seconds since 1970.
            life_seconds: How long it should be.

        Raises:
            ProblemError: There are no keys, or they are about to end.
        """
        if not self.is_fresh(now):
            self._renew(now)
        if self._signer is None or self._credential is None:
            raise _none()
        end = self._credential.expires_at
        if end is not None:
            # S3 refuses a URL once the session that signed it is over.
            life_seconds = min(life_seconds, int(end.timestamp() - now))
            if life_seconds < MIN_LIFE_SECONDS:
                raise _none()
        return self._signer, life_seconds

    def _renew(self, now: float) -> None:
        try:
            credential = self._credentials()
        except SealiftError:
            raise _none() from None
        if credential != self._credential:
            self._signer = Signer(self._store, credential)
            self._credential = credential
        self._asked_at = now


def _none() -> ProblemError:
    return ProblemError("credentials_unavailable", retry_after_seconds=30)
