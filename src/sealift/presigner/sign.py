"""SigV4 query signing for S3: a URL that is good for one method, key and set of headers. Pure.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from typing import Final
from urllib.parse import quote, urlsplit

from sealift.destinations.s3_credentials import Credential

MAX_LIFE_SECONDS: Final = 604_800
"""Seven days, the longest that SigV4 allows."""

_SAFE: Final = "-_.~"
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where a bucket's objects live, as URLs name it."""

    region: str
    origin: str
    """`https://HOST[:PORT]`."""

    path: str
    """What stands before the key: `/` or `/BUCKET/`, percent-encoded."""

    @property
    def host(self) -> str:
        """The Host header."""
        return self.origin.partition("://")[2]


def store_of(bucket: str, region: str, endpoint_url: str = "", addressing: str = "auto") -> Store:
    """Tell where the objects of *bucket* live.

    Args:
        bucket: Its name.
        region: Its region, such as `us-west-2`.
        endpoint_url: URL of a look-alike; empty for Amazon S3.
        addressing: `virtual` (bucket in the host name), `path`, or `auto`: path for
            look-alikes and for names with a dot, which no certificate covers.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    split = urlsplit(endpoint_url or f"https://s3.{region}.{suffix}")
    if addressing == "auto":
        addressing = "path" if endpoint_url or "." in bucket else "virtual"
    if addressing == "virtual":
        return Store(region=region, origin=f"{split.scheme}://{bucket}.{split.netloc}", path="/")
    return Store(
        region=region,
        origin=f"{split.scheme}://{split.netloc}",
        path=f"/{quote(bucket, safe=_SAFE)}/",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What all URLs of one second and one life have in common."""

    now: int
    life_seconds: int
    query: str
    """The query's parameters before the signed headers' names."""

    preamble: str
    """The text to sign, up to the request's hash."""

    key: bytes


class Signer:
    """Signs URLs for one store with one set of keys; safe to use from many threads.

    Args:
        store: Where the objects live.
        credential: The keys, and their token if they have one.
    """

    def __init__(self, store: Store, credential: Credential) -> None:
        self._store = store
        self._origin = store.origin
        self._path = store.path
        self._host = ("host", store.host)
        self._credential = credential
        token = credential.token
        self._token = f"&X-Amz-Security-Token={quote(token, safe=_SAFE)}" if token else ""
        self._day = ("", b"")
        self._moment: _Moment | None = None

    def url(
        self,
        method: str,
        key: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        now: int,
        life_seconds: int,
    ) -> str:
        """Sign one URL.

        Args:
            method: `PUT`, `HEAD` and so on.
            key: The object's key, not encoded.
            headers: What the request must send exactly so, besides Host: names in
                lower case, values without blanks at their ends or two in a row.
            now: Seconds since 1970.
            life_seconds: How long the URL is good from *now* on, at most
                `MAX_LIFE_SECONDS`.

        Returns:
            The URL. Whoever has it can do what it is signed for: treat it as a secret.
        """
        moment = self._moment_of(now, life_seconds)
        path = self._path + (key if _PLAIN.fullmatch(key) else quote(key, safe="/" + _SAFE))
        signed = sorted((*headers, self._host))
        names = ";".join([name for name, _ in signed])
        after = f"&X-Amz-SignedHeaders={names.replace(';', '%3B')}"
        lines = "".join([f"{name}:{value}\n" for name, value in signed])
        request = (
            f"{method}\n{path}\n{moment.query}{self._token}{after}\n"
            f"{lines}\n{names}\nUNSIGNED-PAYLOAD"
        )
        text = moment.preamble + sha256(request.encode()).hexdigest()
        signature = digest(moment.key, text.encode(), "sha256").hex()
        # Signed in the order of the alphabet, written in botocore's: the same URL as its.
        return (
            f"{self._origin}{path}?{moment.query}{after}{self._token}&X-Amz-Signature={signature}"
        )

    def _moment_of(self, now: int, life_seconds: int) -> _Moment:
        moment = self._moment
        if moment is None or moment.now != now or moment.life_seconds != life_seconds:
            moment = self._moment = self._begin(now, life_seconds)
        return moment

    def _begin(self, now: int, life_seconds: int) -> _Moment:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        day = stamp[:8]
        scope = f"{day}/{self._store.region}/s3/aws4_request"
        who = quote(f"{self._credential.access_key_id}/{scope}", safe=_SAFE)
        return _Moment(
            now=now,
            life_seconds=life_seconds,
            query=f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={who}"
            f"&X-Amz-Date={stamp}&X-Amz-Expires={life_seconds}",
            preamble=f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n",
            key=self._key(day),
        )

    def _key(self, day: str) -> bytes:
        """Give the signing key of the day, which is the same for all its URLs."""
        known, key = self._day
        if known != day:
            key = f"AWS4{self._credential.secret_access_key}".encode()
            for part in (day, self._store.region, "s3", "aws4_request"):
                key = digest(key, part.encode(), "sha256")
            self._day = (day, key)
        return key
