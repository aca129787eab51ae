"""What sealing makes: the bytes that leave, and what is known of them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self


class LargeBody(Protocol):
    """A body too large for memory, which can be read again from the start."""

    def chunks(self) -> Iterator[bytes]:
        """
        Yield the sealed bytes from the start, the same bytes each time.

        Raises:
            SourceChangedError: The source is no longer what was sealed. What was
                yielded must not be used.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A sealed item: exactly the bytes that are sent, and their fingerprint."""

    body: bytes | LargeBody
    """The bytes themselves, or a way to read them piece by piece."""

    size: int
    """Length of the sealed body in bytes."""

    sha256: str
    """SHA-256 of the sealed body, 64 lower-case hexadecimal digits."""

    content_type: str = "application/octet-stream"
    """Media type for the `Content-Type` header."""

    content_encoding: str = ""
    """`gzip`, `zstd`, or empty."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    """More user metadata for the object, besides the put id and the hash."""

    redactions: Mapping[str, int] = field(default_factory=dict)
    """How often each redaction rule matched; never what it matched."""

    @classmethod
    def of(
        cls,
        body: bytes,
        *,
        content_type: str = "application/octet-stream",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> Self:
        """Make the parcel of bytes that are sealed already, and fingerprint them."""
        return cls(
            body=body,
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            content_type=content_type,
            content_encoding=content_encoding,
            metadata=metadata or {},
        )
