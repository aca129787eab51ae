"""Items for ledgers, and other processes to hold ledgers open."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Arrived, Failed, Identity, Item, NewItem

NOW = 1_800_000_000.0
PROJECT = Path(__file__).parents[2]


def identity_of(number: int) -> Identity:
    return Identity(device=7, inode=number, size=10 + number, mtime_ns=1_000_000_000 + number)


def new_item(number: int, *, route: str = "r", path: bytes = b"", sha256: str = "") -> NewItem:
    return NewItem(
        id=f"{number:08x}-0000-7000-8000-{number:012x}",
        route=route,
        path=path or b"%d.json" % number,
        identity=identity_of(number),
        now=NOW + number,
        sha256=sha256 or f"{number:064x}",
        sealed_size=100,
        policy="p1",
        redactions={"email": number} if number % 2 else {},
    )


def reserved(
    ledger: Ledger, *numbers: int, route: str = "r", to: tuple[str, ...] = ("a",)
) -> list[int]:
    """Reserve items with keys like `a/1`."""
    return ledger.reserve(
        [(new_item(n, route=route), {name: f"{name}/{n}" for name in to}) for n in numbers]
    )


def arrived(seq: int, destination: str = "a") -> Arrived:
    return Arrived(etag=f"e{seq}", now=NOW, seq=seq, destination=destination)


def failed(seq: int, destination: str = "a", *, at: float = NOW + 60) -> Failed:
    return Failed(
        code="throttled", error="Slow down.", next_try_at=at, seq=seq, destination=destination
    )


def due_seqs(ledger: Ledger, destination: str = "a", *, route: str = "r", now: float = 0) -> list:
    return [d.item.seq for d in ledger.due(route, destination, now=now, limit=1000)]


def item_at(ledger: Ledger, number: int, *, route: str = "r") -> Item:
    item = ledger.newest_item(route, b"%d.json" % number)
    assert item
    return item


@contextmanager
def running(code: str, *values: Path | str) -> Iterator["subprocess.Popen[str]"]:
    """Run Python code in another process; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, values)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def let_others_pass(path: Path) -> None:
    """Let other users come to *path*; pytest's folders are closed to them."""
    top = Path(tempfile.gettempdir())
    for folder in path.parents:
        if folder != top and folder.is_relative_to(top):
            folder.chmod(0o755)


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()
