"""A folder whose files are items: scans are the truth, file-system events make it faster."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sealift.errors import SourceFolderError, SourceRefusedError, TransientError
from sealift.ledger.records import Identity
from sealift.sealing.parcel import LargeBody
from sealift.sources.base import Candidate
from sealift.sources.files import (
    FileBody,
    changed_at,
    folder_errors,
    identity_of,
    read_whole,
    refusal_of,
)
from sealift.sources.patterns import IGNORED, matcher
from sealift.sources.ripening import Ripening
from sealift.sources.settling import Action, After, place_for_moved, settle
from sealift.sources.watching import Watcher


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOptions:
    """Settings of a folder source."""

    path: Path = field(metadata={"help": "The folder to watch."})
    pattern: str = field(default="*", metadata={"help": "Shell pattern of the items' names."})
    include: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "More patterns; if `pattern` is not set, all. One with a slash is for the path."
        },
    )
    exclude: tuple[str, ...] = field(
        default=(), metadata={"help": "Patterns of names that are never items."}
    )
    ignore_defaults: bool = field(
        default=True,
        metadata={"help": "Also ignore hidden, temporary, editors' and settled files."},
    )
    recursive: bool = field(default=False, metadata={"help": "Also the folders below it."})
    settle_seconds: float = field(
        default=2.0, metadata={"help": "How long a file must stay the same before it is read."}
    )
    growth_seconds: float = field(
        default=60.0,
        metadata={"help": "How long an incomplete document may still be growing."},
    )
    scan_interval_seconds: float = field(
        default=60.0, metadata={"help": "Time between two full scans."}
    )
    watch: bool = field(
        default=True, metadata={"help": "Hear of changes from the system between scans."}
    )
    large_bytes: int = field(
        default=16 << 20,
        metadata={"help": "Files above this size are read and sent in parts."},
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        found = []
        if self.settle_seconds < 0 or self.growth_seconds < 0:
            found.append("settle_seconds and growth_seconds must not be negative.")
        if self.scan_interval_seconds <= 0:
            found.append("scan_interval_seconds must be above 0.")
        if self.large_bytes < 1 << 20:
            found.append("large_bytes must be at least 1048576.")
        if not self.path.is_dir():
            found.append(f"The folder {self.path} is not there. Make it, or correct `path`.")
        return found


class FolderSource:
    """Offers the files of a folder as items.

    Args:
        options: Which files, and when they are ready.
        after: What happens to a delivered file.
        wall: Seconds since 1970.
        monotonic: Seconds that never go back.

    Raises:
        ConfigError: The folder of `move:DIR` is on another file system, or cannot be.
        SourceFolderError: The folder is not there.
    """

    def __init__(
        self,
        options: FolderOptions,
        after: After,
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._after = after
        self._root = os.fsencode(options.path.absolute())
        self._is_item = matcher(
            options.include
            if options.pattern == "*" and options.include
            else (options.pattern, *options.include),
            (*options.exclude, *(IGNORED if options.ignore_defaults else ())),
        )
        self._ripening = Ripening(options.settle_seconds, wall, monotonic)
        self._watcher: Watcher | None = None
        self._hinted: set[bytes] = set()
        self._hints_overflowed = False
        self._moved_to = b""
        device = self._root_device()
        if after.action is Action.MOVE and after.folder is not None:
            self._moved_to = place_for_moved(after.folder, options.path, device)

    @property
    def description(self) -> str:
        """Name the source for people."""
        return str(self._options.path)

    @property
    def not_ready(self) -> int:
        """How many files are kept in mind because they are not complete yet."""
        return len(self._ripening)

    def sweep(self) -> Iterator[Candidate]:
        """Offer every stable file, one by one. See `Source.sweep`."""
        self._ripening.overflowed = False
        folders = [b""]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(self._root + b"/" + folder)
            except OSError:
                if not folder:
                    with folder_errors(self._root, "read"):
                        raise
                continue  # a folder below went away or is closed to us; its files are not lost
            with entries as listing:
                for name, is_folder in self._listed(listing):
                    path = folder + b"/" + name if folder else name
                    if is_folder:
                        if not self._is_left_out(path):
                            folders.append(path)
                    elif self._is_item(name, path):
                        candidate = self._candidate(path)
                        if candidate is not None:
                            yield candidate

    def ripe(self) -> Iterator[Candidate]:
        """Offer what events named, and what has settled meanwhile."""
        self._take_hints()
        hinted, self._hinted = self._hinted, set()
        for path in hinted.union(self._ripening.due()):
            candidate = self._candidate(path)
            if candidate is not None:
                yield candidate

    def next_ripe_seconds(self) -> float | None:
        """Tell in how many seconds `ripe` may have something."""
        return 0.0 if self._hinted or self._hints_overflowed else self._ripening.next_seconds()

    def later(self, candidate: Candidate, seconds: float) -> None:
        """Offer *candidate* again after so many seconds."""
        self._ripening.keep(candidate.path, candidate.identity, seconds)

    def sweep_wanted(self) -> bool:
        """Tell whether only a sweep can find what happened."""
        self._take_hints()
        wanted = self._hints_overflowed or (
            self._ripening.overflowed and self._ripening.next_seconds() == 0
        )
        self._hints_overflowed = False
        return wanted

    def look(self, path: bytes, device: int) -> Candidate | None:
        """Give the file at *path* as it is now. See `Source.look`."""
        try:
            status = os.lstat(self._root + b"/" + path)
        except (FileNotFoundError, NotADirectoryError):
            if self._root_device() != device:
                raise TransientError(
                    f"The folder {self.description} is on another file system than before.",
                    hint="Mount it again; its files are not counted as gone.",
                ) from None
            return None
        except OSError as error:
            raise TransientError(f"The file cannot be seen: {error.strerror}.") from error
        return _candidate_of(path, status)

    def read(self, candidate: Candidate) -> bytes | LargeBody:
        """Read exactly what *candidate* is. See `Source.read`."""
        if candidate.refusal:
            raise SourceRefusedError(
                f"The path is {candidate.refusal}, not a plain file; it was not opened.",
                hint="Put the file itself there.",
            )
        if candidate.identity.size > self._options.large_bytes:
            return FileBody(self._root, candidate.path, candidate.identity)
        return read_whole(self._root, candidate.path, candidate.identity, candidate.changed_at)

    def settle(self, path: bytes, identity: Identity, item_id: str) -> bytes:
        """Rename, delete, move or keep the file. See `Source.settle`."""
        try:
            return settle(self._root, path, identity, item_id, self._after)
        except OSError as error:
            raise SourceFolderError(
                f"The folder {self.description} does not allow after = {self._after.action}: "
                f"{error.strerror}.",
                hint="Let this user change the folder; what was delivered is not sent again.",
            ) from error

    def watch(self, wake: Callable[[], None]) -> None:
        """Begin to hear of changes."""
        if self._options.watch and self._watcher is None:
            root = Path(os.fsdecode(self._root))
            self._watcher = Watcher(root, recursive=self._options.recursive, wake=wake)

    def stop_accepting(self) -> None:
        """Do nothing: what others put into the folder waits there. See `Source.stop_accepting`."""

    def close(self) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _candidate(self, path: bytes) -> Candidate | None:
        try:
            status = os.lstat(self._root + b"/" + path)
        except OSError:
            self._ripening.forget(path)
            return None
        candidate = _candidate_of(path, status)
        if candidate.refusal:
            self._ripening.forget(path)
            return None if stat.S_ISDIR(status.st_mode) else candidate
        stable = self._ripening.is_stable(path, candidate.identity, candidate.changed_at)
        return candidate if stable else None

    def _listed(self, entries: Iterator[os.DirEntry[bytes]]) -> Iterator[tuple[bytes, bool]]:
        """Give each name and whether it is a folder to go into."""
        with folder_errors(self._root, "read"):
            for entry in entries:
                yield (
                    entry.name,
                    self._options.recursive and entry.is_dir(follow_symlinks=False),
                )

    def _is_left_out(self, folder: bytes) -> bool:
        """Tell whether a folder below is hidden, or holds what was delivered already."""
        moved_to = self._moved_to
        return b"/." in b"/" + folder or bool(moved_to and (folder + b"/").startswith(moved_to))

    def _take_hints(self) -> None:
        if self._watcher is None:
            return
        hints, too_many = self._watcher.take()
        self._hints_overflowed |= too_many
        for path in hints:
            folder, _, name = path.rpartition(b"/")
            if self._is_left_out(folder):
                continue
            if self._options.recursive and os.path.isdir(self._root + b"/" + path):  # noqa: PTH112
                self._hints_overflowed = True  # it may have come with files in it
            elif self._is_item(name, path):
                self._hinted.add(path)

    def _root_device(self) -> int:
        with folder_errors(self._root, "found"):
            status = os.stat(self._root)  # noqa: PTH116
        if not stat.S_ISDIR(status.st_mode):
            raise SourceFolderError(
                f"{self.description} is not a folder.",
                hint="Nothing is lost; it goes on by itself when the folder is there again.",
            )
        return status.st_dev


def _candidate_of(path: bytes, status: os.stat_result) -> Candidate:
    return Candidate(
        path,
        identity_of(status),
        changed_at(status),
        refusal_of(status),
    )
