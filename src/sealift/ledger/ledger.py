"""What the agent remembers: reservations and outcomes, each batch one durable commit."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import orjson

from sealift.ledger.records import (
    Arrived,
    Due,
    Failed,
    Identity,
    Item,
    ItemState,
    NewItem,
    Pause,
)
from sealift.ledger.rows import (
    DELIVERY_COLUMNS,
    ITEM_COLUMNS,
    delivery_of,
    identity_columns,
    identity_of,
    item_of,
)
from sealift.ledger.store import IN_FLIGHT, Store


class Ledger(Store):
    """The agent's side of the ledger.

    Each method that writes is one transaction, durable when it returns; give it
    a whole batch. Only the holder of the `AgentLock` may add items.
    """

    def __init__(self, state_dir: Path, *, check: bool = False) -> None:
        super().__init__(state_dir, check=check)
        self._next_seq = self.fetch("SELECT coalesce(max(seq), 0) FROM item")[0][0] + 1

    # What the agent writes ------------------------------------------------------------------

    def reserve(self, items: Sequence[tuple[NewItem, Mapping[str, str]]]) -> list[int]:
        """Fix the keys of *items*, each with its key for each destination.

        Returns:
            The items' sequence numbers, in order. Their deliveries are in flight.
        """
        with self.commit() as connection:
            seqs = list(range(self._next_seq, self._next_seq + len(items)))
            self._insert_items(seqs, [item for item, _keys in items], ItemState.RESERVED)
            connection.executemany(
                "INSERT INTO delivery (seq, destination, route, key, state, next_try_at)"
                " VALUES (?, ?, ?, ?, 'waiting', ?)",
                [
                    (seq, destination, item.route, key, IN_FLIGHT)
                    for seq, (item, keys) in zip(seqs, items, strict=True)
                    for destination, key in keys.items()
                ],
            )
            self._next_seq += len(items)
        return seqs

    def quarantine_new(self, items: Sequence[tuple[NewItem, str, str]]) -> list[int]:
        """Remember items that cannot be delivered: each with the error's code and reason."""
        with self.commit() as connection:
            seqs = list(range(self._next_seq, self._next_seq + len(items)))
            self._insert_items(seqs, [row[0] for row in items], ItemState.QUARANTINED)
            connection.executemany(
                "UPDATE item SET code = ?, reason = ? WHERE seq = ?",
                [(code, reason, seq) for seq, (_, code, reason) in zip(seqs, items, strict=True)],
            )
            self._next_seq += len(items)
        return seqs

    def _insert_items(self, seqs: list[int], items: list[NewItem], state: ItemState) -> None:
        name = state.value
        self._connection.executemany(
            "INSERT INTO item (seq, id, route, path, device, inode, size, mtime_ns, state,"
            " sha256, sealed_size, policy, redactions, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    seq,
                    item.id,
                    item.route,
                    item.path,
                    *identity_columns(item.identity),
                    name,
                    item.sha256,
                    item.sealed_size,
                    item.policy,
                    orjson.dumps(item.redactions).decode() if item.redactions else "",
                    item.now,
                )
                for seq, item in zip(seqs, items, strict=True)
            ],
        )

    def record(self, arrived: Sequence[Arrived], failed: Sequence[Failed] = ()) -> set[int]:
        """Remember how attempts ended.

        Returns:
            The items that all their destinations have now.
        """
        if not arrived and not failed:
            return set()
        with self.commit() as connection:
            connection.executemany(
                "UPDATE delivery SET state = 'delivered', etag = ?, delivered_at = ?, code = '',"
                " error = '', tries = tries + 1 WHERE seq = ? AND destination = ?",
                arrived,
            )
            connection.executemany(
                "UPDATE delivery SET code = ?, error = ?, next_try_at = ?, tries = tries + 1"
                " WHERE seq = ? AND destination = ? AND state = 'waiting'",
                failed,
            )
        return self._whole({a.seq for a in arrived})

    def _whole(self, seqs: Iterable[int]) -> set[int]:
        marks = list(seqs)
        rows = self.fetch(
            f"SELECT seq FROM delivery WHERE seq IN ({_places(marks)})"  # noqa: S608
            " GROUP BY seq HAVING sum(state <> 'delivered') = 0",
            marks,
        )
        return {row[0] for row in rows}

    def unsettled_now(self, seqs: Sequence[int]) -> None:
        """Remember items whose sources could not be settled yet."""
        with self.commit() as connection:
            connection.executemany(
                "UPDATE item SET state = 'delivered' WHERE seq = ?", [(seq,) for seq in seqs]
            )

    def done(self, settled: Sequence[tuple[int, bytes]], now: float) -> None:
        """Remember that sources are settled: each item with its source's path after it."""
        if not settled:
            return
        with self.commit() as connection:
            connection.executemany(
                "UPDATE item SET state = 'done', settled_as = ?, ended_at = ? WHERE seq = ?",
                [(settled_as, now, seq) for seq, settled_as in settled],
            )

    def refuse(self, seq: int, destination: str, *, code: str, reason: str) -> None:
        """Put an item into quarantine because *destination* cannot take it as it is."""
        with self.commit() as connection:
            connection.execute(
                "UPDATE delivery SET state = 'refused', code = ?, error = ?, tries = tries + 1"
                " WHERE seq = ? AND destination = ?",
                (code, reason, seq, destination),
            )
            connection.execute(
                "UPDATE item SET state = 'quarantined', code = ?, reason = ? WHERE seq = ?",
                (code, reason, seq),
            )

    def vanish(self, seq: int, *, code: str, reason: str, now: float) -> None:
        """End an item whose source is gone or replaced and that is known not to have arrived."""
        with self.commit():
            self._end(seq, ItemState.VANISHED, code=code, reason=reason, now=now)

    def _end(self, seq: int, state: ItemState, *, code: str, reason: str, now: float) -> None:
        self._connection.execute(
            "UPDATE item SET state = ?, code = ?, reason = ?, ended_at = ? WHERE seq = ?",
            (state.value, code, reason, now, seq),
        )
        self._connection.execute(
            "UPDATE delivery SET state = 'ended' WHERE seq = ? AND state IN ('waiting', 'refused')",
            (seq,),
        )

    def supersede(self, route: str, paths: Sequence[bytes], *, now: float) -> None:
        """End quarantined items of *paths*, because another version of the file is there."""
        if not paths:
            return
        with self.commit() as connection:
            seqs = connection.execute(
                "SELECT seq FROM item WHERE state = 'quarantined' AND route = ?"  # noqa: S608
                f" AND path IN ({_places(paths)})",
                (route, *paths),
            ).fetchall()
            for (seq,) in seqs:
                reason = "Another version of the file took its place."
                self._end(seq, ItemState.VANISHED, code="replaced", reason=reason, now=now)

    def rekey(self, seq: int, destination: str, key: str) -> None:
        """Give a delivery another key, because somebody else's object is at the first."""
        with self.commit() as connection:
            connection.execute(
                "UPDATE delivery SET key = ? WHERE seq = ? AND destination = ?",
                (key, seq, destination),
            )

    def claim(self, due: Sequence[Due], *, until: float) -> None:
        """Do not offer these deliveries as due before *until*."""
        self.postpone([(d.item.seq, d.delivery.destination, until) for d in due])

    def postpone(self, deliveries: Sequence[tuple[int, str, float]]) -> None:
        """Set when deliveries are tried next, without counting a try."""
        with self.commit() as connection:
            connection.executemany(
                "UPDATE delivery SET next_try_at = ?"
                " WHERE seq = ? AND destination = ? AND state = 'waiting'",
                [(at, seq, destination) for seq, destination, at in deliveries],
            )

    def mark(self, route: str, oldest: int | None) -> None:
        """Remember the oldest item of *route* that is in flight; None if none is.

        Call it in the transaction that reserves new ones, before they are added.
        """
        seq = self._next_seq if oldest is None else oldest
        with self.commit() as connection:
            connection.execute("REPLACE INTO watermark (route, seq) VALUES (?, ?)", (route, seq))

    def recover(self, route: str) -> None:
        """Make everything due that an earlier process had in flight, delivered or postponed."""
        with self.commit() as connection:
            found = connection.execute("SELECT seq FROM watermark WHERE route = ?", (route,))
            watermark = (found.fetchone() or (0,))[0]
            connection.execute(
                "UPDATE delivery SET next_try_at = 0"
                " WHERE route = ? AND state = 'waiting' AND next_try_at < 1e17",
                (route,),
            )
            connection.execute(
                "UPDATE delivery SET next_try_at = 0"
                " WHERE seq >= ? AND route = ? AND state = 'waiting'",
                (watermark, route),
            )
            connection.execute(
                "UPDATE item SET state = 'delivered' WHERE seq >= ? AND route = ?"
                " AND state = 'reserved' AND NOT EXISTS (SELECT 1 FROM delivery"
                " WHERE delivery.seq = item.seq AND delivery.state <> 'delivered')",
                (watermark, route),
            )

    def pause(self, pause: Pause) -> None:
        """Remember that a place of a route cannot be used now."""
        with self.commit() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pause (route, place, code, reason, hint, since)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (pause.route, pause.place, pause.code, pause.reason, pause.hint, pause.since),
            )

    def resume(self, route: str, place: str = "") -> None:
        """Forget a pause; without *place*, all of the route."""
        with self.commit() as connection:
            connection.execute(
                "DELETE FROM pause WHERE route = ?1 AND (?2 = '' OR place = ?2)", (route, place)
            )

    def adopt(self, items: Sequence[tuple[NewItem, str]]) -> list[int]:
        """Remember items that are delivered already, as the earlier item with the given id."""
        with self.commit() as connection:
            seqs = list(range(self._next_seq, self._next_seq + len(items)))
            self._insert_items(seqs, [row[0] for row in items], ItemState.DELIVERED)
            connection.executemany(
                "UPDATE item SET code = 'duplicate', reason = ? WHERE seq = ?",
                [
                    (f"Same name and bytes as {earlier}.", seq)
                    for seq, (_, earlier) in zip(seqs, items, strict=True)
                ],
            )
            self._next_seq += len(items)
        return seqs

    def strangers(self, route: str, names: Sequence[str]) -> list[str]:
        """List destinations that have waiting deliveries on *route* but are not among *names*."""
        rows = self.fetch(
            "SELECT DISTINCT destination FROM delivery"
            " WHERE route = ? AND state = 'waiting' AND next_try_at < 1e17",
            (route,),
        )
        return sorted({row[0] for row in rows} - set(names))

    # What the agent asks --------------------------------------------------------------------

    def newest(self, route: str, paths: Sequence[bytes]) -> dict[bytes, tuple[Identity, ItemState]]:
        """Give, for each path that the route knows, its newest item's identity and state."""
        rows = self.fetch(
            "SELECT path, device, inode, size, mtime_ns, state, max(seq) FROM item"  # noqa: S608
            f" WHERE route = ? AND path IN ({_places(paths)}) GROUP BY path",
            (route, *paths),
        )
        return {row[0]: (identity_of(row[1:5]), ItemState(row[5])) for row in rows}

    def newest_item(self, route: str, path: bytes) -> Item | None:
        """Give the newest item of *path*."""
        rows = self._items("WHERE route = ? AND path = ? ORDER BY seq DESC LIMIT 1", (route, path))
        return rows[0] if rows else None

    def delivered_before(self, route: str, path: bytes, sha256: str) -> Item | None:
        """Give an item of the same path and sealed bytes that was delivered, if there is one."""
        rows = self._items(
            "WHERE route = ? AND path = ? AND sha256 = ? AND state IN ('delivered', 'done')"
            " ORDER BY seq DESC LIMIT 1",
            (route, path, sha256),
        )
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

    def unsettled(self, route: str) -> list[Item]:
        """Give the items that arrived everywhere but whose sources are not settled."""
        return self._items("WHERE state = 'delivered' AND route = ? ORDER BY seq", (route,))


def _places(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
