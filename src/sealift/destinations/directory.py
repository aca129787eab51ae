"""A folder on a disk as a destination: each object a file, whole and durable or not there."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sealift.destinations.base import Capabilities, Found, PartLog, Stored
from sealift.destinations.directory_file import create_temp, fill, look, segments, sweep
from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    BucketError,
    ItemRefusedError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    StoreFullError,
)
from sealift.sealing.parcel import Parcel

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_REFUSED = {
    *(errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EFBIG),
    *(errno.ENOTDIR, errno.EISDIR, errno.ELOOP),
}
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryOptions:
    """Where a directory destination keeps its files."""

    path: Path = field(metadata={"help": "Folder that receives the files; it must exist."})

    name: str = field(default="directory", metadata={"help": "Name within the route."})

    prefix: str = field(default="", metadata={"help": "What every key begins with."})


class DirectoryDestination:
    """
    Stores each parcel as a file, its path the key, and never shows half of one.

    A body is written to a hidden file beside its place, made durable, and only then
    linked there, which fails if something is there. Put id, hash and metadata are an
    extended attribute of that same file: they appear with it in one step, and nothing
    can come between. Where the file system has no such attributes (or on macOS), or
    where somebody else wrote the file, `head` reads it and tells the hash it finds.

    Where the file system has no hard links, the look and the rename are two steps
    under a lock: that keeps Sealift's own writers apart, but no others.

    Below the folder no symbolic link is followed. Hidden files that a killed process
    left in a folder are removed before the next process's first put into it.

    Args:
        options: Where.
    """

    capabilities = Capabilities(conditional_create=True)

    def __init__(self, options: DirectoryOptions) -> None:
        self.name = options.name
        self.prefix = options.prefix
        self._root = options.path.absolute()
        self._swept: set[tuple[int, int]] = set()

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,  # noqa: ARG002 - a disk is fast enough to begin anew
    ) -> Stored:
        """
        Store *parcel* under *key*; see `Destination.put`.

        Raises:
            OutcomeUnknownError: Something is at the key, or the file is in its place
                but may not outlive a power cut.
            StoreFullError: No room; nothing was stored.
            AccessDeniedError: The folder may not be written; nothing was stored.
            BucketError: The folder is not there; nothing was stored.
            ItemRefusedError: No file can have this name here; nothing was stored.
            NotSentError: The disk failed; nothing was stored.
            SourceChangedError: The body is not what was sealed; nothing was stored.
        """
        *folders, name = segments(key)
        with self._disk_errors(), self._folder(folders, make=True) as folder:
            self._sweep_once(folder)
            temp, fd = create_temp(folder)
            try:
                fill(fd, parcel, put_id)
                self._publish(folder, temp, name, create=create)
            finally:
                with suppress(OSError):  # renamed away, or swept up by the next process
                    os.unlink(temp, dir_fd=folder)
                os.close(fd)
            self._make_durable(folder)
        return Stored(etag=parcel.sha256[:32])

    def head(self, key: str) -> Found | None:
        """
        Look what is under *key*; None if nothing is, or no plain file.

        Raises:
            TransientError: It could not be read now.
            AccessDeniedError: It may not be read.
            BucketError: The folder is not there.
        """
        with suppress(ItemRefusedError), self._disk_errors(), suppress(FileNotFoundError):
            *folders, name = segments(key)
            with self._folder(folders, make=False) as folder:
                return look(folder, name)
        return None

    def probe(self) -> None:
        """
        Find out whether the folder is there and takes files.

        Raises:
            BucketError: It is not there.
            AccessDeniedError: It may not be written.
            StoreFullError: It has no room for another file.
        """
        with self._disk_errors(), self._folder([], make=False) as folder:
            temp, fd = create_temp(folder)
            os.close(fd)
            with suppress(FileNotFoundError):  # another process swept it up
                os.unlink(temp, dir_fd=folder)

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:
        """Count them: a large body is written anew each time, so none is left behind."""
        return len(list(uploads))

    def url(self, key: str) -> str:
        """Name the file: `file:///FOLDER/KEY`, percent-encoded."""
        return (self._root / key).as_uri()

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    @contextmanager
    def _folder(self, names: list[str], *, make: bool) -> Iterator[int]:
        """Open a folder below the root, name by name, following no link."""
        try:
            fd = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise BucketError(
                f"The folder {self._root} of the destination {self.name} is not there.",
                hint="Create it, or mount its disk.",
            ) from error
        try:
            for name in names:
                inner = _enter(fd, name, make=make)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def _sweep_once(self, folder: int) -> None:
        now = os.fstat(folder)
        identity = (now.st_dev, now.st_ino)
        if identity not in self._swept:
            self._swept.add(identity)
            sweep(folder)

    def _publish(self, folder: int, temp: str, name: str, *, create: bool) -> None:
        """Give the finished file its name."""
        if not create:
            os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
            return
        try:
            os.link(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileExistsError as error:
            raise self._taken(folder, name) from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._publish_without_links(folder, temp, name)

    def _publish_without_links(self, folder: int, temp: str, name: str) -> None:
        fcntl.flock(folder, fcntl.LOCK_EX)  # until the folder is closed
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            raise self._taken(folder, name)
        os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _taken(self, folder: int, name: str) -> SealiftError:
        """Say what is where the file should go."""
        with suppress(FileNotFoundError):
            there = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(there.st_mode):
                return ItemRefusedError(
                    f"A folder or a link is where the item should go in {self._root}.",
                    hint="Move it away, or change the route's key template.",
                )
        return AlreadyThereError(f"Something is already at the item's key in {self._root}.")

    def _make_durable(self, folder: int) -> None:
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return  # a file system that cannot sync folders
            raise OutcomeUnknownError(
                f"The item is stored in {self._root}, but the disk did not confirm it "
                f"({error.strerror}).",
                hint="Look at the disk.",
            ) from error

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Map what the operating system says; wherever it says so, nothing was stored."""
        where = f"the folder {self._root} of the destination {self.name}"
        try:
            yield
        except FileNotFoundError as error:
            raise NotSentError(f"Something vanished in {where}.") from error
        except OSError as error:
            said = error.strerror or "unknown error"
            if error.errno in _FULL:
                raise StoreFullError(f"No room in {where} ({said}).", hint="Free some.") from error
            if error.errno in _DENIED:
                raise AccessDeniedError(
                    f"No leave to use {where} ({said}).", hint="Give Sealift's user the rights."
                ) from error
            if error.errno in _REFUSED:
                raise ItemRefusedError(
                    f"The item's key cannot be a file in {where} ({said}).",
                    hint="Change the route's key template or rename the file.",
                ) from error
            raise NotSentError(f"The disk failed at {where} ({said}).") from error


def _enter(folder: int, name: str, *, make: bool) -> int:
    """Open a folder inside *folder*; make it, durably, if it is not there and *make* says so."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=folder)
    os.fsync(folder)
    return os.open(name, flags, dir_fd=folder)
