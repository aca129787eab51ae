"""The time of an item: from its name, its file or the clock."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

# Years outside 1900 to 2199 are taken for numbers that only look like dates.
_DATE: Final = re.compile(
    rb"(?<![0-9])"
    rb"(?:"
    rb"((?:19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})(?:_([0-9]{2})([0-9]{2})([0-9]{2}))?"
    rb"|"
    rb"((?:19|20|21)[0-9]{2})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2})-([0-9]{2})-([0-9]{2})Z)?"
    rb")"
    rb"(?![0-9])"
)


class DateFrom(StrEnum):
    """Where the time of an item comes from."""

    NAME = "name"
    """The first date in the file name; without one, as `mtime`."""

    MTIME = "mtime"
    """When the file was last changed."""

    NOW = "now"
    """When the item was taken up."""


def item_time(raw_name: bytes, mtime_ns: int, now: float, date_from: DateFrom) -> datetime:
    """Tell the time of an item, aware and in UTC.

    In a name, `20250729_161500`, `2025-07-29T16-15-00Z`, `2025-07-29` and `20250729`
    are read, all as UTC. A time that no calendar holds counts as 1970 if it is before
    the year 1, and as the end of 9999 if it is after.

    Args:
        raw_name: Path or name; only what follows the last `/` is looked at.

        mtime_ns: Nanoseconds since 1970, as `os.stat` gives them.

        now: Seconds since 1970.

        date_from: Which of them counts.
    """
    if date_from is DateFrom.NOW:
        return _since_epoch(int(now * 1_000_000))
    if date_from is DateFrom.NAME:
        named = _in_name(raw_name.rpartition(b"/")[2])
        if named is not None:
            return named
    return _since_epoch(mtime_ns // 1000)


def _in_name(name: bytes) -> datetime | None:
    """Read the first valid date in *name*."""
    for match in _DATE.finditer(name):
        fields = [int(digits) for digits in match.groups() if digits]
        year, month, day, *clock = fields
        hour, minute, second = clock or (0, 0, 0)
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
    return None


def _since_epoch(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return _LAST if microseconds > 0 else _EPOCH
