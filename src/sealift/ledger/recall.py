"""What the agent asks the ledger: which versions it knows, what is due, what is not settled."""

from collections.abc import Iterable, Sequence

from sealift.ledger.records import Due, Identity, Item, ItemState
from sealift.ledger.rows import (
    DELIVERY_COLUMNS,
    ITEM_COLUMNS,
    delivery_of,
    identity_of,
    item_of,
)
from sealift.ledger.store import Store, places


class Recall(Store):
    """The questions of the agent's side of the ledger."""

    def newest(self, route: str, paths: Sequence[bytes]) -> dict[bytes, tuple[Identity, ItemState]]:
        """Give, for each path that the route knows, its newest item's identity and state."""
        rows = self.fetch(
            "SELECT path, device, inode, size, mtime_ns, state, max(seq) FROM item"  # noqa: S608
            f" WHERE route = ? AND path IN ({places(paths)}) GROUP BY path",
            (route, *paths),
        )
        return {row[0]: (identity_of(row[1:5]), ItemState(row[5])) for row in rows}

    def newest_item(self, route: str, path: bytes) -> Item | None:
        """Give the newest item of *path*."""
        rows = self._items("WHERE route = ? AND path = ? ORDER BY seq DESC LIMIT 1", (route, path))
        return rows[0] if rows else None

    def delivered_before(
        self, route: str, path: bytes, sha256: str, *, newest: bool = False
    ) -> Item | None:
        """Give an item of the same path and sealed bytes that was delivered, if there is one.

        Args:
            route: The route.
            path: The path.
            sha256: Hash of the sealed bytes.
            newest: Only the newest item of the path counts: an older one's object
                may have been replaced since.
        """
        rows = self._items(
            "WHERE route = ? AND path = ? AND sha256 = ? AND state IN ('delivered', 'done')"
            " ORDER BY seq DESC LIMIT 1",
            (route, path, sha256),
        )
        if rows and newest and rows[0] != self.newest_item(route, path):
            return None
        return rows[0] if rows else None

    def due(self, route: str, destination: str, *, now: float, limit: int) -> list[Due]:
        """Give waiting deliveries whose time has come, the longest overdue first."""
        columns = ", ".join(
            [f"item.{c}" for c in ITEM_COLUMNS] + [f"delivery.{c}" for c in DELIVERY_COLUMNS]
        )
        rows = self.fetch(
            f"SELECT {columns} FROM delivery JOIN item USING (seq)"  # noqa: S608
            " WHERE delivery.route = ? AND destination = ? AND delivery.state = 'waiting'"
            " AND next_try_at < 1e17 AND next_try_at <= ? ORDER BY next_try_at LIMIT ?",
            (route, destination, now, limit),
        )
        width = len(ITEM_COLUMNS)
        return [Due(item=item_of(r[:width]), delivery=delivery_of(r[width:])) for r in rows]

    def has_key(self, destination: str, key: str, *, but: int) -> bool:
        """Tell whether an item other than the number *but* has *key* at the destination.

        It looks through all deliveries, so it is for the few whose store cannot tell.
        """
        rows = self.fetch(
            "SELECT 1 FROM delivery WHERE destination = ? AND key = ? AND seq <> ? LIMIT 1",
            (destination, key, but),
        )
        return bool(rows)

    def next_due_at(self, route: str, destination: str) -> float | None:
        """Tell when the next waiting delivery is due; None if none waits."""
        earliest = self.fetch(
            "SELECT min(next_try_at) FROM delivery WHERE route = ? AND destination = ?"
            " AND state = 'waiting' AND next_try_at < 1e17",
            (route, destination),
        )[0][0]
        return None if earliest is None else float(earliest)

    def still_tried(self, route: str, destination: str, *, tries: int) -> bool:
        """Tell whether a delivery waits that failed fewer than *tries* times."""
        rows = self.fetch(
            "SELECT 1 FROM delivery WHERE route = ? AND destination = ? AND state = 'waiting'"
            " AND next_try_at < 1e17 AND tries < ? AND code <> 'absent_once' LIMIT 1",
            (route, destination, tries),
        )
        return bool(rows)

    def waiting(self, route: str) -> int:
        """Count the deliveries that wait for their time."""
        count: int = self.fetch(
            "SELECT count(*) FROM delivery WHERE route = ? AND state = 'waiting'"
            " AND next_try_at < 1e17",
            (route,),
        )[0][0]
        return count

    def never_sealed(self, route: str) -> list[Item]:
        """Give the items in quarantine that were never given a key, such as invalid documents."""
        return self._items(
            "WHERE state = 'quarantined' AND route = ? AND sha256 = '' ORDER BY seq", (route,)
        )

    def unsettled(self, route: str) -> list[Item]:
        """Give the items that arrived everywhere but whose sources are not settled."""
        return self._items("WHERE state = 'delivered' AND route = ? ORDER BY seq", (route,))

    def whole(self, seqs: Iterable[int]) -> set[int]:
        """Give those of *seqs* that all their destinations have."""
        marks = list(seqs)
        rows = self.fetch(
            f"SELECT seq FROM delivery WHERE seq IN ({places(marks)})"  # noqa: S608
            " GROUP BY seq HAVING sum(state <> 'delivered') = 0",
            marks,
        )
        return {row[0] for row in rows}
