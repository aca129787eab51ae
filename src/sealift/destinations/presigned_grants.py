"""URLs that were given for uploads, for as long as they are good, and what is read off them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from sealift.errors import ItemRefusedError

MOST_KEPT: Final = 4096
"""More than an agent has in flight; the oldest are forgotten first, and asked for again."""

_MARGIN_SECONDS: Final = 5.0
_UUID7: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_NAMED: Final = re.compile(rf"(?:.*/)?[^/_]+_({_UUID7})_([^/]+)", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a URL is wanted for."""

    put_id: str
    filename: str
    size: int
    sha256: str
    md5: str
    """Of the body, 32 hexadecimal digits."""

    content_type: str
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A URL for one upload."""

    wanted: Wanted
    key: str
    url: str = field(repr=False)
    """Whoever has it can upload with it: a secret."""

    headers: tuple[tuple[str, str], ...]
    """What the upload must send."""

    asked_at: float
    """Wall clock, seconds since 1970."""

    good_until: float
    """By the same clock."""

    def is_good(self, now: float) -> bool:
        """Tell whether an upload may begin; not if the clock was set back behind its beginning."""
        return self.asked_at - 1.0 <= now < self.good_until


class Grants:
    """Keeps the newest grant of each item, a bounded number of them. Thread-safe.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, Grant] = {}

    def keep(self, grant: Grant) -> None:
        """Keep *grant* instead of an earlier one for the same item."""
        kept = self._kept
        kept.pop(grant.wanted.put_id, None)
        kept[grant.wanted.put_id] = grant
        while len(kept) > MOST_KEPT:
            kept.pop(next(iter(kept)), None)

    def last(self, put_id: str) -> Grant | None:
        """Give the newest grant of an item, good or not."""
        return self._kept.get(put_id)

    def good(self, put_id: str) -> Grant | None:
        """Give the grant of an item, if it is still good."""
        grant = self._kept.get(put_id)
        return grant if grant is not None and grant.is_good(self._clock()) else None

    def expire(self, put_id: str) -> None:
        """Take the grant of an item for ended, whatever the clocks say."""
        if grant := self._kept.get(put_id):
            self._kept[put_id] = replace(grant, good_until=grant.asked_at)

    def drop(self, put_id: str) -> None:
        """Forget the grant of an item."""
        self._kept.pop(put_id, None)


def good_until(
    url: str, expires_at: object, *, asked_at: float, server_time: float | None, longest: float
) -> float:
    """Tell until when a URL should be used, by this machine's clock, which may be wrong.

    Args:
        url: The URL, which may say when it ends.
        expires_at: What the presigner says of it, if it does.
        asked_at: When it was asked for, by this machine's clock.
        server_time: The presigner's own time in its answer; None if it did not say.
        longest: How many seconds it is used at most.
    """
    end = _time_of(expires_at) if isinstance(expires_at, str) else _end_of(url)
    life = longest
    if end is not None:
        life = min(life, end - (asked_at if server_time is None else server_time))
    return asked_at + life - min(_MARGIN_SECONDS, life / 10)


def bucket_of(url: str, key: str) -> str:
    """Read the bucket off an upload's URL; the host if it does not show."""
    split = urlsplit(url)
    path = unquote(split.path).removeprefix("/")
    before = path.removesuffix(key).rstrip("/")
    if path.endswith(f"/{key}") and before:
        return before.rpartition("/")[2]
    host = split.hostname or ""
    bucket, dot, rest = host.partition(".s3")
    return bucket if dot and rest[:1] in {".", "-"} else host


def item_of(key: str) -> tuple[str, str]:
    """Read an item's id and its file name off its key.

    Raises:
        ItemRefusedError: An old presigner made it; nobody here can look.
    """
    found = _NAMED.fullmatch(key)
    if found is None:
        raise ItemRefusedError(
            "Whether an earlier upload arrived cannot be found out: this presigner does not tell.",
            hint="Look into the bucket, then release or drop the item.",
        )
    return found[1], unquote(found[2])


@lru_cache(maxsize=16)
def _time_of(text: str) -> float | None:
    try:
        time_ = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time_ if time_.tzinfo else time_.replace(tzinfo=UTC)).timestamp()


def _end_of(url: str) -> float | None:
    """Read off a URL signed for S3, in either version, when it ends; None if it does not say."""
    query: dict[str, Any] = parse_qs(urlsplit(url).query)
    try:
        if "X-Amz-Date" in query:
            began = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
            return began.timestamp() + float(query["X-Amz-Expires"][0])
        return float(query["Expires"][0])
    except (KeyError, ValueError):
        return None
