"""The open segment: one file to which records are appended, durable before they are told."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sealift.sources.listener.records import HEAD_BYTES, MARK, pack, read, sync_folder

OPEN_SUFFIX = ".open"


class Segment:
    """A file of records that grows. Get one from `create` or `recover`."""

    def __init__(self, path: Path, descriptor: int, *, size: int) -> None:
        self.path = path
        self.count = 0
        self.first_ns = 0
        """When its first record was accepted, nanoseconds since 1970."""

        self._descriptor = descriptor
        self._size = size
        self.is_sound = True
        """Whether more may be appended; after a failed sync the system may have dropped bytes."""

    @classmethod
    def create(cls, folder: Path, number: int) -> Self:
        """Begin an empty segment.

        Raises:
            OSError: It cannot be; nothing is left of it.
        """
        path = folder / f"{number:020d}{OPEN_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, MARK)
            sync_folder(folder)
        except OSError:
            os.close(descriptor)
            path.unlink()
            raise
        return cls(path, descriptor, size=len(MARK))

    @classmethod
    def recover(cls, path: Path) -> Self | None:
        """Take up a segment after a crash, cut to its last whole record; None if it has none.

        Raises:
            OSError: It cannot be read or cut.
        """
        count = first_ns = good = 0
        for record, end in read(path):
            first_ns = first_ns or record.at_ns
            count += 1
            good = end
        if not count:
            path.unlink()
            return None
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.ftruncate(descriptor, good)
        os.fsync(descriptor)
        segment = cls(path, descriptor, size=good)
        segment.count, segment.first_ns = count, first_ns
        return segment

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._size

    @property
    def bytes_of_records(self) -> int:
        """Bytes of the records alone."""
        return self._size - len(MARK) - self.count * HEAD_BYTES

    def append(self, records: Sequence[bytes], at_ns: int) -> None:
        """Append records, all of them or none; they are on disk when it returns.

        Raises:
            OSError: They are not. What was there before still is.
        """
        data = memoryview(pack(records, at_ns))
        length = len(data)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        try:
            _sync(self._descriptor)
        except OSError:
            self.is_sound = False
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += length
        self.first_ns = self.first_ns or at_ns
        self.count += len(records)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def _sync(descriptor: int) -> None:
    """Bring what was written to the disk; macOS has no fdatasync."""
    getattr(os, "fdatasync", os.fsync)(descriptor)
