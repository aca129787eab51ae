"""Reads files that somebody else may be changing: one version, whole, or nothing."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from sealift.errors import (
    ShortageError,
    SourceChangedError,
    SourceFolderError,
    SourceRefusedError,
    TransientError,
)
from sealift.ledger.records import Identity

CHUNK_BYTES = 1 << 20
# Never follow a link, never wait for a FIFO's writer.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY
_STEP = _FOLDER | os.O_NOFOLLOW


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


def open_file(root: bytes, path: bytes) -> int:
    """Open the file at *path* below *root* for reading, without following a link below *root*.

    Returns:
        A file descriptor, for the caller to close.

    Raises:
        SourceChangedError: It is gone.
        SourceRefusedError: It, or a folder on the way, is a link.
        SourceFolderError: *root* is no folder any more.
        TransientError: It cannot be opened now, and why.
    """
    try:
        if b"/" not in path:
            return os.open(root + b"/" + path, _READ)
        folder, _, name = path.rpartition(b"/")
        parent = _open_folder(root, folder)
        try:
            return os.open(name, _READ, dir_fd=parent)
        finally:
            os.close(parent)
    except NotADirectoryError as error:
        with folder_errors(root, "read"):
            os.close(os.open(root, _FOLDER))
        raise _read_error(error) from error
    except OSError as error:
        raise _read_error(error) from error


def _open_folder(root: bytes, folder: bytes) -> int:
    descriptor = os.open(root, _FOLDER)
    for name in folder.split(b"/"):
        try:
            step = os.open(name, _STEP, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = step
    return descriptor


def changed_at(status: os.stat_result) -> float:
    """Tell when a file last changed, seconds since 1970.

    By its mtime or its ctime: a writer can put the first back, but not the second.
    """
    return max(status.st_mtime, status.st_ctime)


def read_whole(root: bytes, path: bytes, expected: Identity, changed: float) -> bytes:
    """Read a file into memory, if it is and stays the version *expected*.

    Args:
        root: The watched folder.
        path: The file's path below it.
        expected: The version that is meant.
        changed: Its `changed_at` when it was seen.

    Raises:
        SourceChangedError: It is another version, or changed while it was read.
        SourceRefusedError: It is no plain file.
        TransientError: It cannot be read now.
    """
    descriptor = open_file(root, path)
    try:
        data = os.read(descriptor, expected.size + 1)
        while len(data) < expected.size:
            more = os.read(descriptor, expected.size - len(data) + 1)
            if not more:
                break
            data += more
        # One look afterwards is enough: what changed before or while reading shows in it.
        status = os.fstat(descriptor)
    except OSError as error:
        raise _read_error(error) from error
    finally:
        os.close(descriptor)
    _require(status, expected)
    if len(data) != expected.size or changed_at(status) != changed:
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
        descriptor = open_file(self._root, self._path)
        try:
            before = os.fstat(descriptor)
            _require(before, self._identity)
            total = 0
            # Not to the end of the file, which a writer may move on for ever.
            while chunk := os.read(descriptor, min(CHUNK_BYTES, self._identity.size + 1 - total)):
                total += len(chunk)
                if total > self._identity.size:
                    break
                yield chunk
            after = os.fstat(descriptor)
        except OSError as error:
            raise _read_error(error) from error
        finally:
            os.close(descriptor)
        _require(after, self._identity)
        # ctime also tells of writes that put the mtime back.
        if total != self._identity.size or after.st_ctime_ns != before.st_ctime_ns:
            raise SourceChangedError("The file changed while it was read.")


def _require(status: os.stat_result, expected: Identity) -> None:
    """Refuse a descriptor that is not the plain file and version that is meant."""
    if not stat.S_ISREG(status.st_mode):
        raise SourceRefusedError(f"The path is {refusal_of(status)}, not a plain file.")
    if not expected.is_of(status):
        raise SourceChangedError("The file changed after it was seen.")


def _read_error(error: OSError) -> TransientError | SourceRefusedError:
    """Turn the system's error on reading a file into ours."""
    if isinstance(error, FileNotFoundError):
        return SourceChangedError("The file went away.")
    if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
        return SourceRefusedError(
            "The path, or a folder on the way, is a link or no plain file.",
            hint="Put the file itself there.",
        )
    if error.errno == errno.EACCES:
        return TransientError(
            "The file may not be read by this user.", hint="Give it read permission."
        )
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return ShortageError(
            f"Files cannot be read now: {error.strerror}.",
            hint="Allow more open files (`ulimit -n`) or memory, or lower the route's concurrency.",
        )
    return TransientError(
        f"The file cannot be read: {error.strerror}.",
        hint="Check the disk; the file is tried again.",
    )


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
