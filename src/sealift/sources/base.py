"""The contract of a source: offer what is ready, read it, and settle it after delivery."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from sealift.ledger.records import Identity
from sealift.sealing.parcel import LargeBody


class Candidate(NamedTuple):
    """Something that is ready to be delivered, or to be refused."""

    path: bytes
    """Path below the source's folder, as the file system spells it."""

    identity: Identity
    changed_at: float
    """When it last changed by its own word, seconds since 1970."""

    refusal: str = ""
    """Why it may not even be opened; empty if it may."""


class Source(Protocol):
    """A place where items wait until they are delivered.

    Called from one thread, but for `watch`'s callback.
    """

    @property
    def description(self) -> str:
        """Name the source for people."""
        ...

    @property
    def not_ready(self) -> int:
        """How many items are kept in mind because they are not complete yet."""
        ...

    def sweep(self) -> Iterator[Candidate]:
        """Offer everything that is ready, one by one, with bounded memory.

        Raises:
            SourceFolderError: The source cannot be read at all now. That says
                nothing about its items.
        """
        ...

    def ripe(self) -> Iterator[Candidate]:
        """Offer what became ready since it was last seen, without a full sweep."""
        ...

    def next_ripe_seconds(self) -> float | None:
        """Tell in how many seconds `ripe` may have something; None if nothing is expected."""
        ...

    def later(self, candidate: Candidate, seconds: float) -> None:
        """Offer *candidate* again by `ripe` after so many seconds."""
        ...

    def sweep_wanted(self) -> bool:
        """Tell whether something happened that only a sweep can find. Asking resets it."""
        ...

    def look(self, path: bytes, device: int) -> Candidate | None:
        """Give the file at *path* as it is now; None if it is gone for good.

        Args:
            path: Path below the source's folder.

            device: The file system on which it was; if the folder is on another
                one now, a missing file is not gone.

        Raises:
            TransientError: It cannot be told.
        """
        ...

    def read(self, candidate: Candidate) -> bytes | LargeBody:
        """Read exactly what *candidate* is.

        Raises:
            SourceChangedError: It changed or vanished meanwhile.
            SourceRefusedError: It is no plain file.
            TransientError: It cannot be read now.
        """
        ...

    def settle(self, path: bytes, identity: Identity, item_id: str) -> bytes:
        """Do with a delivered file what the route says; repeating is harmless.

        Returns:
            Its path below the folder afterwards; empty if it has none.

        Raises:
            SourceChangedError: The file is no longer what was delivered. It was
                left alone.
            SourceFolderError: The folder does not allow it. Nothing was lost.
        """
        ...

    def watch(self, wake: Callable[[], None]) -> None:
        """Begin to watch for changes, or go on; call *wake* from another thread after each."""
        ...

    def stop_accepting(self) -> None:
        """Take nothing more from outside; what came before still counts. From any thread."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...
