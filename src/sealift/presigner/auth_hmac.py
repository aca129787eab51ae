"""Requests signed by each device with a secret of its own, derived from one master key."""

import hmac
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Final

from sealift.destinations.presigned_signing import (
    SCHEME,
    WINDOW_SECONDS,
    canonical_query,
    text_to_sign,
)
from sealift.presigner.auth import RefusedError, credentials_of
from sealift.presigner.exchange import Request

MIN_MASTER_BYTES: Final = 32
MOST_REMEMBERED: Final = 500_000
"""Requests that are remembered against replay: some 60 MB at most."""

REVOKED: Final = 0
"""Stands for the generation of a device that may no longer come in."""

_CREDENTIALS: Final = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,63}):([0-9]{10,11}):([A-Za-z0-9_-]{16,64}):([0-9a-f]{64})",
    re.ASCII,
)


def device_secret(master_key: str, device: str, generation: int = 1) -> str:
    """Derive the secret of a device: 64 hexadecimal digits, the same each time.

    Args:
        master_key: The service's, at least 32 bytes.
        device: The device's name.
        generation: Counts up when a device's secret has to be replaced.
    """
    text = f"sealift-presigner-device\n{device}\n{generation}"
    return hmac.digest(master_key.encode(), text.encode(), "sha256").hex()


class HmacAuth:
    """Checks signed requests; keeps nothing but what it has seen in the last minutes.

    Args:
        master_keys: The current one first, then those that still count during rotation.
        generations: The generation of the devices whose secret was replaced; `REVOKED`
            for those that may no longer come in. All others are in their first.
        window_seconds: How far a request's time may be from ours.
    """

    scheme = SCHEME
    may_block = False

    def __init__(
        self,
        master_keys: Sequence[str],
        generations: Mapping[str, int] | None = None,
        window_seconds: int = WINDOW_SECONDS,
    ) -> None:
        self._master_keys = tuple(master_keys)
        self._generations = dict(generations or {})
        self._window = window_seconds
        self._seen = SeenRequests(window_seconds, MOST_REMEMBERED)
        self._secrets = lru_cache(maxsize=10_000)(self._derive)

    def device(self, request: Request, now: float) -> str:
        """Tell which device signed *request*.

        Raises:
            RefusedError: Nobody did, it is too old or from the future, it came before,
                or the device is revoked.
        """
        match = _CREDENTIALS.fullmatch(credentials_of(request, SCHEME))
        if not match:
            raise RefusedError("malformed credentials")
        device, at, nonce, signature = match.groups()
        parameters = request.parameters
        query = f"?{canonical_query(parameters)}" if parameters else ""
        text = text_to_sign(
            device=device,
            at=at,
            nonce=nonce,
            method=request.method,
            place=request.place + query,
            body=request.body,
        )
        given = bytes.fromhex(signature)
        if not any(
            hmac.compare_digest(hmac.digest(secret, text, "sha256"), given)
            for secret in self._secrets(device)
        ):
            raise RefusedError("wrong signature", device)
        if self._generations.get(device, 1) == REVOKED:
            raise RefusedError("revoked", device)
        if abs(int(now) - int(at)) > self._window:  # a request's time is whole seconds
            raise RefusedError("outside the time window", device)
        if not self._seen.add(given, now):
            raise RefusedError("replayed", device)
        return device

    def _derive(self, device: str) -> tuple[bytes, ...]:
        # A revoked device's first secret is still known here, so that the audit can tell it
        # from a forged one.
        generation = self._generations.get(device, 1) or 1
        return tuple(device_secret(key, device, generation).encode() for key in self._master_keys)


class SeenRequests:
    """Remembers requests for as long as they could be replayed. Safe to use from many threads.

    Args:
        window_seconds: How far a request's time may be from ours, either way.
        most: So many are remembered; under more the oldest are forgotten early.
    """

    def __init__(self, window_seconds: int, most: int) -> None:
        # A request from the window's far end may come again until its near end has passed.
        self._keep_seconds = 2 * window_seconds + 1
        self._most = most
        self._seen: set[bytes] = set()
        self._order: deque[tuple[float, bytes]] = deque()
        self._lock = Lock()

    def add(self, one: bytes, now: float) -> bool:
        """Remember *one*; False if it has been seen before."""
        with self._lock:
            order = self._order
            while order and (order[0][0] < now or len(order) >= self._most):
                self._seen.discard(order.popleft()[1])
            if one in self._seen:
                return False
            self._seen.add(one)
            order.append((now + self._keep_seconds, one))
            return True
