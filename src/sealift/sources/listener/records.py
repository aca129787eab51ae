"""The form of a segment on disk: a mark, and then records that each prove themselves."""

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

MARK: Final = b"SEALSEG1"
_HEAD: Final = struct.Struct("<IIQ")  # length, CRC-32 of time and record, time
_TIME: Final = struct.Struct("<Q")
HEAD_BYTES: Final = _HEAD.size
_READ_BYTES: Final = 1 << 20
_MOST_BYTES: Final = 1 << 30
"""Longest record that is believed; a damaged length is larger."""


class Accepted(NamedTuple):
    """A record as it was kept."""

    at_ns: int
    """When it was accepted, nanoseconds since 1970."""

    body: bytes


def pack(records: Sequence[bytes], at_ns: int) -> bytes:
    """Give the bytes that keep *records*, accepted at *at_ns*."""
    begun = crc32(_TIME.pack(at_ns))
    parts = []
    for record in records:
        parts.append(_HEAD.pack(len(record), crc32(record, begun), at_ns))
        parts.append(record)
    return b"".join(parts)


def read(path: Path) -> Iterator[tuple[Accepted, int]]:
    """Give each whole record of a segment, and how many bytes there are up to its end.

    It ends before the first record that is torn or damaged.
    """
    with path.open("rb", buffering=_READ_BYTES) as file:
        if file.read(len(MARK)) != MARK:
            return
        good = len(MARK)
        while len(head := file.read(HEAD_BYTES)) == HEAD_BYTES:
            length, check, at_ns = _HEAD.unpack(head)
            body = file.read(length) if length <= _MOST_BYTES else b""
            if len(body) != length or crc32(body, crc32(head[8:])) != check:
                return
            good += HEAD_BYTES + length
            yield Accepted(at_ns, body), good


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
