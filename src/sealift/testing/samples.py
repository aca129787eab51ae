"""Keys, parcels and part logs to test a destination with."""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sealift.destinations.base import Part, Upload
from sealift.errors import SourceChangedError
from sealift.sealing.parcel import Parcel

ODD_KEYS = (
    "with space",
    "plus+plus",
    "é",
    "e\u0301",
    "percent%41",
    "A",
    "quotes'\"",
    "equals=and&question?hash#",
    "deep/er/than/most",
    "~tilde(paren)*!",
    "日本語.json",
    "semi;colon,comma:colon@at$dollar",
)
"""Keys that a careless client joins, cuts, or spells differently."""

LONGEST_KEY = "/".join(["k" * 127] * 8)
"""A key of 1,023 bytes whose parts a file system takes too."""

HARSH_METADATA = {"plain": "value", "umlaut": "Zürich", "lines": "one\ntwo\r\nx-amz-evil: 3"}
"""Metadata that HTTP headers cannot carry as it is."""


def parcel_of(body: bytes, **details: object) -> Parcel:
    """Seal *body* for a test."""
    return replace(Parcel.of(body), **details)  # type: ignore[arg-type]


def new_put_id() -> str:
    """Give an id that no other put of the test has."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class Pieces:
    """A large body of equal chunks, different from each other, that may change while it is read."""

    count: int
    chunk_bytes: int
    changes_after: int | None = None
    """After this many chunks, give other bytes than were sealed."""

    fails_after: int | None = None
    """After this many chunks, raise `SourceChangedError`."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the chunks, one at a time."""
        for number in range(self.count):
            if number == self.fails_after:
                raise SourceChangedError("The test's source changed.")
            changed = self.changes_after is not None and number >= self.changes_after
            seed = f"{'other' if changed else 'chunk'}-{number}-".encode()
            yield (seed * (self.chunk_bytes // len(seed) + 1))[: self.chunk_bytes]

    def sealed(self) -> Parcel:
        """Seal these chunks as they are before anything changes."""
        digest = hashlib.sha256()
        for chunk in Pieces(self.count, self.chunk_bytes).chunks():
            digest.update(chunk)
        size = self.count * self.chunk_bytes
        return Parcel(body=self, size=size, sha256=digest.hexdigest())

    def bytes(self) -> bytes:
        """Join the sealed chunks."""
        return b"".join(Pieces(self.count, self.chunk_bytes).chunks())


@dataclass(slots=True)
class MemoryPartLog:
    """A part log in memory, which can break down after some parts to stand for a crash."""

    upload: Upload | None = None
    breaks_after: int | None = None
    begun: int = 0
    added: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self) -> Upload | None:
        """Give the upload that was begun, or None."""
        return self.upload

    def begin(self, upload_id: str, part_bytes: int) -> None:
        """Remember that an upload was begun."""
        self.begun += 1
        self.upload = Upload(upload_id=upload_id, part_bytes=part_bytes)

    def add(self, part: Part) -> None:
        """Remember a part, or break down."""
        with self._lock:
            if self.upload is None or self.added == self.breaks_after:
                raise BrokenLogError
            self.added += 1
            parts = sorted([*self.upload.parts, part], key=lambda part: part.number)
            self.upload = Upload(
                upload_id=self.upload.upload_id, part_bytes=self.upload.part_bytes, parts=parts
            )

    def clear(self) -> None:
        """Forget the upload."""
        self.upload = None


class BrokenLogError(Exception):
    """The part log broke down, as told."""
