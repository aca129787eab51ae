"""When an item whose attempt failed is tried again: quickly at first, then patiently, for ever."""

from collections.abc import Callable
from dataclasses import dataclass

from sealift.errors import SealiftError, ThrottledError

LONGEST_SECONDS = 300.0
PATIENT_SECONDS = 60.0
THROTTLED_SECONDS = 2.0
"""As the AWS SDKs do, throttling waits longer from the start.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

LONGEST_ASKED_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long an item waits between its attempts. No number of them ends in giving up.

    Quick retries have full jitter up to a limit that doubles each time; after
    them the limit is a minute at least, and never over five.
    """

    quick_retries: int = 7
    """After how many failures patience begins; 0 for at once."""

    base_seconds: float = 0.4
    """The limit after the first failure."""

    def wait_seconds(
        self, error: SealiftError, failures: int, random: Callable[[], float]
    ) -> float:
        """Say how long to wait.

        Args:
            error: Why the last attempt failed; a store may ask for a longer wait.
            failures: How many failed before it.
            random: Gives numbers from 0 to 1.
        """
        throttled = isinstance(error, ThrottledError)
        base = max(self.base_seconds, THROTTLED_SECONDS) if throttled else self.base_seconds
        limit = base * 2.0 ** min(failures, 12)
        least = base / 4
        if failures >= self.quick_retries:
            limit = max(limit, PATIENT_SECONDS)
            least = PATIENT_SECONDS / 4
        limit = min(limit, LONGEST_SECONDS)
        return max(asked_seconds(error), random() * limit, min(least, limit))


def asked_seconds(error: SealiftError) -> float:
    """How long the store asked to wait, within reason; 0 if it did not."""
    asked = error.retry_after_seconds if isinstance(error, ThrottledError) else 0.0
    return min(asked, LONGEST_ASKED_SECONDS)
