"""How much one sender, and all senders together, may ask of the listener."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of connections; each holds for itself."""

    max_connections: int = 200
    max_connections_per_address: int = 50
    max_event_bytes: int = 1 << 20
    max_depth: int = 64
    max_buffered_bytes: int = 64 << 20
    """Bytes that are not on disk yet, of all connections together."""

    frame_seconds: float = 30.0
    """From an event's first byte to its last."""

    idle_seconds: float = 300.0
    """Without a byte; 0 for no limit."""

    rate_events: int = 0
    """Events of one address in `rate_seconds`; 0 for no limit."""

    rate_seconds: float = 60.0


@dataclass(slots=True)
class _Address:
    connections: int
    allowance: float
    counted_at: float


class Admission:
    """Counts connections and events by address.

    Events above the rate are not dropped: the address is not read from until its
    allowance, which fills up evenly, is above zero again. What one read brings too
    many is taken and charged to the time to come.

    Args:
        limits: The limits.
        monotonic: Seconds that never go back.
    """

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._addresses: dict[str, _Address] = {}
        self._connections = 0

    def enter(self, address: str) -> str:
        """Count a connection; say why it is refused, or nothing."""
        limits = self._limits
        if self._connections >= limits.max_connections:
            return f"there are {limits.max_connections} connections already"
        here = self._addresses.get(address)
        if here is None:
            self._forget_idle()
            here = _Address(0, limits.rate_events, self._monotonic())
            self._addresses[address] = here
        if here.connections >= limits.max_connections_per_address:
            return f"its address has {limits.max_connections_per_address} connections already"
        here.connections += 1
        self._connections += 1
        return ""

    def leave(self, address: str) -> None:
        """Count a connection no more."""
        self._connections -= 1
        here = self._addresses[address]
        here.connections -= 1
        if not here.connections and not self._limits.rate_events:
            del self._addresses[address]

    def charge(self, address: str, events: int) -> None:
        """Count events of an address."""
        if self._limits.rate_events:
            self._refill(self._addresses[address])
            self._addresses[address].allowance -= events

    def wait_seconds(self, address: str) -> float:
        """Tell how long the address must be left alone; 0 if it may send."""
        if not self._limits.rate_events:
            return 0.0
        here = self._addresses[address]
        self._refill(here)
        missing = 1.0 - here.allowance
        return max(0.0, missing * self._limits.rate_seconds / self._limits.rate_events)

    def _refill(self, here: _Address) -> None:
        now = self._monotonic()
        rate = self._limits.rate_events / self._limits.rate_seconds
        filled = here.allowance + (now - here.counted_at) * rate
        here.allowance = min(float(self._limits.rate_events), filled)
        here.counted_at = now

    def _forget_idle(self) -> None:
        """Forget addresses that are gone and owe nothing, before there are too many."""
        if len(self._addresses) < 1000:
            return
        for address, here in list(self._addresses.items()):
            self._refill(here)
            if not here.connections and here.allowance >= self._limits.rate_events:
                del self._addresses[address]
