"""Objects of a bucket that many writers share: replaced only as the version that was read."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal
from urllib.parse import unquote

from sealift.destinations.base import PUT_ID, Found
from sealift.destinations.checks import check_key
from sealift.destinations.s3_bucket import is_aws
from sealift.destinations.s3_credentials import CredentialSource
from sealift.destinations.s3_errors import Answer, read_obstore
from sealift.destinations.s3_link import Link
from sealift.destinations.s3_look import Eyes
from sealift.destinations.s3_matching import Quotes, find_quotes
from sealift.destinations.s3_object import ObjectWriter
from sealift.destinations.s3_options import S3Options
from sealift.destinations.versioned import Listed, Version
from sealift.errors import AlreadyThereError, ChangedMeanwhileError, StoreRefusedError
from sealift.sealing.parcel import Parcel

__all__ = ["S3Versions"]

_HEADERS: Final = frozenset(
    {"Content-Type", "Content-Encoding", "Content-Disposition", "Content-Language"}
    | {"Cache-Control", "Storage-Class"}
)
"""What obstore gives among an object's attributes that is not user metadata."""


class S3Versions:
    """A bucket whose objects many writers share; see `VersionedStore`.

    Args:
        options: Where and how to store. `allow_unconditional` has no meaning here:
            only `overwrite` puts without a condition.
        clock: Wall clock, seconds since 1970.
        credentials: Resolves credentials instead of the options or the AWS chain.

    Raises:
        ConfigError: The options cannot be right.
    """

    def __init__(
        self,
        options: S3Options,
        *,
        clock: Callable[[], float] = time.time,
        credentials: CredentialSource | None = None,
    ) -> None:
        options.check()
        self._options = options
        self._link = Link(options, clock=clock, source=credentials)
        self._writer = ObjectWriter(self._link)
        self._eyes = Eyes(self._link)
        self._reading = f"Reading from s3://{options.bucket}"
        self._listing = f"Listing s3://{options.bucket}"
        self._quotes: Quotes | Literal["untried"] = "as given" if is_aws(options) else "untried"
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Name for ledgers and reports."""
        return self._options.name

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        return self._options.prefix

    def conditions_hold(self) -> bool:
        """Whether conditions are honoured; see `VersionedStore.conditions_hold`."""
        with self._lock:
            if self._quotes == "untried":
                self._quotes = find_quotes(self._link)
            return self._quotes != "refused"

    def head(self, key: str) -> Found | None:
        """Look what is under *key*; see `VersionedStore.head`."""
        check_key(key)
        return self._eyes.look(key)

    def read(self, key: str) -> Version | None:
        """Read what is under *key*; see `VersionedStore.read`."""
        check_key(key)
        tried: list[str] = []
        connection = self._link.connection()
        size = 0
        while True:
            try:
                got = connection.get(connection.store(size), key)
                body = bytes(got.bytes())
            except FileNotFoundError:
                if answer := self._eyes.see_bucket(connection):
                    raise self._explain(answer) from None
                return None
            except Exception as error:  # noqa: BLE001 - mapped at once
                answer = read_obstore(error)
                if answer.trouble == "timeout" and not size and (size := self._large(key)):
                    continue
                mended = self._link.mended(answer, connection, tried)
                if mended is None:
                    raise self._explain(answer) from None
                connection = mended
                continue
            return _version(body, got.meta["e_tag"] or "", dict(got.attributes))

    def _large(self, key: str) -> int:
        """Give the size of what needs more time than a small object has; else 0."""
        found = self._eyes.look(key)
        return found.size if found and found.size > self._link.connection().small_bytes else 0

    def create(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """Store *parcel* where nothing is; see `VersionedStore.create`.

        Raises:
            StoreRefusedError: The store does not honour conditions.
        """
        self._refuse_without_conditions()
        return self._put(key, parcel, put_id, "create")

    def replace(self, key: str, parcel: Parcel, *, put_id: str, etag: str) -> str:
        """Store *parcel* in place of the version *etag*; see `VersionedStore.replace`.

        Raises:
            StoreRefusedError: The store does not honour conditions.
        """
        self._refuse_without_conditions()
        tag = etag.strip('"') if self._quotes == "without" else etag
        try:
            return self._put(key, parcel, put_id, {"e_tag": tag})
        except AlreadyThereError:
            raise ChangedMeanwhileError(
                f"{self._writer.doing}: the object is no longer the version that was read."
            ) from None

    def overwrite(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """Store *parcel* whatever is there; see `VersionedStore.overwrite`."""
        return self._put(key, parcel, put_id, "overwrite")

    def delete(self, key: str) -> None:
        """Delete what is under *key*; see `VersionedStore.delete`."""
        self._writer.delete(key)

    def list(self, prefix: str) -> Iterator[Listed]:
        """List what is under *prefix*; see `VersionedStore.list`.

        Args:
            prefix: Empty, or ending with a slash.
        """
        tried: list[str] = []
        connection = self._link.connection()
        last = ""
        while True:
            try:
                pages = connection.list(
                    connection.small, prefix=prefix.removesuffix("/"), offset=last or None
                )
                for page in pages:
                    for found in page:
                        last = found["path"]
                        yield Listed(
                            key=last,
                            size=found["size"],
                            etag=found["e_tag"] or "",
                            modified=found["last_modified"].timestamp(),
                        )
            except Exception as error:  # noqa: BLE001 - mapped at once
                answer = read_obstore(error)
                mended = self._link.mended(answer, connection, tried)
                if mended is None:
                    raise self._link.explain(answer, doing=self._listing, writing=False) from None
                connection = mended
                continue
            return

    def url(self, key: str) -> str:
        """Name the object for people."""
        return f"s3://{self._options.bucket}/{key}"

    def close(self) -> None:
        """Let go of connections."""
        self._link.close()

    def _put(self, key: str, parcel: Parcel, put_id: str, mode: Any) -> str:
        check_key(key)
        body = parcel.body
        if not isinstance(body, bytes):
            raise TypeError("a shared object is put in one request, so its body must be bytes")
        return self._writer.put(key, body, self._writer.attributes_of(parcel, put_id), mode)

    def _refuse_without_conditions(self) -> None:
        if not self.conditions_hold():
            raise StoreRefusedError(
                f"The store of s3://{self._options.bucket} does not honour If-Match and "
                "If-None-Match: writers could replace each other's work, so nothing was sent.",
                hint="Use a store that does; sealift check tells.",
            )

    def _explain(self, answer: Answer) -> Exception:
        return self._link.explain(answer, doing=self._reading, writing=False)


def _version(body: bytes, etag: str, attributes: dict[str, str]) -> Version:
    metadata = {
        name.lower(): unquote(value)
        for name, value in attributes.items()
        if name not in _HEADERS and name.lower() != PUT_ID
    }
    return Version(
        body=body,
        etag=etag,
        put_id=attributes.get(PUT_ID, ""),
        content_type=attributes.get("Content-Type", ""),
        content_encoding=attributes.get("Content-Encoding", ""),
        metadata=metadata,
    )
