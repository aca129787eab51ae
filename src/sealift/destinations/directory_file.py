"""One file of a directory destination: its name, its filling, its record, and what it tells."""

import errno
import fcntl
import hashlib
import json
import os
import stat
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from sealift.destinations.base import Found
from sealift.destinations.checks import check_key, sealed_chunks
from sealift.errors import ItemRefusedError
from sealift.sealing.parcel import Parcel

TEMP = ".sealift-tmp-"
_ATTRIBUTE = "user.sealift"
_MAX_RECORD_BYTES = 3500
_MAX_SEGMENT_BYTES = 255
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What an extended attribute of the file says of it."""

    put_id: str
    sha256: str
    size: int
    mtime_ns: int
    """With *size*: the file is still the one that was put."""

    content_type: str = ""
    content_encoding: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


def segments(key: str) -> list[str]:
    """
    Split a key into folder names and a file name that lead to one place below the root.

    Raises:
        ItemRefusedError: Two keys could meet at one path, or the path could lead out.
    """
    check_key(key)
    names = key.split("/")
    for name in names:
        if name in {"", ".", ".."} or "\0" in name or name.startswith(TEMP):
            raise ItemRefusedError(
                "The item's key has a part that cannot be a file name: empty, '.', '..', "
                f"with a NUL, or beginning with {TEMP!r}.",
                hint="Change the route's key template or rename the file.",
            )
        if len(name.encode()) > _MAX_SEGMENT_BYTES:
            raise ItemRefusedError(
                f"A part of the item's key is over {_MAX_SEGMENT_BYTES} bytes, "
                "more than a file name can have.",
                hint="Change the route's key template or rename the file.",
            )
    return names


def create_temp(folder: int) -> tuple[str, int]:
    """Create a hidden file in *folder*, and give its name and descriptor."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    while True:
        temp = f"{TEMP}{os.getpid()}-{os.urandom(8).hex()}"
        fd = os.open(temp, flags, 0o666, dir_fd=folder)
        with suppress(OSError):  # no locks here: then nobody sweeps either
            fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return temp, fd
        os.close(fd)  # swept up before it was locked


def sweep(folder: int) -> None:
    """Remove the hidden files that killed processes left; a living one holds a lock on its own."""
    with os.scandir(folder) as entries:
        stale = [entry.name for entry in entries if entry.name.startswith(TEMP)]
    for name in stale:
        with suppress(OSError):  # somebody's work, or already gone
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(fd)


def fill(fd: int, parcel: Parcel, put_id: str) -> None:
    """
    Write the parcel and its record, and make both durable.

    Raises:
        SourceChangedError: The body is not what was sealed.
        ItemRefusedError: The metadata is more than a file can carry.
        OSError: The file must not be used.
    """
    for chunk in sealed_chunks(parcel):
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(fd, rest) :]
    now = os.fstat(fd)
    record = Record(
        put_id=put_id,
        sha256=parcel.sha256,
        size=now.st_size,
        mtime_ns=now.st_mtime_ns,
        content_type=parcel.content_type,
        content_encoding=parcel.content_encoding,
        metadata=dict(parcel.metadata),
    )
    _write_record(fd, record)
    os.fsync(fd)


def look(folder: int, name: str) -> Found | None:
    """Tell size, hash and put id of a plain file; None for anything else."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    fd = os.open(name, flags, dir_fd=folder)
    try:
        now = os.fstat(fd)
        if not stat.S_ISREG(now.st_mode):
            return None
        put_id, sha256 = "", ""
        record = read_record(fd)
        if record and (record.size, record.mtime_ns) == (now.st_size, now.st_mtime_ns):
            put_id, sha256 = record.put_id, record.sha256
        else:
            sha256 = _hash(fd)
            if record and record.sha256 == sha256:
                put_id = record.put_id
        return Found(size=now.st_size, etag=sha256[:32], put_id=put_id, sha256=sha256)
    finally:
        os.close(fd)


def read_record(fd: int) -> Record | None:
    """Read what the file's attribute says; None if there is none that can be understood."""
    if sys.platform != "linux":
        return None
    try:
        known = json.loads(os.getxattr(fd, _ATTRIBUTE))
        return Record(**known)
    except (OSError, ValueError, TypeError):
        return None


def _write_record(fd: int, record: Record) -> None:
    text = json.dumps(asdict(record)).encode()
    if len(text) > _MAX_RECORD_BYTES:
        raise ItemRefusedError(
            f"The item's metadata is too large: {len(text)} bytes with the put id and the hash, "
            f"at most {_MAX_RECORD_BYTES} are possible.",
            hint="Shorten the route's metadata.",
        )
    if sys.platform == "linux":
        try:
            os.setxattr(fd, _ATTRIBUTE, text)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS}:
                raise


def _hash(fd: int) -> str:
    digest = hashlib.sha256()
    while chunk := os.read(fd, _READ_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
