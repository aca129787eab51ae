"""A destination for devices without credentials: a presigner gives a URL for each upload."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Final

from sealift.destinations.base import Capabilities, Found, KeyOrder, PartLog, Stored
from sealift.destinations.checks import check_key, sealed_chunks
from sealift.destinations.presigned_answers import (
    is_stored,
    put_error,
    put_unanswered,
    remedy,
)
from sealift.destinations.presigned_client import MAX_BATCH, PresignerClient
from sealift.destinations.presigned_grants import Grant, Grants, Wanted, bucket_of, item_of
from sealift.destinations.presigned_link import (
    HttpAnswer,
    Link,
    NoAnswerError,
    host_of,
    is_loopback,
)
from sealift.destinations.presigned_options import PresignedOptions
from sealift.errors import (
    ItemRefusedError,
    NotSentError,
    SealiftError,
    SourceChangedError,
    TooLargeError,
    TransientError,
)
from sealift.naming import new_id
from sealift.sealing.parcel import Parcel

_MOST_TRIES: Final = {"expired": 2, "denied": 1, "damaged": 2, "absent": 1}
"""How often each remedy is tried within one put."""


class PresignedDestination:
    """
    Asks a presigner for URLs, many at once, and puts each item with its own.

    The presigner makes the keys. One of the present form makes an item's key of its
    id, so it is the same each time, and says after an unclear answer whether the
    bytes are there. An old one makes a new key for each request and cannot say: an
    item whose answer was lost goes to the same key while its URL is good and known, and
    then to another, so it may be stored twice and is never lost.

    No URL is used after its end, by this machine's clock and the presigner's `Date`.

    Args:
        options: Checked options.
        clock: Wall clock, seconds since 1970.
        random: Gives so many random bytes.
    """

    prefix = ""

    def __init__(
        self,
        options: PresignedOptions,
        *,
        clock: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.name = options.name
        self._options = options
        self._clock = clock
        self._random = random
        self._link = Link(options)
        self._grants = Grants(clock)
        self._bucket = ""
        self.presigner = PresignerClient(options, self._link, clock=clock, random=random)

    @property
    def capabilities(self) -> Capabilities:
        """It names keys; nothing is replaced, unless the presigner is an old one."""
        return Capabilities(
            conditional_create=self.presigner.form != "minimal",
            max_bytes=self._options.max_bytes,
            names_keys=True,
        )

    @property
    def is_open_to_eavesdroppers(self) -> bool:
        """Whether URLs come over a network without TLS."""
        url = self._options.url
        return url.startswith("http:") and not is_loopback(url)

    @property
    def names_at_once(self) -> int:
        """How many keys one request names, as far as is known of the presigner."""
        return MAX_BATCH if self.presigner.form == "batch" else 1

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        """Ask for the URL and key of each item; see `NamesKeys.name_keys`."""
        found: list[str | SealiftError] = []
        asked: list[int] = []
        wanted: list[Wanted] = []
        for place, order in enumerate(orders):
            grant = self._grants.good(order.put_id)
            found.append(grant.key if grant else "")
            if grant is None:
                try:
                    wanted.append(self._wanted(order))
                    asked.append(place)
                except (SourceChangedError, TooLargeError, TransientError) as error:
                    found[place] = error
        if wanted:
            for place, given in zip(asked, self.presigner.ask(wanted), strict=True):
                found[place] = self._keep(given).key if isinstance(given, Grant) else given
        return found

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,  # noqa: ARG002 - the presigner says what its URLs may do
        part_log: PartLog | None = None,  # noqa: ARG002 - one PUT holds it all
    ) -> Stored:
        """Store *parcel* under *key*, which `name_keys` gave; see `Destination.put`."""
        check_key(key)
        tried: list[str] = []
        while True:
            grant = self._grant(key, parcel, put_id)
            answer = self._send(grant, parcel)
            if is_stored(answer, grant.wanted.md5):
                self._grants.drop(put_id)
                return Stored(etag=answer.header("etag").strip('"'))
            if answer.status == 412:
                helps = "absent"
                if stored := self._met(grant, tried):
                    self._grants.drop(put_id)
                    return stored
            else:
                helps = remedy(answer)
            if not helps or tried.count(helps) >= _MOST_TRIES[helps]:
                raise put_error(answer)
            tried.append(helps)
            if helps in {"expired", "denied"}:
                self._grants.expire(put_id)

    def head(self, key: str) -> Found | None:
        """Ask the presigner what is under *key*; see `Destination.head`."""
        item_id, filename = item_of(key)
        seen = self.presigner.look(item_id, filename)
        if not seen["stored"] or seen.get("key") != key:
            return None
        return Found(
            size=seen.get("content_length") or 0,
            etag=seen.get("etag") or "",
            sha256=seen.get("sha256") or "",
        )

    def probe(self) -> None:
        """Ask for a URL that is not used; see `Destination.probe`."""
        self.trial_key()

    def trial_key(self) -> str:
        """Ask for a URL that is not used, and give the key that it is for.

        Raises:
            SealiftError: None was given.
        """
        put_id = new_id(self._clock(), self._random)
        parcel = Parcel.of(b"{}", content_type="application/json")
        order = KeyOrder(put_id=put_id, filename="sealift-check.json", parcel=parcel)
        (key,) = self.name_keys([order])
        self._grants.drop(put_id)
        if isinstance(key, str):
            return key
        raise key

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:  # noqa: ARG002
        """Do nothing: one PUT leaves no parts."""
        return 0

    def url(self, key: str) -> str:
        """Name the object for people; the bucket is read off the URLs that were given."""
        host = host_of(self._options.url)
        return f"s3://{self._bucket}/{key}" if self._bucket else f"presigned://{host}/{key}"

    def close(self) -> None:
        """Let go of connections."""
        self._link.close()

    def _keep(self, grant: Grant) -> Grant:
        self._grants.keep(grant)
        self._bucket = self._bucket or bucket_of(grant.url, grant.key)
        return grant

    def _grant(self, key: str, parcel: Parcel, put_id: str) -> Grant:
        """Give a URL for *key* that is still good, a new one if need be."""
        grant = self._grants.good(put_id)
        if grant is None:
            last = self._grants.last(put_id)
            filename = last.wanted.filename if last else item_of(key)[1]
            wanted = (
                last.wanted
                if last
                else self._wanted(KeyOrder(put_id=put_id, filename=filename, parcel=parcel))
            )
            (given,) = self.presigner.ask([wanted])
            if not isinstance(given, Grant):
                raise given
            grant = self._keep(given)
        if grant.key != key:
            # It must be in the ledger before anything is sent: naming comes first next time.
            raise NotSentError("The presigner names another key for the item now.")
        return grant

    def _wanted(self, order: KeyOrder) -> Wanted:
        parcel = order.parcel
        if parcel.size > self._options.max_bytes:
            raise TooLargeError(
                f"The item has {parcel.size} bytes; {self._options.max_bytes} are the most here.",
                hint="Raise max_bytes, or deliver it otherwise.",
            )
        return Wanted(
            put_id=order.put_id,
            filename=_named(order),
            size=parcel.size,
            sha256=parcel.sha256,
            md5=_md5(parcel),
            content_type=parcel.content_type,
            content_encoding=parcel.content_encoding,
            metadata=parcel.metadata,
        )

    def _send(self, grant: Grant, parcel: Parcel) -> HttpAnswer:
        options = self._options
        body = parcel.body if isinstance(parcel.body, bytes) else _last_when_checked(parcel)
        try:
            return self._link.send(
                "PUT",
                grant.url,
                headers=grant.headers,
                body=body,
                seconds=options.timeout_seconds + parcel.size / options.min_bytes_per_second,
            )
        except NoAnswerError as error:
            raise put_unanswered(error.trouble) from None

    def _met(self, grant: Grant, tried: Sequence[str]) -> Stored | None:
        """Find out whether what is at the key is ours; None if nothing is seen there.

        Raises:
            SealiftError: It could not be found out.
        """
        wanted = grant.wanted
        if wanted.put_id not in grant.key:
            return None
        seen = self.presigner.look(wanted.put_id, wanted.filename)
        if seen["stored"] and seen.get("sha256") == wanted.sha256:
            return Stored(etag=seen.get("etag") or "")
        if seen["stored"] is None and "absent" in tried:
            # The store says twice that something is there, and lets nobody look. Under a key
            # made of this item's id, by URLs that fit these bytes only, it is ours.
            return Stored()
        return None


def _named(order: KeyOrder) -> str:
    """Give the name that goes into the key: as at first, whatever may be told of it now."""
    if order.put_id in order.key:
        with suppress(ItemRefusedError):
            return item_of(order.key)[1]
    return order.filename


def _md5(parcel: Parcel) -> str:
    if isinstance(parcel.body, bytes):
        return hashlib.md5(parcel.body, usedforsecurity=False).hexdigest()
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in sealed_chunks(parcel):
        digest.update(chunk)
    return digest.hexdigest()


def _last_when_checked(parcel: Parcel) -> Iterator[bytes]:
    """Yield a large body, its last piece only once all of it is known to be what was sealed."""
    held = b""
    for chunk in sealed_chunks(parcel):
        if held:
            yield held
        held = chunk
    if held:
        yield held
