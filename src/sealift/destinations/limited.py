"""A behaviour: send no more bytes and requests per second than is allowed."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from sealift.destinations.base import Destination, Found, KeyOrder, PartLog, Stored
from sealift.destinations.wrapper import Wrapper
from sealift.errors import SealiftError
from sealift.sealing.parcel import LargeBody, Parcel

_BURST_SECONDS = 1.0


class TokenBucket:
    """
    Lets through *per_second* units a second on average, and one second's worth at once.

    Whoever asks gets the next free time in the order of asking, so that of many
    threads none starves. A single request for more than the bucket holds passes when
    its turn comes, and those behind it wait until it is paid for.

    Args:
        per_second: Units per second, above 0.
        clock: Gives monotonic seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._paid_until = clock() - _BURST_SECONDS

    def take(self, units: float) -> None:
        """Wait until *units* may pass."""
        with self._lock:
            now = self._clock()
            start = max(self._paid_until, now - _BURST_SECONDS)
            self._paid_until = start + units / self._per_second
            full = min(units / self._per_second, _BURST_SECONDS)
        if (wait := start + full - now) > 0:
            self._sleep(wait)


@dataclass(frozen=True, slots=True)
class _SlowedBody:
    """A large body that waits for the bucket before each chunk."""

    body: LargeBody
    bucket: TokenBucket

    def chunks(self) -> Iterator[bytes]:
        for chunk in self.body.chunks():
            self.bucket.take(len(chunk))
            yield chunk


class Limited(Wrapper):
    """
    Keeps a destination below a rate, all threads together.

    A large body waits chunk by chunk, so that small ones get in between. Its parts are
    not counted as requests; its chunks are counted as often as they are read, also
    where a resumed upload only compares them.

    Args:
        destination: The one that is held.
        max_bytes_per_second: Of bodies; None for no limit.
        max_requests_per_second: Of `put`, `head`, `name_keys` and `probe` together;
            None for no limit.
        clock: Gives monotonic seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        destination: Destination,
        max_bytes_per_second: float | None = None,
        max_requests_per_second: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(destination)
        self._bytes = _bucket(max_bytes_per_second, clock, sleep)
        self._requests = _bucket(max_requests_per_second, clock, sleep)

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """Store *parcel* under *key* when its turn comes; see `Destination.put`."""
        self._take_request()
        if self._bytes:
            if isinstance(parcel.body, bytes):
                self._bytes.take(len(parcel.body))
            else:
                parcel = replace(parcel, body=_SlowedBody(parcel.body, self._bytes))
        return self.destination.put(key, parcel, put_id=put_id, create=create, part_log=part_log)

    def head(self, key: str) -> Found | None:
        """Look what is under *key* when its turn comes; see `Destination.head`."""
        self._take_request()
        return self.destination.head(key)

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        """Name keys when its turn comes; see `NamesKeys.name_keys`."""
        self._take_request()
        return super().name_keys(orders)

    def probe(self) -> None:
        """Find out whether it answers when its turn comes; see `Destination.probe`."""
        self._take_request()
        self.destination.probe()

    def _take_request(self) -> None:
        if self._requests:
            self._requests.take(1)


def _bucket(
    per_second: float | None, clock: Callable[[], float], sleep: Callable[[float], None]
) -> TokenBucket | None:
    return TokenBucket(per_second, clock, sleep) if per_second else None
