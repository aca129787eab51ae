"""What happens to a file after its delivery: rename, delete, move, or keep it."""

import itertools
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sealift.errors import ConfigError, SourceChangedError
from sealift.ledger.records import Identity
from sealift.sources.files import identity_of

SYNCED = b".synced"
NAME_BYTES = 255
"""Longest file name of the common file systems."""

ENDING_BYTES = 32
"""A longer part after the last dot is no file type."""


class Action(StrEnum):
    """What to do with a delivered file."""

    RENAME = "rename"
    DELETE = "delete"
    MOVE = "move"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class After:
    """The `after` setting of a route."""

    action: Action
    folder: Path | None = None
    """Where `move` puts files."""

    @classmethod
    def parse(cls, text: str, relative_to: Path) -> "After":
        """Read `rename`, `delete`, `keep` or `move:DIR`. Raises ConfigError on anything else."""
        word, _, folder = text.partition(":")
        if word == Action.MOVE and folder:
            return cls(Action.MOVE, relative_to / folder)
        if word in (Action.RENAME, Action.DELETE, Action.KEEP) and not folder:
            return cls(Action(word))
        raise ConfigError(
            f"after = {text!r} is not known.", hint="Use rename, delete, keep or move:DIR."
        )


def place_for_moved(folder: Path, root: Path, device: int) -> bytes:
    """Make the folder of `move:DIR`; give its path and a slash if it is below *root*, else b""."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise ConfigError(
            f"The folder of after = move:{folder} cannot be made: {error.strerror}.",
            hint="Choose a folder that this user may write.",
        ) from error
    if status.st_dev != device:
        raise ConfigError(
            f"after = move:{folder} is on another file system than {root}.",
            hint="A move between file systems is not atomic; choose a folder beside it.",
        )
    real, real_root = folder.resolve(), root.resolve()
    if real == real_root:
        raise ConfigError(
            f"after = move:{folder} is the watched folder itself.", hint="Choose another folder."
        )
    below = real.is_relative_to(real_root)
    return os.fsencode(real.relative_to(real_root)) + b"/" if below else b""


def settle(root: bytes, path: bytes, identity: Identity, item_id: str, after: After) -> bytes:
    """Settle a delivered file; finish it if a crash came between.

    The file is first moved aside, then compared with what was delivered, and
    put back if it is not that: a writer that comes in between loses nothing.

    Returns:
        The file's path below *root* afterwards; for another folder, its whole path;
        empty if it has none, because it is deleted or its owner took it away.

    Raises:
        SourceChangedError: The file is not what was delivered. It is left as a new one.
        OSError: The folder does not allow it.
    """
    source = root + b"/" + path
    match after.action:
        case Action.KEEP:
            return path
        case Action.DELETE:
            _delete(source, identity, item_id)
            settled = b""
        case Action.MOVE:
            assert after.folder is not None  # noqa: S101
            target = os.fsencode(after.folder) + b"/" + path
            os.makedirs(target.rpartition(b"/")[0], exist_ok=True)  # noqa: PTH103
            settled = _move_to_free_name(source, target, b"", identity, item_id)
        case Action.RENAME:
            settled = _move_to_free_name(source, source, SYNCED, identity, item_id)
            settled = settled[len(root) + 1 :]
    if not settled:
        os.stat(root)  # noqa: PTH116  a folder that is gone says nothing of its files
    return settled


def _delete(source: bytes, identity: Identity, item_id: str) -> None:
    aside = source.rpartition(b"/")[0] + b"/.sealift-" + item_id.encode()
    if _move(source, aside, identity, item_id):
        os.unlink(aside)  # noqa: PTH108


def _move_to_free_name(
    source: bytes, target: bytes, suffix: bytes, identity: Identity, item_id: str
) -> bytes:
    """Move to *target* + *suffix*, or to a name with the item's id where that is taken."""
    plain, there = target + suffix, None
    if len(plain) - plain.rfind(b"/") - 1 <= NAME_BYTES:
        there = _identity_at(plain)
        if there is None and _move(source, plain, identity, item_id):
            return plain
        if there is not None and there.same_file(identity):
            # Moved before a crash. A rename between two links to one file would do nothing.
            _delete(source, identity, item_id)
            return plain
    marked = _marked(target, item_id, suffix)
    if _move(source, marked, identity, item_id):
        return marked
    if there is not None and there.mtime_ns > identity.mtime_ns:
        # A crash came after a newer version was moved, and before it was put back.
        _put_back(plain, source, item_id)
        raise SourceChangedError("The file changed after its delivery; it is left as a new one.")
    return b""


def _marked(target: bytes, item_id: str, suffix: bytes, number: int = 1) -> bytes:
    """Give *target* with the end of the item's id in its name, cut where it is too long."""
    folder, slash, name = target.rpartition(b"/")
    stem, dot, ending = name.rpartition(b".")
    if not dot or suffix or len(ending) > ENDING_BYTES:
        stem, dot, ending = name, b"", b""
    mark = b"~" + item_id[-8:].encode() + (b"-%d" % number if number > 1 else b"")
    room = NAME_BYTES - len(mark) - len(dot) - len(ending) - len(suffix)
    # Not within a character: some file systems refuse half of one.
    while 0 < room < len(stem) and stem[room] & 0xC0 == 0x80:
        room -= 1
    return folder + slash + stem[:room] + mark + dot + ending + suffix


def _move(source: bytes, target: bytes, identity: Identity, item_id: str) -> bool:
    """Move *source* to *target* if it is *identity*; tell whether it is at *target* now.

    It is moved first and looked at then, so that no writer can come in between.

    Raises:
        SourceChangedError: *source* is something else, and still there.
    """
    with suppress(FileNotFoundError):  # moved before a crash, or taken away by its owner
        os.rename(source, target)  # noqa: PTH104
    there = _identity_at(target)
    if there is None or there.same_file(identity):
        return there is not None
    _put_back(target, source, item_id)
    raise SourceChangedError("The file changed after its delivery; it is left as a new one.")


def _put_back(moved: bytes, source: bytes, item_id: str) -> None:
    """Undo a move without replacing what may have come to the old name meanwhile."""
    for number in itertools.count():
        name = _marked(source, item_id, b"", number) if number else source
        try:
            os.link(moved, name, follow_symlinks=False)
        except FileExistsError:
            continue
        except FileNotFoundError:
            raise
        except OSError:  # no hard links here
            if os.path.lexists(name):
                continue
            os.rename(moved, name)  # noqa: PTH104
            return
        os.unlink(moved)  # noqa: PTH108
        return


def _identity_at(path: bytes) -> Identity | None:
    """Give the identity of what is at *path*; None if nothing is."""
    try:
        return identity_of(os.lstat(path))
    except FileNotFoundError:
        return None
