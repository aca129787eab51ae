"""The contract of a destination: put all or nothing, look, and tell what it can do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sealift.errors import SealiftError
from sealift.sealing.parcel import Parcel

PUT_ID = "sealift-id"
"""Metadata name under which every destination keeps the put id."""

SHA256 = "sha256"
"""Metadata name under which every destination keeps the parcel's SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a destination can promise."""

    conditional_create: bool
    """An existing object is never replaced when `create` is asked for."""

    max_bytes: int | None = None
    """Largest body it takes; None for no limit."""

    names_keys: bool = False
    """It makes the keys itself, and is a `NamesKeys`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A parcel is stored under its key, whole."""

    etag: str = ""
    """The store's tag of this version; empty if it gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is stored under a key now."""

    size: int
    etag: str = ""
    put_id: str = ""
    """Whose put made it, by the object's metadata; empty if it does not say."""

    sha256: str = ""
    """Hash of the body, by the object's metadata; empty if it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One finished part of a large upload."""

    number: int
    """From 1 to 10,000."""

    size: int
    etag: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A large upload that was begun and not yet completed."""

    upload_id: str
    part_bytes: int
    """Size of every part but the last."""

    parts: list[Part] = field(default_factory=list)
    """The finished parts, in order of their number."""


class PartLog(Protocol):
    """Remembers a large upload durably, so that a restart goes on where it stopped."""

    def load(self) -> Upload | None:
        """Give the upload that was begun, or None."""
        ...

    def begin(self, upload_id: str, part_bytes: int) -> None:
        """Remember that an upload was begun; forget an earlier one."""
        ...

    def add(self, part: Part) -> None:
        """Remember a finished part."""
        ...

    def clear(self) -> None:
        """Forget the upload: it is completed or aborted."""
        ...


class Destination(Protocol):
    """
    A place that stores parcels under keys.

    All methods may be called from many threads at once. Errors are Sealift's
    own, mapped once at the boundary of the library that talks to the store.
    """

    @property
    def name(self) -> str:
        """Name within its route; the ledger keeps its deliveries under it."""
        ...

    @property
    def prefix(self) -> str:
        """What every key begins with; empty, or ending as configured."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can promise."""
        ...

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """
        Store *parcel* under *key*, all of it or nothing.

        Args:
            key: Full object key, prefix included, 1 to 1,024 UTF-8 bytes, no
                leading slash.

            parcel: What to store; its SHA-256 and *put_id* go into the metadata.

            put_id: The item's UUIDv7.

            create: Only if nothing is there. With False, whatever is there is
                replaced.

            part_log: Where a large upload remembers its parts. Without one, a
                restart begins it anew.

        Returns:
            The new version's ETag. The object is complete and durable.

        Raises:
            AlreadyThereError: An object is under the key: these bytes from an
                earlier attempt, or somebody else's. Look with `head`.
            OutcomeUnknownError: Something may be under the key: these bytes, or
                an object that was there. Look with `head` before the next step.
            NotSentError: Nothing was stored.
            ThrottledError: Nothing was stored, and fewer requests are wanted.
            PausedError: Nothing was stored, nor will it be for any other item.
            ItemError: Nothing was stored; this parcel is refused.
            SourceChangedError: Nothing was stored; the source of a large body
                changed.
        """
        ...

    def head(self, key: str) -> Found | None:
        """
        Look what is under *key*; None if nothing is.

        Raises:
            TransientError: It could not be seen now.
            AccessDeniedError: It may not be seen with these credentials.
            ItemRefusedError: Nobody here can ever see it.
        """
        ...

    def probe(self) -> None:
        """
        Find out cheaply whether the destination answers and lets us in.

        Raises:
            PausedError: It does not, and why.
            TransientError: It could not be found out now.
        """
        ...

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:
        """
        Abort large uploads that were begun and given up, so that nobody pays for their parts.

        Args:
            uploads: Key and upload id of each, from the ledger. Nobody else's
                upload is touched.

        Returns:
            How many there were; one that is gone already counts as well.

        Raises:
            TransientError: Some may still be there.
        """
        ...

    def url(self, key: str) -> str:
        """Name the object for people, such as `s3://BUCKET/KEY`."""
        ...

    def close(self) -> None:
        """Let go of connections. Puts under way in other threads may fail."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """An item that needs a key from a destination that makes its keys itself."""

    put_id: str
    filename: str
    """The file's name as it may be told, without its folders."""

    parcel: Parcel
    key: str = ""
    """What it was named before; empty the first time."""


class NamesKeys(Destination, Protocol):
    """
    A destination that makes its keys itself, so that nobody can reserve one without asking it.

    The agent asks before an item's first put, and again before each later one; it
    commits the key to the ledger, and only then puts.
    """

    @property
    def names_at_once(self) -> int:
        """How many keys are best asked for in one call; 1 or more, and it may change."""
        ...

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        """
        Name the key of each item, and get ready to put it there.

        Asking again for the same put id is harmless. It gives the same key unless the
        store's owner cannot promise that; then it gives another only when nothing can
        be sent to the first any more.

        Args:
            orders: The items, at most `names_at_once`.

        Returns:
            For each item in order its key, or why it has none: `ItemError` if it is
            refused, else it may be asked for again.

        Raises:
            TransientError: No key was named now. Nothing was sent of any item.
        """
        ...
