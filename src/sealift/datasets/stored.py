"""The stored document: unpacked, and proved to be what a push sent."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sealift.destinations.base import SHA256
from sealift.destinations.versioned import Version
from sealift.errors import InvalidContentError, TooLargeError

RECORDS: Final = "record_count"
DOCUMENT: Final = "document_sha256"
"""Metadata: the SHA-256 of the document before compression."""

FORCED: Final = "forced"
"""Metadata: somebody said that this document may replace a newer one."""

_GZIP_WBITS: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """A stored document, unpacked."""

    text: bytes = field(repr=False)
    etag: str
    put_id: str
    signed: bool
    """Its metadata has the hash of its body, and it holds."""

    forced: bool


def unpack(found: Version, max_bytes: int, where: str) -> StoredText:
    """Unpack a stored document and compare its body with the hash in its metadata.

    Args:
        found: What was read.
        max_bytes: Largest text, not compressed; more is not unpacked.
        where: Which object this is, for messages.

    Raises:
        InvalidContentError: It was damaged or replaced since it was pushed, or is packed in
            an unknown way.
        TooLargeError: It is over *max_bytes*.
    """
    promised = found.metadata.get(SHA256, "")
    if promised and promised != hashlib.sha256(found.body).hexdigest():
        raise InvalidContentError(
            f"{where} is not what was pushed: its {len(found.body)} bytes have another SHA-256 "
            "than its metadata says.",
            hint="Push the document again, or roll back to an earlier copy.",
        )
    text = _unpacked(found, max_bytes, where)
    return StoredText(
        text=text,
        etag=found.etag,
        put_id=found.put_id,
        signed=bool(promised),
        forced=found.metadata.get(FORCED, "") == "true",
    )


def version_named(name: str, metadata: Mapping[str, str]) -> int | None:
    """Give the document's version by an object's metadata; None if it does not say.

    Args:
        name: The dataset's field with the version.
        metadata: The object's, names in lower case.
    """
    text = metadata.get(name.lower(), "") if name else ""
    return int(text) if text.isascii() and text.removeprefix("-").isdecimal() else None


def _unpacked(found: Version, max_bytes: int, where: str) -> bytes:
    if found.content_encoding in {"", "identity"}:
        return found.body
    if found.content_encoding != "gzip":
        raise InvalidContentError(
            f"{where} has the unknown Content-Encoding {found.content_encoding[:20]!r}.",
            hint="Push the document again.",
        )
    unpacking = zlib.decompressobj(_GZIP_WBITS)
    try:
        text = unpacking.decompress(found.body, max_bytes + 1)
    except zlib.error:
        raise InvalidContentError(
            f"{where} is no gzip, though it says so.", hint="Push the document again."
        ) from None
    if len(text) > max_bytes:
        raise TooLargeError(
            f"{where} is larger than max_document_bytes = {max_bytes}, unpacked.",
            hint="Raise max_document_bytes in the dataset's section.",
        )
    if not unpacking.eof:
        raise InvalidContentError(f"{where} is cut off.", hint="Push the document again.")
    return text
