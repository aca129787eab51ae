"""Reads files that somebody else may be changing: one version, whole, or nothing."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from sealift.errors import (
    SourceChangedError,
    SourceFolderError,
    SourceRefusedError,
    TransientError,
)
from sealift.ledger.records import Identity

CHUNK_BYTES = 1 << 20
# Never follow a link, never wait for a FIFO's writer.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_STEP = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY


def identity_of(status: os.stat_result) -> Identity:
    """Give the identity of a file from its status."""
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def refusal_of(status: os.stat_result) -> str:
    """Say why a file may not be opened; empty for a plain file."""
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return ""
    kinds = (
        (stat.S_ISLNK, "a symbolic link"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISDIR, "a folder"),
    )
    return next((text for test, text in kinds if test(mode)), "a device")


@contextmanager
def opened(root: bytes, path: bytes) -> Iterator[int]:
    """Open the file at *path* below *root* for reading, without following any link below *root*.

    Raises:
        SourceChangedError: It is gone.
        SourceRefusedError: It, or a folder on the way, is a link.
        TransientError: It cannot be opened now, and why.
    """
    with read_errors():
        if b"/" in path:
            folder, _, name = path.rpartition(b"/")
            parent = _open_folder(root, folder)
            try:
                descriptor = os.open(name, _READ, dir_fd=parent)
            finally:
                os.close(parent)
        else:
            descriptor = os.open(root + b"/" + path, _READ)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _open_folder(root: bytes, folder: bytes) -> int:
    descriptor = os.open(root, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    for name in folder.split(b"/"):
        try:
            step = os.open(name, _STEP, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = step
    return descriptor


def read_whole(root: bytes, path: bytes, expected: Identity) -> bytes:
    """Read a file into memory, if it is and stays the version *expected*.

    Raises:
        SourceChangedError: It is another version, or changed while it was read.
        SourceRefusedError: It is no plain file.
        TransientError: It cannot be read now.
    """
    with opened(root, path) as descriptor:
        before = _checked(descriptor, expected)
        data = os.read(descriptor, expected.size + 1)
        while len(data) < expected.size:
            more = os.read(descriptor, expected.size - len(data) + 1)
            if not more:
                break
            data += more
        _require_same(before, os.fstat(descriptor))
    if len(data) != expected.size:
        raise SourceChangedError("The file changed while it was read.")
    return data


class FileBody:
    """A large file's bytes, read anew each time and never held whole.

    Args:
        root: The watched folder.
        path: The file's path below it.
        identity: The version that is meant.
    """

    def __init__(self, root: bytes, path: bytes, identity: Identity) -> None:
        self._root = root
        self._path = path
        self._identity = identity

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes. Raises SourceChangedError if the file is no longer what was meant."""
        with opened(self._root, self._path) as descriptor:
            before = _checked(descriptor, self._identity)
            total = 0
            while chunk := os.read(descriptor, CHUNK_BYTES):
                total += len(chunk)
                yield chunk
            _require_same(before, os.fstat(descriptor))
        if total != self._identity.size:
            raise SourceChangedError("The file changed while it was read.")


def _checked(descriptor: int, expected: Identity) -> os.stat_result:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise SourceRefusedError(f"The path is {refusal_of(status)}, not a plain file.")
    if not identity_of(status).same_file(expected):
        raise SourceChangedError("The file changed after it was seen.")
    return status


def _require_same(before: os.stat_result, after: os.stat_result) -> None:
    # ctime also tells of writes that put the mtime back.
    if (before.st_size, before.st_mtime_ns, before.st_ctime_ns) != (
        after.st_size,
        after.st_mtime_ns,
        after.st_ctime_ns,
    ):
        raise SourceChangedError("The file changed while it was read.")


@contextmanager
def read_errors() -> Iterator[None]:
    """Turn the system's errors on reading a file into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceChangedError("The file went away.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise SourceRefusedError(
                "The path, or a folder on the way, is a link or no plain file."
            ) from error
        if error.errno == errno.EACCES:
            raise TransientError(
                "The file may not be read by this user.", hint="Give it read permission."
            ) from error
        raise TransientError(f"The file cannot be read: {error.strerror}.") from error


@contextmanager
def folder_errors(root: bytes, doing: str) -> Iterator[None]:
    """Turn the system's errors on the watched folder itself into ours."""
    try:
        yield
    except OSError as error:
        raise SourceFolderError(
            f"The folder {os.fsdecode(root)} cannot be {doing}: {error.strerror}.",
            hint="Nothing is lost; it goes on by itself when the folder is usable again.",
        ) from error
