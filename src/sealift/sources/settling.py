"""What happens to a file after its delivery: rename, delete, move, or keep it."""

import errno
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sealift.errors import ConfigError, SourceChangedError
from sealift.ledger.records import Identity
from sealift.sources.files import identity_of

SYNCED = b".synced"
NAME_BYTES = 255
"""Longest file name of the common file systems."""


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


def settle(root: bytes, path: bytes, identity: Identity, item_id: str, after: After) -> bytes:
    """Settle a delivered file; finish it if a crash came between.

    The file is first moved aside, then compared with what was delivered, and
    put back if it is not that: a writer that comes in between loses nothing.

    Returns:
        The file's path below *root* afterwards; for another folder, its whole path.

    Raises:
        SourceChangedError: The file is not what was delivered. It was left alone.
        OSError: The folder does not allow it.
    """
    match after.action:
        case Action.KEEP:
            return path
        case Action.DELETE:
            aside = _beside(path, b".sealift-" + item_id.encode())
            if _move(root + b"/" + path, root + b"/" + aside, identity):
                os.unlink(root + b"/" + aside)  # noqa: PTH108
            return b""
        case Action.MOVE:
            assert after.folder is not None  # noqa: S101
            target = os.fsencode(after.folder) + b"/" + path
            os.makedirs(target.rpartition(b"/")[0], exist_ok=True)  # noqa: PTH103
            return _move_to_free_name(root + b"/" + path, target, b"", identity, item_id)
        case Action.RENAME:
            source = root + b"/" + path
            settled = _move_to_free_name(source, source, SYNCED, identity, item_id)
            return settled[len(root) + 1 :]


def _move_to_free_name(
    source: bytes, target: bytes, suffix: bytes, identity: Identity, item_id: str
) -> bytes:
    """Move to *target* + *suffix*, or to a name with the item's id where that is taken."""
    chosen = target + suffix
    if len(chosen) - chosen.rfind(b"/") - 1 > NAME_BYTES or _is_other(chosen, identity):
        chosen = _marked(target, item_id, suffix)
    _move(source, chosen, identity)
    return chosen


def _marked(target: bytes, item_id: str, suffix: bytes) -> bytes:
    folder, slash, name = target.rpartition(b"/")
    stem, dot, ending = name.rpartition(b".")
    if not dot or suffix:
        stem, dot, ending = name, b"", b""
    mark = b"~" + item_id[-8:].encode()
    room = NAME_BYTES - len(mark) - len(dot) - len(ending) - len(suffix)
    return folder + slash + stem[:room] + mark + dot + ending + suffix


def _move(source: bytes, target: bytes, identity: Identity) -> bool:
    """Move *source* to *target* if it is *identity*; tell whether it is at *target* now.

    It is moved first and looked at then, so that no writer can come in between.

    Raises:
        SourceChangedError: *source* is something else, and still there.
    """
    try:
        os.rename(source, target)  # noqa: PTH104
    except FileNotFoundError:
        # Moved before a crash, or taken away by its owner: settled in both cases.
        return os.path.lexists(target) and not _is_other(target, identity)
    if not _is_other(target, identity):
        return True
    _put_back(target, source)
    raise SourceChangedError("The file changed after its delivery; it is left as a new one.")


def _put_back(target: bytes, source: bytes) -> None:
    """Undo a move without replacing what may have come to the old name meanwhile."""
    try:
        os.link(target, source, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EEXIST:
            folder, slash, name = source.rpartition(b"/")
            os.rename(target, folder + slash + b"again-" + name[: NAME_BYTES - 6])  # noqa: PTH104
            return
        os.rename(target, source)  # noqa: PTH104
        return
    os.unlink(target)  # noqa: PTH108


def _is_other(path: bytes, identity: Identity) -> bool:
    """Tell whether something else than *identity* is at *path*."""
    try:
        return not identity_of(os.lstat(path)).same_file(identity)
    except FileNotFoundError:
        return False


def _beside(path: bytes, name: bytes) -> bytes:
    folder, slash, _ = path.rpartition(b"/")
    return folder + slash + name
