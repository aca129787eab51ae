"""Keeps standard input in a private file, because it cannot be read twice."""

import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from sealift.ledger.database import make_state_dir
from sealift.naming import encode_name, new_id


def spool(base: Path, name: str, stdin: BinaryIO) -> Path:
    """Write *stdin* durably to a private file called *name* below *base*.

    Raises:
        StateError: The folder cannot be made.
    """
    folder = base / "spool" / new_id(time.time(), os.urandom)
    make_state_dir(folder)
    path = folder / encode_name(name.encode("utf-8", "surrogateescape"))
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(stdin, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        shutil.rmtree(folder)
        raise
    return path


def how_to_put(spooled: Path) -> str:
    """Say where the content of standard input waits, and how it is delivered."""
    return (
        f"Standard input is kept in {spooled}; put that file, "
        "with the same target and options, and then remove it."
    )
