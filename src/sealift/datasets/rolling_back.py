"""Chooses the earlier document that is published again."""

from collections.abc import Sequence
from datetime import date

from sealift.datasets.copies import DatedCopy
from sealift.errors import TransientError, UsageError


def chosen(
    copies: Sequence[DatedCopy], to: str, current_sha256: str, current_version: int | None
) -> DatedCopy:
    """Choose a copy.

    Args:
        copies: The oldest first.
        to: A key, a day (its last copy is taken) or a version; empty for the newest
            that is older than what is published now.
        current_sha256: Of the body that is published now; empty for none.
        current_version: Its version.

    Raises:
        UsageError: *to* names no copy.
        TransientError: There is no earlier one.
    """
    if to:
        fits = [one for one in copies if to in {one.key, str(one.version)} or _is(one.day, to)]
        if not fits:
            raise UsageError(
                f"There is no copy {to!r}.",
                hint="See which there are: sealift dataset history NAME --copies.",
            )
        return fits[-1]
    fits = [
        one
        for one in copies
        if not current_sha256.startswith(one.sha256_begin)
        and (one.version is None or current_version is None or one.version <= current_version)
    ]
    if not fits:
        raise TransientError(
            "There is no earlier copy to roll back to.",
            hint="Copies are made when history_days is set in the dataset's section.",
        )
    return fits[-1]


def _is(day: date, text: str) -> bool:
    return day.isoformat() == text
