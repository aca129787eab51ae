"""How much each device may ask for: so many URLs a second, so many files and bytes a day."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from sealift.presigner.problems import ProblemError

DAY_SECONDS: Final = 86_400
MOST_DEVICES: Final = 100_000
"""So many devices are counted; under more the ones that asked longest ago begin anew."""


@dataclass(slots=True)
class _Account:
    tokens: float
    at: float
    day: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one device may ask for; 0 is no limit."""

    per_second: float = 0.0
    """URLs a second, in the long run."""

    burst: int = 0
    """URLs at once."""

    files_per_day: int = 0
    bytes_per_day: int = 0
    """Both from midnight to midnight, UTC."""


class Quotas:
    """Counts what each device asks for, in this process's memory. Thread-safe.

    Every URL counts, also a second one for the same item.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._lock = Lock()

    def admit(self, device: str, urls: int, now: float) -> None:
        """Take *urls* from what *device* may ask for at once.

        Raises:
            ProblemError: It asks too often; nothing was taken, and the answer says how
                long to wait.
        """
        limits = self._limits
        if not limits.per_second:
            return
        with self._lock:
            account = self._account(device, now)
            # A batch larger than the burst passes when the burst is whole.
            need = min(urls, limits.burst)
            if account.tokens < need:
                wait = (need - account.tokens) / limits.per_second
                raise ProblemError(
                    "rate_limited",
                    detail=f"This device may ask for {limits.per_second:g} URLs a second.",
                    retry_after_seconds=int(wait) + 1,
                )
            account.tokens -= urls

    def charge(self, device: str, length: int, now: float) -> None:
        """Count a file of *length* bytes.

        Raises:
            ProblemError: That would be over the day's quota; it was not counted.
        """
        limits = self._limits
        if not (limits.files_per_day or limits.bytes_per_day):
            return
        with self._lock:
            account = self._account(device, now)
            files, total = account.files + 1, account.bytes + max(0, length)
            over = (limits.files_per_day and files > limits.files_per_day) or (
                limits.bytes_per_day and total > limits.bytes_per_day
            )
            if over:
                raise ProblemError(
                    "daily_quota",
                    detail="It is renewed at midnight UTC.",
                    retry_after_seconds=DAY_SECONDS - int(now) % DAY_SECONDS,
                )
            account.files, account.bytes = files, total

    def _account(self, device: str, now: float) -> _Account:
        accounts, limits = self._accounts, self._limits
        account = accounts.get(device)
        if account is None:
            while len(accounts) >= MOST_DEVICES:
                accounts.popitem(last=False)
            account = accounts[device] = _Account(tokens=limits.burst, at=now)
        else:
            accounts.move_to_end(device)
        passed = max(0.0, now - account.at)
        account.tokens = min(float(limits.burst), account.tokens + passed * limits.per_second)
        account.at = now
        day = int(now) // DAY_SECONDS
        if day != account.day:
            account.day, account.files, account.bytes = day, 0, 0
        return account
