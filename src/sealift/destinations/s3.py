"""Stores parcels in a bucket of Amazon S3 or of a look-alike."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sealift.destinations.base import PUT_ID, Capabilities, Found, PartLog, Stored
from sealift.destinations.checks import check_key
from sealift.destinations.s3_bucket import is_aws
from sealift.destinations.s3_conditions import ConditionCheck
from sealift.destinations.s3_credentials import CredentialSource
from sealift.destinations.s3_link import Link
from sealift.destinations.s3_look import Eyes
from sealift.destinations.s3_object import ObjectWriter
from sealift.destinations.s3_options import MAX_OBJECT_BYTES, S3Options
from sealift.destinations.s3_read_back import ReadBack
from sealift.errors import AlreadyThereError
from sealift.sealing.parcel import Parcel

if TYPE_CHECKING:
    from sealift.destinations.s3_client import PartsClient

__all__ = ["S3Destination", "S3Options"]


class S3Destination:
    """A bucket. Small bodies go up in one request, a `LargeBody` in parts.

    Args:
        options: Where and how to store.
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
        self._conditions = ConditionCheck(self._link)
        self._create_is_safe = is_aws(options) or options.trust_conditions
        self._writer = ObjectWriter(self._link)
        self._eyes = Eyes(self._link)
        reads_back = options.verify == "read-back"
        self._read_back = ReadBack(self._eyes, self.delete) if reads_back else None
        self._client: PartsClient | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Name within its route."""
        return self._options.name

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        return self._options.prefix

    @property
    def options(self) -> S3Options:
        """Where and how it stores."""
        return self._options

    @property
    def eyes(self) -> Eyes:
        """What looks into the bucket, for the probe."""
        return self._eyes

    @property
    def capabilities(self) -> Capabilities:
        """What it can promise: a create is refused rather than done without its condition."""
        safe = self._create_is_safe or not self._options.allow_unconditional
        return Capabilities(conditional_create=safe, max_bytes=MAX_OBJECT_BYTES)

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """Store *parcel*; see `Destination.put`.

        Raises:
            StoreRefusedError: The store ignores `If-None-Match`, so a create could
                replace an object, and `allow_unconditional` is not set.
        """
        check_key(key)
        body = parcel.body
        if create and not self._create_is_safe:
            create = self._may_create(key)
        attributes = self._writer.attributes_of(parcel, put_id)
        if type(body) is not bytes:
            return self._put_parts(key, parcel, attributes, create=create, part_log=part_log)
        etag = self._writer.put(key, body, attributes, "create" if create else "overwrite")
        if self._read_back:
            # Only this very version is replaced: it is ours by its ETag.
            etag = self._read_back.verify(
                key,
                parcel,
                etag,
                put_id=put_id,
                again=lambda tag: self._writer.put(key, body, attributes, {"e_tag": tag}),
            )
        return Stored(etag=etag)

    def _may_create(self, key: str) -> bool:
        """Whether to put with the condition; without it, only after a look that finds nothing."""
        if self._conditions.honoured():
            self._create_is_safe = True
            return True
        if self._eyes.look(key) is not None:
            raise AlreadyThereError(f"{self._writer.doing}: an object is already under the key.")
        return False

    def _put_parts(
        self,
        key: str,
        parcel: Parcel,
        attributes: dict[str, str],
        *,
        create: bool,
        part_log: PartLog | None,
    ) -> Stored:
        from sealift.destinations.s3_parts import PartsUpload  # noqa: PLC0415 - brings botocore

        upload = PartsUpload(
            self._parts_client(), self._eyes, key, parcel, attributes, create=create, log=part_log
        )
        stored = upload.run()
        if self._read_back:
            self._read_back.verify(key, parcel, stored.etag, put_id=attributes[PUT_ID])
        return stored

    def _parts_client(self) -> "PartsClient":
        from sealift.destinations.s3_client import PartsClient  # noqa: PLC0415 - brings botocore

        with self._lock:
            if self._client is None:
                self._client = PartsClient(self._link)
            return self._client

    def head(self, key: str) -> Found | None:
        """Look what is under *key*; see `Destination.head`.

        With `verify = "read-back"` the body is read as well: an object whose bytes
        are not those that its metadata names counts as nobody's.

        Raises:
            BucketError: The bucket itself does not exist.
            StoreRefusedError: The body is to be read, and may not be.
        """
        check_key(key)
        return self._read_back.look(key) if self._read_back else self._eyes.look(key)

    def probe(self) -> None:
        """Ask the bucket with one small request; see `Destination.probe`."""
        from sealift.destinations.s3_probe import knock  # noqa: PLC0415 - not on the way of a put

        knock(self._eyes)

    def delete(self, key: str) -> None:
        """Delete what is under *key*; nothing there is fine as well.

        Raises:
            AccessDeniedError: It may not be deleted with these credentials.
            TransientError: It is unknown whether it was deleted.
        """
        self._writer.delete(key)

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:
        """Abort large uploads that were begun and given up.

        Args:
            uploads: Key and upload id of each, from the ledger. Nobody else's
                upload is touched.

        Returns:
            How many there were; one that is gone already counts as well.

        Raises:
            TransientError: Some may still be there.
        """
        from sealift.destinations.s3_parts import abort  # noqa: PLC0415 - brings botocore

        client = self._parts_client()
        given = list(uploads)
        for key, upload_id in given:
            abort(client, key, upload_id)
        return len(given)

    def url(self, key: str) -> str:
        """Name the object for people."""
        return f"s3://{self._options.bucket}/{key}"

    def close(self) -> None:
        """Let go of the connections."""
        self._link.close()
        if self._client:
            self._client.close()
