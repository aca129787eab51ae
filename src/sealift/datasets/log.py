"""The datasets' own ledger: what was pushed and synced, when, by whom, and what came of it.

The agent's ledger is held by the agent's lock; this one is a file beside it, so that a push
from cron does not wait for an agent that runs for months.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sealift.errors import SealiftError, StateError, TransientError
from sealift.ledger.database import BUSY_SECONDS, make_state_dir, state_errors

FILE_NAME: Final = "datasets.db"
_SCHEMA: Final = Path(__file__).parent / "log.sql"
_VERSION: Final = 1
_COLUMNS: Final = (
    "id, dataset, what, place, who, began_at, ended_at, outcome, version, records, sha256, etag, "
    "reason"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRun:
    """One push or sync, as the ledger remembers it."""

    id: int
    dataset: str
    what: str
    """`push`, `rollback` or `sync`."""

    place: str
    """The object's URL, or the collection."""

    who: str
    """User and machine."""

    began_at: float
    ended_at: float | None
    """None while it runs, and for ever if it was killed."""

    outcome: str
    """`running`, `stored`, `unchanged`, `synced`, or the code of the error that ended it."""

    version: int | None
    records: int | None
    sha256: str
    """Of the document, not compressed."""

    etag: str
    reason: str


class Running:
    """What is known so far of something that runs."""

    def __init__(self) -> None:
        self.outcome = "stored"
        self.facts: dict[str, Any] = {}
        """`version`, `records`, `sha256` and `etag`, as far as they are known."""


class DatasetLog:
    """The file `datasets.db` in the state directory. Safe to use from several processes.

    Args:
        state_dir: The directory; made if it is not there.
        who: Who works, for the record.
        random: Gives so many random bytes, such as `os.urandom`.

    Raises:
        StateError: The file cannot be used; so does every method.
    """

    def __init__(
        self, state_dir: Path, *, who: str, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        make_state_dir(state_dir)
        self._state_dir = state_dir
        self._path = state_dir / FILE_NAME
        self._who = who
        with state_errors(self._path):
            self._connection = sqlite3.connect(
                self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self.worker = self._prepare(random(6).hex())
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, dataset: str, what: str, place: str, now: float) -> int:
        """Remember that something begins, before it does; give its number."""
        with state_errors(self._path):
            done = self._connection.execute(
                "INSERT INTO runs (dataset, what, place, who, began_at, outcome, sha256, etag,"
                " reason) VALUES (?, ?, ?, ?, ?, 'running', '', '', '')",
                (dataset, what, place, self._who, now),
            )
        return int(done.lastrowid or 0)

    def end(
        self,
        run: int,
        outcome: str,
        now: float,
        *,
        version: int | None = None,
        records: int | None = None,
        sha256: str = "",
        etag: str = "",
        reason: str = "",
    ) -> None:
        """Remember what came of it."""
        with state_errors(self._path):
            self._connection.execute(
                "UPDATE runs SET outcome = ?, ended_at = ?, version = ?, records = ?, sha256 = ?,"
                " etag = ?, reason = ? WHERE id = ?",
                (outcome, now, version, records, sha256, etag, reason, run),
            )

    @contextmanager
    def remembering(
        self, dataset: str, what: str, place: str, clock: Callable[[], float]
    ) -> Iterator[Running]:
        """Remember that something begins, and at the end of the block what came of it."""
        number = self.begin(dataset, what, place, clock())
        run = Running()
        try:
            yield run
        except SealiftError as error:
            reason = error.message.partition("\n")[0]
            self.end(number, error.code, clock(), **run.facts, reason=reason)
            raise
        self.end(number, run.outcome, clock(), **run.facts)

    def runs(self, dataset: str, limit: int) -> list[DatasetRun]:
        """Give the newest runs of a dataset, the newest first."""
        with state_errors(self._path):
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM runs WHERE dataset = ? ORDER BY id DESC LIMIT ?",  # noqa: S608
                (dataset, limit),
            ).fetchall()
        names = _COLUMNS.split(", ")
        return [DatasetRun(**dict(zip(names, row, strict=True))) for row in rows]

    @contextmanager
    def alone(self, place: str) -> Iterator[None]:
        """Let no other process of this state directory sync to *place* meanwhile.

        Raises:
            TransientError: Another one does.
        """
        name = "".join(c if c.isalnum() else "-" for c in place)
        file = os.open(
            self._state_dir / f"sync-{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TransientError(
                    f"Another process syncs to {place} already.", hint="Wait for it to end."
                ) from None
            yield
        finally:
            os.close(file)

    def _prepare(self, new_worker: str) -> str:
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute("BEGIN IMMEDIATE")
        version = execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise StateError(
                f"{self._path} was made by a newer Sealift (schema {version}).",
                hint="Use that version.",
            )
        if version == 0:
            script = "\n".join(
                line.partition("--")[0] for line in _SCHEMA.read_text(encoding="utf-8").splitlines()
            )
            for statement in filter(str.strip, script.split(";")):
                execute(statement)
            execute("INSERT INTO self VALUES (?)", (new_worker,))
            execute(f"PRAGMA user_version = {_VERSION}")
        worker = execute("SELECT worker FROM self").fetchone()[0]
        execute("COMMIT")
        return str(worker)
