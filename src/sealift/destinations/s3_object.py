"""One object in one request: its headers, the PUT that stores it, and its end."""

from collections.abc import Mapping
from typing import Any

from sealift.destinations.base import PUT_ID, SHA256
from sealift.destinations.s3_errors import Answer, read_obstore
from sealift.destinations.s3_link import Link
from sealift.destinations.s3_options import (
    MAX_METADATA_BYTES,
    MAX_OBJECT_BYTES,
    MAX_PUT_BYTES,
    encode_metadata,
    metadata_bytes,
    metadata_problem,
)
from sealift.errors import ItemRefusedError, TooLargeError
from sealift.sealing.parcel import Parcel


class ObjectWriter:
    """Puts objects into the bucket of *link*, with the headers that its options ask for."""

    def __init__(self, link: Link) -> None:
        options = link.options
        self._link = link
        self._tags = dict(options.tags) or None
        self._attributes = {k: encode_metadata(v) for k, v in options.metadata.items()}
        if options.storage_class:
            self._attributes["Storage-Class"] = options.storage_class
        self._content_type = options.content_type
        self._deleting = f"Deleting from s3://{options.bucket}"
        self.doing = f"Putting into s3://{options.bucket}"
        """How messages begin that tell of a put."""

    def put(self, key: str, body: bytes, attributes: dict[str, str], mode: Any) -> str:
        """Send one PUT, and again only if nothing landed and something could be mended.

        Args:
            key: Full object key.
            body: All of it.
            attributes: As `attributes_of` gives them.
            mode: obstore's: `create`, `overwrite` or `{"e_tag": ...}`.

        Returns:
            The ETag of the version that this put made.

        Raises:
            SealiftError: As `Destination.put`.
        """
        connection = self._link.connection()
        tried: list[str] = []
        while True:
            try:
                result = connection.put(
                    connection.store(len(body)),
                    key,
                    body,
                    attributes=attributes,
                    tags=self._tags,
                    mode=mode,
                    use_multipart=False,
                )
            except BaseException as error:  # noqa: BLE001 - Rust's panics are no Exceptions
                connection = self._link.mend(error, connection, tried, doing=self.doing)
                continue
            etag = result["e_tag"]
            if not etag:
                answer = Answer(trouble="no-etag")
                raise self._link.explain(answer, doing=self.doing, writing=True)
            return etag

    def delete(self, key: str) -> None:
        """Delete what is under *key*; nothing there is fine as well.

        Raises:
            AccessDeniedError: It may not be deleted with these credentials.
            TransientError: It is unknown whether it was deleted.
        """
        connection = self._link.connection()
        try:
            connection.delete(connection.small, key)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001 - mapped at once
            answer = read_obstore(error)
            raise self._link.explain(answer, doing=self._deleting, writing=False) from None

    def attributes_of(self, parcel: Parcel, put_id: str) -> dict[str, str]:
        """Check what S3 limits, and gather the headers of the object.

        Raises:
            TooLargeError: The body is over what one request, or parts, can carry.
            ItemRefusedError: The parcel's metadata cannot be sent.
        """
        attributes = {
            **self._attributes,
            PUT_ID: put_id,
            SHA256: parcel.sha256,
            "Content-Type": self._content_type or parcel.content_type,
        }
        if parcel.content_encoding:
            attributes["Content-Encoding"] = parcel.content_encoding
        if parcel.metadata:
            attributes.update(self._more_metadata(parcel.metadata))
        limit = MAX_PUT_BYTES if type(parcel.body) is bytes else MAX_OBJECT_BYTES
        if parcel.size > limit:
            raise TooLargeError(
                f"{self.doing}: the item has {parcel.size} bytes, and {limit} are possible.",
                hint="Split it.",
            )
        return attributes

    def _more_metadata(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """Encode what the parcel brings; header values are not the place for raw text."""
        encoded = {name: encode_metadata(value) for name, value in metadata.items()}
        problems = [problem for name in metadata if (problem := metadata_problem(name))]
        own = {k: v for k, v in self._attributes.items() if k != "Storage-Class"}
        if metadata_bytes(own | encoded) > MAX_METADATA_BYTES - 256:
            problems.append("the metadata is over 1,792 bytes")
        if problems:
            raise ItemRefusedError(
                f"{self.doing}: {'; '.join(problems)}.", hint="Give the item less metadata."
            )
        return encoded
