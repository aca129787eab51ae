"""What people ask of the ledger, and what they decide."""

from collections.abc import Sequence

from sealift.ledger.records import Backlog, Delivery, Item, Pause
from sealift.ledger.rows import DELIVERY_COLUMNS, delivery_of
from sealift.ledger.store import Store


class Desk(Store):
    """The people's side of the ledger.

    May be open beside a running agent, which takes up what was decided at its
    next look.
    """

    def find(self, item_id: str) -> Item | None:
        """Find an item by its id, or by the beginning of one if only one item has it."""
        rows = self._items("WHERE id >= ? AND id < ? LIMIT 2", (item_id, item_id + "g"))
        return rows[0] if len(rows) == 1 else None

    def history(self, path: bytes | None = None, *, limit: int = 100) -> list[Item]:
        """List the newest items first; with *path*, those of that path or that file name."""
        if path is None:
            return self._items("ORDER BY seq DESC LIMIT ?", (limit,))
        return self._items(
            "WHERE path = ?1 OR settled_as = ?1 OR substr(path, -length(?2)) = ?2"
            " OR substr(settled_as, -length(?2)) = ?2 ORDER BY seq DESC LIMIT ?3",
            (path, b"/" + path, limit),
        )

    def quarantined(self, route: str = "") -> list[Item]:
        """List the items in quarantine, the oldest first."""
        return self._items(
            "WHERE state = 'quarantined' AND (?1 = '' OR route = ?1) ORDER BY seq", (route,)
        )

    def deliveries(self, seq: int) -> list[Delivery]:
        """List an item's deliveries."""
        rows = self.fetch(
            f"SELECT {', '.join(DELIVERY_COLUMNS)} FROM delivery"  # noqa: S608
            " WHERE seq = ? ORDER BY destination",
            (seq,),
        )
        return [delivery_of(row) for row in rows]

    def backlog(self) -> list[Backlog]:
        """Count each route's items by state, and its waiting deliveries by destination."""
        states = self.fetch(
            "SELECT route, state, count(*), min(created_at) FROM item GROUP BY route, state"
        )
        waiting = self.fetch(
            "SELECT route, destination, count(*) FROM delivery WHERE state = 'waiting'"
            " GROUP BY route, destination"
        )
        errors = self.fetch(
            "SELECT route, destination, error, max(next_try_at) FROM delivery"
            " WHERE state = 'waiting' AND error <> '' GROUP BY route, destination"
        )
        return [
            Backlog(
                route=route,
                states={row[1]: row[2] for row in states if row[0] == route},
                oldest_waiting_at=min(
                    (row[3] for row in states if row[0] == route and row[1] == "reserved"),
                    default=0.0,
                ),
                waiting={row[1]: row[2] for row in waiting if row[0] == route},
                last_errors={row[1]: row[2] for row in errors if row[0] == route},
            )
            for route in sorted({row[0] for row in states})
        ]

    def pauses(self) -> list[Pause]:
        """List what is paused, as the agent last said."""
        rows = self.fetch("SELECT route, place, code, reason, hint, since FROM pause")
        return [
            Pause(route=r[0], place=r[1], code=r[2], reason=r[3], hint=r[4], since=r[5])
            for r in rows
        ]

    def strangers(self, route: str, names: Sequence[str]) -> list[str]:
        """List destinations that have waiting deliveries on *route* but are not among *names*."""
        rows = self.fetch(
            "SELECT DISTINCT destination FROM delivery"
            " WHERE route = ? AND state = 'waiting' AND next_try_at < 1e17",
            (route,),
        )
        return sorted({row[0] for row in rows} - set(names))

    def release(self, items: Sequence[Item], *, now: float) -> None:
        """Let items go out of quarantine.

        What a destination refused is tried again under the same key. What never
        came to a key, such as invalid content, is looked at anew by the next scan.
        """
        with self.commit() as connection:
            for item in items:
                connection.execute(
                    "UPDATE delivery SET state = 'waiting', next_try_at = 0"
                    " WHERE seq = ? AND state = 'refused'",
                    (item.seq,),
                )
                connection.execute(
                    "UPDATE item SET state = 'reserved', code = '', reason = ''"
                    " WHERE seq = ?1 AND state = 'quarantined'"
                    " AND EXISTS (SELECT 1 FROM delivery WHERE seq = ?1)",
                    (item.seq,),
                )
                connection.execute(
                    "UPDATE item SET state = 'vanished', code = 'released', ended_at = ?2"
                    " WHERE seq = ?1 AND state = 'quarantined'",
                    (item.seq, now),
                )

    def drop(self, items: Sequence[Item], *, now: float) -> None:
        """Decide that quarantined items are not delivered. Their sources stay untouched."""
        with self.commit() as connection:
            for item in items:
                dropped = connection.execute(
                    "UPDATE item SET state = 'dropped', ended_at = ?2"
                    " WHERE seq = ?1 AND state = 'quarantined'",
                    (item.seq, now),
                )
                # It may have been released since it was listed; then it is on its way.
                if dropped.rowcount:
                    connection.execute(
                        "UPDATE delivery SET state = 'ended'"
                        " WHERE seq = ? AND state IN ('waiting', 'refused')",
                        (item.seq,),
                    )

    def hurry(self, route: str = "") -> int:
        """Make all deliveries due that wait for a later time; tell how many."""
        with self.commit() as connection:
            return connection.execute(
                "UPDATE delivery SET next_try_at = 0 WHERE state = 'waiting'"
                " AND (?1 = '' OR route = ?1) AND next_try_at < 1e17",
                (route,),
            ).rowcount
