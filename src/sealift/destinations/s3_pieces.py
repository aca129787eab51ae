"""Cuts a large body into parts, and remembers an upload for as long as its put runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sealift.destinations.base import Part, Upload
from sealift.sealing.parcel import LargeBody


def pieces(body: bytes | LargeBody, part_bytes: int) -> Iterator[bytearray]:
    """Cut *body* into pieces of *part_bytes*, but for the last; at least one, perhaps empty.

    Each piece is a buffer of its own, so that only those in use take memory.
    """
    chunks = iter((body,)) if isinstance(body, bytes) else body.chunks()
    piece, filled, any_yet = bytearray(part_bytes), 0, False
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            taken = min(len(rest), part_bytes - filled)
            piece[filled : filled + taken] = rest[:taken]
            filled, rest = filled + taken, rest[taken:]
            if filled == part_bytes:
                yield piece
                piece, filled, any_yet = bytearray(part_bytes), 0, True
    if filled or not any_yet:
        del piece[filled:]
        yield piece


@dataclass(slots=True)
class PartMemory:
    """Stands in for a part log where nobody remembers the upload across restarts."""

    upload: Upload | None = field(default=None)

    def load(self) -> Upload | None:
        """Give the upload that this put began, or None."""
        return self.upload

    def begin(self, upload_id: str, part_bytes: int) -> None:
        """Remember the upload, so that it can be aborted."""
        self.upload = Upload(upload_id=upload_id, part_bytes=part_bytes)

    def add(self, part: Part) -> None:
        """Forget it: nothing is ever resumed from here."""

    def clear(self) -> None:
        """Forget the upload."""
        self.upload = None
