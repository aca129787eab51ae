"""Rows of the ledger's tables as records, and back."""

from typing import Any

import orjson

from sealift.ledger.records import Delivery, DeliveryState, Identity, Item, ItemState

ITEM_COLUMNS = (
    *("seq", "id", "route", "path", "device", "inode", "size", "mtime_ns", "state", "sha256"),
    *("sealed_size", "redactions", "code", "reason", "settled_as", "created_at", "ended_at"),
)
DELIVERY_COLUMNS = (
    *("seq", "destination", "key", "state", "etag", "tries", "next_try_at", "code", "error"),
    "delivered_at",
)


def item_of(row: tuple[Any, ...]) -> Item:
    """Read an item from a row of ITEM_COLUMNS."""
    return Item(
        seq=row[0],
        id=row[1],
        route=row[2],
        path=row[3],
        identity=identity_of(row[4:8]),
        state=ItemState(row[8]),
        sha256=row[9],
        sealed_size=row[10],
        redactions=orjson.loads(row[11]) if row[11] else {},
        code=row[12],
        reason=row[13],
        settled_as=row[14],
        created_at=row[15],
        ended_at=row[16],
    )


def delivery_of(row: tuple[Any, ...]) -> Delivery:
    """Read a delivery from a row of DELIVERY_COLUMNS."""
    return Delivery(
        seq=row[0],
        destination=row[1],
        key=row[2],
        state=DeliveryState(row[3]),
        etag=row[4],
        tries=row[5],
        next_try_at=row[6],
        code=row[7],
        error=row[8],
        delivered_at=row[9],
    )


def identity_of(row: tuple[Any, ...]) -> Identity:
    """Read an identity from device, inode, size and mtime_ns."""
    return Identity(_unsigned(row[0]), _unsigned(row[1]), row[2], row[3])


def identity_columns(identity: Identity) -> tuple[int, int, int, int]:
    """Write an identity as device, inode, size and mtime_ns."""
    device, inode, size, mtime_ns = identity
    return (_signed(device), _signed(inode), size, mtime_ns)


def storable(text: str) -> str:
    """Write a reason for people as SQLite takes it: a name that is no UTF-8 may stand in it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _signed(number: int) -> int:
    """Fit an unsigned 64-bit number, as some file systems give for inodes, into SQLite's."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _unsigned(number: int) -> int:
    return number + (1 << 64) if number < 0 else number
