"""URLs that were given for uploads, for as long as they are good, and what is read off them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from sealift.errors import ItemRefusedError, KeyNameError, StoreRefusedError

MOST_KEPT: Final = 4096
"""More than an agent has in flight; the oldest are forgotten first, and asked for again."""

_MARGIN_SECONDS: Final = 5.0
_UUID7: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_OF_CONNECTIONS: Final = frozenset(
    {"host", "connection", "transfer-encoding", "te", "trailer", "upgrade", "expect"}
)
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


def check_granted(url: str, key: str) -> None:
    """Let a URL and a key pass that can be used as they are.

    Raises:
        StoreRefusedError: The URL is none.
        KeyNameError: No URL leads to the key.
    """
    try:
        split = urlsplit(url)
        usable = bool(split.hostname) and split.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _unusable("a URL that is none")
    # HTTP clients resolve such segments: the object would come to be under another key.
    if f"{key[:1]}{key[-1:]}".count("/") or {".", ".."} & set(key.split("/")):
        raise KeyNameError(
            "The presigner gave a key with a slash at an end, or a segment '.' or '..'.",
            hint="Rename the file, or tell whoever runs the presigner; then release the item.",
        )


def headers_of(given: object, wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """Give the headers of an upload, as the presigner said or as is usual.

    Raises:
        StoreRefusedError: With what it said, something else would be stored, or nothing.
    """
    length = ("content-length", str(wanted.size))
    if given is None:
        found = [length, ("content-type", wanted.content_type)]
        if wanted.content_encoding:
            found.append(("content-encoding", wanted.content_encoding))
        return tuple(found)
    if not isinstance(given, dict) or not all(map(_is_header, given.items())):
        raise _unusable("headers that cannot be sent")
    said = {name.lower(): value for name, value in given.items()}
    if said.setdefault(*length) != length[1]:
        raise _unusable("a URL for a file of another length")
    return tuple(said.items())


def check_device(key: str, device: str) -> None:
    """Let a key of *device* pass.

    Raises:
        StoreRefusedError: It is another's.
    """
    if f"/{device}/" not in f"/{key}":
        raise _unusable("a key of another device")


def _is_header(pair: tuple[str, object]) -> bool:
    name, value = pair
    return (
        _HEADER.fullmatch(name) is not None
        and name.lower() not in _OF_CONNECTIONS
        and isinstance(value, str)
        and value.isascii()
        and value.isprintable()
    )


def _unusable(what: str) -> StoreRefusedError:
    return StoreRefusedError(
        f"The presigner gave {what}; nothing was sent.", hint="Tell whoever runs the presigner."
    )


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
