"""Finds out what a presigner does: whether it lets this device in, and what it promises."""

import time
from collections.abc import Callable, Iterator
from typing import Final

from sealift.destinations.presigned import PresignedDestination
from sealift.destinations.presigned_signing import WINDOW_SECONDS
from sealift.destinations.s3_probe import Finding

_WORRYING_SKEW_SECONDS: Final = 60.0


def probe_presigner(
    destination: PresignedDestination, clock: Callable[[], float] = time.perf_counter
) -> Iterator[Finding]:
    """Ask for one URL, which is not used, and tell what was seen of the presigner.

    Args:
        destination: The way to it.
        clock: Monotonic seconds.

    Raises:
        SealiftError: It gave no URL, and why.
    """
    began = clock()
    key = destination.trial_key()
    took = clock() - began
    yield Finding(
        name="presigner",
        level="pass",
        message=f"It answered in {took * 1000:.0f} ms with a URL for {destination.url(key)}.",
    )
    if destination.presigner.form == "minimal":
        yield Finding(
            name="form",
            level="warn",
            message="It makes a new key for each request, and URLs that take any body.",
            hint="A lost answer may store a file twice; sealift presigner prevents that.",
        )
    else:
        yield Finding(
            name="form",
            level="pass",
            message="It makes an item's key of its id, and URLs that fit one upload.",
        )
    yield _clock(destination.presigner.skew_seconds)
    if destination.is_open_to_eavesdroppers:
        yield Finding(
            name="tls",
            level="warn",
            message="Its URL is http://: whoever listens can use the URLs that it gives.",
            hint="Use https://.",
        )


def _clock(skew_seconds: float | None) -> Finding:
    if skew_seconds is None:
        return Finding(name="clock", level="warn", message="The presigner does not tell its time.")
    off = abs(skew_seconds)
    if off <= _WORRYING_SKEW_SECONDS:
        return Finding(
            name="clock",
            level="pass",
            message=f"This machine's clock and the presigner's are {off:.0f} s apart.",
        )
    return Finding(
        name="clock",
        level="fail" if off > WINDOW_SECONDS else "warn",
        message=f"This machine's clock and the presigner's are {off:.0f} s apart.",
        hint="Set this machine's clock, for instance with NTP.",
    )
