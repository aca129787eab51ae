"""Forgets items that ended long ago, so that the ledger does not grow for ever."""

from sealift.ledger.store import Store


def prune(store: Store, route: str, *, before: float, above: int, most: int) -> int | None:
    """Forget what ended on *route* before a time, in one small commit.

    Kept whatever their age: what waits or is in quarantine, what a person dropped, and
    every file that still lies where it was delivered from: it would be sent again.

    Args:
        store: The ledger.
        route: The route.
        before: Wall clock, seconds since 1970.
        above: Look at items of a higher sequence number only.
        most: How many items to look at.

    Returns:
        The sequence number to go on above; None if the newest item that is old enough
        was seen.
    """
    rows = store.fetch(
        "SELECT seq, created_at, route = ?1 AND ended_at BETWEEN 1 AND ?2 AND (state = 'vanished'"
        " OR state = 'done' AND settled_as <> path)"
        # An upload that could not be aborted yet must stay known.
        " AND NOT EXISTS (SELECT 1 FROM upload WHERE upload.seq = item.seq)"
        # The last number tells which one comes next, also after a restart.
        " AND seq < (SELECT max(seq) FROM item)"
        " FROM item WHERE seq > ?3 ORDER BY seq LIMIT ?4",
        (route, before, above, most),
    )
    old = [(seq,) for seq, _created, over in rows if over]
    if old:
        with store.commit() as connection:
            for table in ("item", "delivery"):
                connection.executemany(f"DELETE FROM {table} WHERE seq = ?", old)  # noqa: S608
    if len(rows) < most or rows[-1][1] >= before:
        return None
    return int(rows[-1][0])
