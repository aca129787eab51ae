"""Publishes a document under its name: over the version that was read, and proved by reading."""

import hashlib
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sealift.datasets.copies import Copies
from sealift.datasets.document import Document, DocumentReader
from sealift.datasets.options import DatasetOptions
from sealift.datasets.stored import DOCUMENT, FORCED, RECORDS, unpack, version_named
from sealift.destinations.versioned import Version, VersionedStore
from sealift.errors import (
    ItemError,
    KeyCollisionError,
    OutcomeUnknownError,
    PausedError,
    StaleDocumentError,
    TransientError,
)
from sealift.naming import new_id
from sealift.sealing.compress import Compression, compress
from sealift.sealing.parcel import Parcel

TRIES: Final = 6
_FIRST_WAIT_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A checked document, ready to go to any number of stores."""

    parcel: Parcel
    version: int | None
    records: int
    sha256: str
    """Of the document, not compressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What came of publishing to one store."""

    url: str
    outcome: str
    """`stored`, or `unchanged`: the store had this very document, and nothing was sent."""

    etag: str
    copy: str
    """Key of the dated copy; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the outside world is made of; tests put their own in its place."""

    clock: Callable[[], float] = time.time
    """Seconds since 1970."""

    sleep: Callable[[float], object] = time.sleep
    chance: Callable[[], float] = random.random
    random: Callable[[int], bytes] = os.urandom
    ticking: Callable[[], float] = field(default=time.perf_counter)
    """Seconds from any moment, for durations."""


def seal(text: bytes, document: Document, version_field: str, compression: str) -> Sealed:
    """Make the parcel of a checked document: the same bytes for the same text."""
    body = compress(text, Compression(compression))
    metadata = {RECORDS: str(document.count), DOCUMENT: document.sha256}
    if document.version is not None:
        metadata[version_field.lower()] = str(document.version)
    return Sealed(
        parcel=Parcel(
            body=body,
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            content_type="application/json",
            content_encoding="" if compression == "none" else compression,
            metadata=metadata,
        ),
        version=document.version,
        records=document.count,
        sha256=document.sha256,
    )


class Publisher:
    """Publishes documents of one dataset to one store.

    Args:
        reader: Reads documents of the dataset.
        store: Where they go.
        options: The dataset's.
        surroundings: Clock, sleep and chance.
    """

    def __init__(
        self,
        reader: DocumentReader,
        store: VersionedStore,
        options: DatasetOptions,
        surroundings: Surroundings,
    ) -> None:
        self._reader = reader
        self._store = store
        self._around = surroundings
        self._copies = Copies(store, options) if options.history_days else None

    def publish(self, name: str, sealed: Sealed, *, force: bool = False) -> Published:
        """Store a document under *name*, unless a newer one is there.

        Repeating it is harmless: what is there already is not sent again.

        Args:
            name: Under the store's prefix.
            sealed: The document.
            force: Also over a newer document, and over what is none.

        Raises:
            StaleDocumentError: A newer one is there; it was not touched.
            KeyCollisionError: Something is there that is no document of this dataset.
            OutcomeUnknownError: What the store gives back is not what was sent, or it
                could not be read back. Publish it again.
            TransientError: It was tried for a while. Nothing, or all of it, is stored.
            PausedError: Nothing was stored: credentials, bucket, clock.
        """
        key = self._store.prefix + name
        put_id = new_id(self._around.clock(), self._around.random)
        sent = False
        for tries in range(1, TRIES + 1):
            try:
                found = self._store.read(key)
                if found is not None and self._is_there(found, sealed):
                    outcome = "stored" if sent and found.put_id == put_id else "unchanged"
                    return self._published(name, sealed, found.etag, outcome)
                older = self._compare(key, found, sealed)
                if older and not force:
                    raise older
                parcel = _forced(sealed.parcel) if older else sealed.parcel
                sent = True
                self._put(key, parcel, put_id, found)
                etag = self._prove(key, parcel, put_id)
                return self._published(name, sealed, etag, "stored")
            except PausedError:
                raise
            except TransientError:
                if tries == TRIES:
                    raise
                self._wait(tries)
        raise AssertionError

    def _is_there(self, found: Version, sealed: Sealed) -> bool:
        """Tell whether the store has this very document, by its bytes."""
        return (
            hashlib.sha256(found.body).hexdigest() == sealed.parcel.sha256
            and found.metadata.get(DOCUMENT) == sealed.sha256
            and found.content_encoding == sealed.parcel.content_encoding
        )

    def _compare(self, key: str, found: Version | None, sealed: Sealed) -> ItemError | None:
        """Give the reason why what is there should stay; None if there is none."""
        if found is None:
            return None
        url = self._store.url(key)
        try:
            there = self._version_of(found, url)
        except ItemError:
            return KeyCollisionError(
                f"What is stored at {url} is no document of {self._reader.dataset.name}; "
                "it was not touched.",
                hint="Use another name, or --force to replace it.",
            )
        if there is not None and sealed.version is not None and there > sealed.version:
            return StaleDocumentError(
                f"A newer document is at {url}: its {self._reader.dataset.version} is {there}, "
                f"and this one's is {sealed.version}. Nothing was sent.",
                hint="Publish the newest, or use --force to replace it all the same.",
            )
        return None

    def _version_of(self, found: Version, url: str) -> int | None:
        version = version_named(self._reader.dataset.version, found.metadata)
        if version is not None and RECORDS in found.metadata:
            return version  # pushed; should it be damaged, this push mends it
        return self._reader.read(unpack(found, self._reader.max_bytes, url).text, url).version

    def _put(self, key: str, parcel: Parcel, put_id: str, found: Version | None) -> None:
        if found is None:
            self._store.create(key, parcel, put_id=put_id)
        else:
            self._store.replace(key, parcel, put_id=put_id, etag=found.etag)

    def _prove(self, key: str, parcel: Parcel, put_id: str) -> str:
        """Read back, and compare with what was sent."""
        found = self._store.read(key)
        if found is not None and found.put_id != put_id:
            # Another publisher has replaced it already, and could do so only after reading it.
            return ""
        if found is None or hashlib.sha256(found.body).hexdigest() != parcel.sha256:
            raise OutcomeUnknownError(
                f"{self._store.url(key)} does not give back what was sent.",
                hint="Publish it again; if it stays so, look at the store.",
            )
        return found.etag

    def _published(self, name: str, sealed: Sealed, etag: str, outcome: str) -> Published:
        copy = ""
        if self._copies:
            now = self._around.clock()
            parcel = sealed.parcel
            put_id = new_id(now, self._around.random)
            copy = self._copies.keep(
                name, sealed.version, parcel, put_id=put_id, now=now, anew=outcome == "stored"
            )
        url = self._store.url(self._store.prefix + name)
        return Published(url=url, outcome=outcome, etag=etag, copy=copy)

    def _wait(self, tries: int) -> None:
        """Wait longer each time, with full jitter."""
        self._around.sleep(_FIRST_WAIT_SECONDS * 2 ** (tries - 1) * self._around.chance())


def _forced(parcel: Parcel) -> Parcel:
    """Mark a document that replaces a newer one because somebody said so."""
    metadata: Mapping[str, str] = {**parcel.metadata, FORCED: "true"}
    return Parcel(
        body=parcel.body,
        size=parcel.size,
        sha256=parcel.sha256,
        content_type=parcel.content_type,
        content_encoding=parcel.content_encoding,
        metadata=metadata,
    )
