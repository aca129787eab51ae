"""Folders, clocks and versions of files for tests of sources."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.ledger.records import Identity
from sealift.sources.base import Candidate
from sealift.sources.files import changed_at, identity_of
from sealift.sources.folder import FolderOptions, FolderSource
from sealift.sources.settling import Action, After

PROJECT = Path(__file__).parents[2]
ITEM_ID = "0199aaaa-bbbb-7ccc-8ddd-eeee12345678"
KEEP = After(Action.KEEP)


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float

    def __call__(self) -> float:
        return self.now


def much_later() -> float:
    """A wall clock by which every file of the test has long settled."""
    return time.time() + 1000


def folder(root: Path, after: After = KEEP, **options: object) -> FolderSource:
    """A source for which all files have settled, unless `settle_seconds` says otherwise."""
    return FolderSource(FolderOptions(path=root, **options), after, wall=much_later)


def paths(found: Sequence[Candidate]) -> list[bytes]:
    return sorted(candidate.path for candidate in found)


def seen(root: Path, name: bytes) -> tuple[Identity, float]:
    """What a sweep would have seen of a file."""
    status = os.lstat(os.fsencode(root) + b"/" + name)
    return identity_of(status), changed_at(status)


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def run_python(code: str, *values: Path | str) -> str:
    """Run code in another process and give what it printed."""
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, values)],
        capture_output=True,
        check=False,
        text=True,
        cwd=PROJECT,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
