"""Remembers large uploads part by part, so that a restart goes on where they stopped."""

from collections.abc import Callable

from sealift.destinations.base import Part, Upload
from sealift.ledger.store import Store


def abandoned_uploads(store: Store, route: str, destination: str) -> list[tuple[int, str, str]]:
    """List uploads that were begun and will not go on: item, key and upload id of each."""
    rows = store.fetch(
        "SELECT seq, key, upload_id FROM upload JOIN delivery USING (seq, destination)"
        " WHERE route = ? AND destination = ? AND state IN ('ended', 'delivered')",
        (route, destination),
    )
    return [(row[0], row[1], row[2]) for row in rows]


class DeliveryParts:
    """The `PartLog` of one delivery, in the ledger.

    Args:
        store: The ledger's file.
        seq: The item's sequence number.
        destination: The destination's name.
        clock: Wall clock, seconds since 1970.
    """

    def __init__(
        self, store: Store, seq: int, destination: str, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._row = (seq, destination)
        self._clock = clock

    def load(self) -> Upload | None:
        """Give the upload that was begun, or None."""
        begun = self._store.fetch(
            "SELECT upload_id, part_bytes FROM upload WHERE seq = ? AND destination = ?", self._row
        )
        if not begun:
            return None
        parts = self._store.fetch(
            "SELECT number, size, etag, sha256 FROM part WHERE seq = ? AND destination = ?"
            " ORDER BY number",
            self._row,
        )
        return Upload(
            upload_id=begun[0][0],
            part_bytes=begun[0][1],
            parts=[Part(number=p[0], size=p[1], etag=p[2], sha256=p[3]) for p in parts],
        )

    def begin(self, upload_id: str, part_bytes: int) -> None:
        """Remember that an upload was begun; forget an earlier one."""
        with self._store.commit() as connection:
            connection.execute("DELETE FROM part WHERE seq = ? AND destination = ?", self._row)
            connection.execute(
                "INSERT OR REPLACE INTO upload (seq, destination, upload_id, part_bytes, begun_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (*self._row, upload_id, part_bytes, self._clock()),
            )

    def add(self, part: Part) -> None:
        """Remember a finished part."""
        with self._store.commit() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO part (seq, destination, number, size, etag, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*self._row, part.number, part.size, part.etag, part.sha256),
            )

    def clear(self) -> None:
        """Forget the upload: it is completed or aborted."""
        with self._store.commit() as connection:
            connection.execute("DELETE FROM part WHERE seq = ? AND destination = ?", self._row)
            connection.execute("DELETE FROM upload WHERE seq = ? AND destination = ?", self._row)
