"""The contract of a store whose objects are replaced only as the version that was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sealift.destinations.base import Found
from sealift.sealing.parcel import Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object, whole."""

    body: bytes
    """As it is stored: still compressed if `content_encoding` says so."""

    etag: str
    """Tag of the very version that *body* is; give it to `replace` as it is."""

    put_id: str = ""
    """Whose put made it; empty if its metadata does not say."""

    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """User metadata without the `x-amz-meta-`, names in lower case, `sha256` among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a listing."""

    key: str
    size: int
    etag: str
    modified: float
    """When it was stored, by the store's clock, in seconds since 1970."""


class VersionedStore(Protocol):
    """
    Objects that many writers share.

    No method retries a write: whoever can read again owns that loop. All may be
    called from many threads at once. Keys are full keys, prefix included.
    """

    @property
    def name(self) -> str:
        """Name for ledgers and reports."""
        ...

    @property
    def prefix(self) -> str:
        """What every key begins with."""
        ...

    def conditions_hold(self) -> bool:
        """
        Whether the store refuses a create of what exists, and a replace of what changed.

        It is tried out once, with an object of its own under the prefix, which is
        deleted again; so is whether ETags are wanted with quotes or without.

        Raises:
            NotSentError: It could not be found out now.
            PausedError: The store does not let us try.
        """
        ...

    def head(self, key: str) -> Found | None:
        """
        Look what is under *key*, without reading it; None if nothing is.

        Raises:
            TransientError: It could not be seen now.
            PausedError: It may not be seen, or the bucket is not there.
        """
        ...

    def read(self, key: str) -> Version | None:
        """
        Read what is under *key*; None if nothing is.

        Raises:
            TransientError: It could not be read now.
            PausedError: It may not be read, or the bucket is not there.
        """
        ...

    def create(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """
        Store *parcel* where nothing is, and give its ETag.

        Raises:
            AlreadyThereError: Something is there; it was not touched. It may be this
                very put, whose answer was lost.
            OutcomeUnknownError: It may be stored. Read before the next step.
            TransientError: Nothing was stored.
            PausedError: Nothing was stored, nor will be for now.
            ItemError: Nothing was stored; this parcel is refused.
        """
        ...

    def replace(self, key: str, parcel: Parcel, *, put_id: str, etag: str) -> str:
        """
        Store *parcel* in place of the version *etag*, and give the new ETag.

        Raises:
            ChangedMeanwhileError: Another version, or nothing, is there. It may be
                this very put, whose answer was lost: read it, and look at its put id.
            OutcomeUnknownError, TransientError, PausedError, ItemError: As with `create`.
        """
        ...

    def overwrite(self, key: str, parcel: Parcel, *, put_id: str) -> str:
        """
        Store *parcel* whatever is there, and give its ETag; for a store without conditions.

        Raises:
            OutcomeUnknownError, TransientError, PausedError, ItemError: As with `create`.
        """
        ...

    def delete(self, key: str) -> None:
        """
        Delete what is under *key*; nothing there is fine as well.

        Raises:
            TransientError: It is unknown whether it was deleted.
            PausedError: It may not be deleted.
        """
        ...

    def list(self, prefix: str) -> Iterator[Listed]:
        """
        List what is under *prefix*, a full one, in the order of the keys' bytes.

        Raises:
            TransientError: It could not be listed now.
            PausedError: It may not be listed.
        """
        ...

    def url(self, key: str) -> str:
        """Name the object for people."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
