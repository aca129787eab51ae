"""What the agent remembers: reservations and outcomes, each batch one durable commit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from sealift.ledger.recall import Recall
from sealift.ledger.records import (
    Arrived,
    Due,
    Failed,
    ItemState,
    NewItem,
    Pause,
)
from sealift.ledger.rows import identity_columns, storable
from sealift.ledger.store import IN_FLIGHT, places


class Ledger(Recall):
    """The agent's side of the ledger.

    Each method that writes is one transaction, durable when it returns; give it
    a whole batch. Only the holder of the `AgentLock` may add items.
    """

    def __init__(self, state_dir: Path, *, check: bool = False) -> None:
        super().__init__(state_dir, check=check)
        self._next_seq = self.fetch("SELECT coalesce(max(seq), 0) FROM item")[0][0] + 1

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
                [
                    (code, storable(reason), seq)
                    for seq, (_, code, reason) in zip(seqs, items, strict=True)
                ],
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
                [f._replace(error=storable(f.error)) for f in failed],
            )
            whole = self.whole({a.seq for a in arrived})
            self._end_if_over([(a.now, a.seq) for a in arrived if a.seq not in whole])
        return whole

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
                (code, storable(reason), seq, destination),
            )
            connection.execute(
                "UPDATE item SET state = 'quarantined', code = ?, reason = ? WHERE seq = ?",
                (code, storable(reason), seq),
            )

    def vanish(self, seq: int, *, code: str, reason: str, now: float) -> None:
        """End an item whose source is gone or replaced and that is known not to have arrived."""
        with self.commit():
            self._end(seq, ItemState.VANISHED, code=code, reason=reason, now=now)

    def absent(self, seq: int, destination: str, *, reason: str, now: float) -> None:
        """End one delivery of an item whose source is gone, as it is known not to have arrived.

        The item ends when none of its deliveries waits any more.
        """
        with self.commit() as connection:
            connection.execute(
                "UPDATE delivery SET state = 'ended' WHERE seq = ? AND destination = ?",
                (seq, destination),
            )
            connection.execute("UPDATE item SET reason = ? WHERE seq = ?", (reason, seq))
            self._end_if_over([(now, seq)])

    def _end_if_over(self, seqs: Sequence[tuple[float, int]]) -> None:
        """End items of which some destinations have nothing, and none will get anything."""
        self._connection.executemany(
            "UPDATE item SET state = 'vanished', code = 'vanished', ended_at = ?1"
            " WHERE seq = ?2 AND state = 'reserved' AND EXISTS"
            " (SELECT 1 FROM delivery WHERE seq = ?2 AND state = 'ended') AND NOT EXISTS"
            " (SELECT 1 FROM delivery WHERE seq = ?2 AND state IN ('waiting', 'refused'))",
            seqs,
        )

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
                f" AND path IN ({places(paths)})",
                (route, *paths),
            ).fetchall()
            for (seq,) in seqs:
                reason = "Another version of the file took its place."
                self._end(seq, ItemState.VANISHED, code="replaced", reason=reason, now=now)

    def rekey(self, deliveries: Sequence[tuple[str, int, str]]) -> None:
        """Give deliveries the key that comes first, before item and destination.

        For those whose destination has named it, and for one whose first key holds
        somebody else's object.
        """
        with self.commit() as connection:
            connection.executemany(
                "UPDATE delivery SET key = ? WHERE seq = ? AND destination = ?", deliveries
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
        with self.commit() as connection:
            seq = self._next_seq if oldest is None else oldest
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
                (
                    *(pause.route, pause.place, pause.code),
                    *(storable(pause.reason), storable(pause.hint), pause.since),
                ),
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
