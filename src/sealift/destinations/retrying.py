"""A behaviour: try again, briefly, what may be repeated without a second look."""

import random as chance
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sealift.destinations.base import Destination, Found, KeyOrder, PartLog, Stored
from sealift.destinations.wrapper import Wrapper
from sealift.errors import (
    PausedError,
    SealiftError,
    SourceChangedError,
    ThrottledError,
    TransientError,
)
from sealift.sealing.parcel import Parcel

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and how long in between."""

    attempts: int = 3
    """Calls in all, the first one included; at least 1."""

    base_seconds: float = 0.1
    """The first wait is a random time up to this; each further one up to twice as much."""

    max_seconds: float = 2.0
    """No wait is longer. A store that asks for more is not asked again here."""


class Retrying(Wrapper):
    """
    Repeats `head`, `probe`, `name_keys` and overwriting puts when they fail for a passing reason.

    Creates pass straight through, once. A create whose answer was lost may have
    stored its object; repeated, it would meet that object and report somebody
    else's. Only who can look first and knows the put id may repeat it, and the
    delivery does. An overwrite sends the same bytes to the same end.

    Waits are random between nothing and the limit (full jitter), so that many
    clients that failed together do not come back together.

    Args:
        destination: The one that is held; its own client must not retry too.
        policy: How often, and how long in between.
        sleep: Waits so many seconds.
        random: Gives a number from 0 to 1.

    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(
        self,
        destination: Destination,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = chance.random,
    ) -> None:
        super().__init__(destination)
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._random = random

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """Store *parcel* under *key*, repeating only an overwrite; see `Destination.put`."""
        if create:
            return self.destination.put(key, parcel, put_id=put_id, part_log=part_log)
        return self._retried(
            lambda: self.destination.put(
                key, parcel, put_id=put_id, create=False, part_log=part_log
            )
        )

    def head(self, key: str) -> Found | None:
        """Look what is under *key*, again if need be; see `Destination.head`."""
        return self._retried(lambda: self.destination.head(key))

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        """Name keys, asking again if need be; see `NamesKeys.name_keys`."""
        return self._retried(lambda: super(Retrying, self).name_keys(orders))

    def probe(self) -> None:
        """Find out whether it answers, again if need be; see `Destination.probe`."""
        self._retried(self.destination.probe)

    def _retried(self, call: Callable[[], T]) -> T:
        limit = self._policy.base_seconds
        for _ in range(self._policy.attempts - 1):
            try:
                return call()
            except (PausedError, SourceChangedError):
                raise
            except TransientError as error:
                asked = error.retry_after_seconds if isinstance(error, ThrottledError) else 0.0
                if asked > self._policy.max_seconds:
                    raise
                self._sleep(max(asked, self._random() * min(limit, self._policy.max_seconds)))
                limit *= 2
        return call()
