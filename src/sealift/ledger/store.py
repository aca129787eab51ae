"""The open ledger file: one connection, one lock, one way to commit."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sealift.ledger import database
from sealift.ledger.records import Item
from sealift.ledger.rows import ITEM_COLUMNS, item_of

IN_FLIGHT = 1e18
"""`next_try_at` of a delivery that a running agent is working on."""


class Store:
    """The ledger's file, open. Safe to use from many threads.

    Args:
        state_dir: The directory; made if it is not there.
        check: Read the whole file first and refuse a damaged one.

    Raises:
        StateError: The ledger cannot be used. From any method; what was
            committed before stays.
    """

    def __init__(self, state_dir: Path, *, check: bool = False) -> None:
        database.make_state_dir(state_dir)
        self.path = state_dir / database.FILE_NAME
        self._connection = database.connect(self.path)
        self._lock = threading.RLock()
        if check:
            try:
                database.check(self._connection, self.path)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def commit(self) -> Iterator[sqlite3.Connection]:
        """Make what the block writes one durable transaction, or nothing of it.

        A block inside another of the same thread belongs to the outer one's
        transaction: so a batch of several writes costs one sync.
        """
        with self._lock, database.state_errors(self.path):
            inside = self._connection.in_transaction
            if inside:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A COMMIT that fails, on a full disk say, may leave its transaction open; and
                # SQLite may have ended it itself. https://www.sqlite.org/lang_transaction.html
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def fetch(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Read rows."""
        with self._lock, database.state_errors(self.path):
            return self._connection.execute(sql, values).fetchall()

    def _items(self, clause: str, values: Sequence[object]) -> list[Item]:
        rows = self.fetch(f"SELECT {', '.join(ITEM_COLUMNS)} FROM item {clause}", values)  # noqa: S608
        return [item_of(row) for row in rows]


def places(values: Sequence[object]) -> str:
    """Write a placeholder for each value, for `IN (...)`."""
    return ",".join("?" * len(values))
