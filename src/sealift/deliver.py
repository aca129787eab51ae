"""One delivery, once: put the parcel under its key, and resolve an unclear answer by looking."""

from typing import NamedTuple

from sealift.destinations.base import Destination, Found, PartLog, Stored
from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    ItemRefusedError,
    KeyCollisionError,
    OutcomeUnknownError,
)
from sealift.sealing.parcel import Parcel

HASH_DIGITS = 32
"""So many digits of the SHA-256 (128 bits) in a key make it impossible to meet by chance."""


class Address(NamedTuple):
    """Where one item goes, fixed in the ledger before the first attempt."""

    key: str
    """Full key, prefix included."""

    put_id: str
    """The item's id; in the object's metadata it tells our own put from another's."""

    sha256: str
    """Hash of the sealed body."""


def lift(
    destination: Destination,
    address: Address,
    parcel: Parcel,
    *,
    replace: bool = False,
    part_log: PartLog | None = None,
) -> Stored:
    """Make one attempt to store *parcel*; when it returns, the object is there, whole, once.

    Calling it again after any error, or after a crash, is safe: the key stays
    the same, and an object that is already there is recognised by its put id
    or hash.

    Args:
        destination: Where to.
        address: Key, put id and hash, as reserved.
        parcel: The bytes; their hash is `address.sha256`.
        replace: Put over another's object instead of refusing.
        part_log: Where a large upload remembers its parts.

    Raises:
        KeyCollisionError: Another's object is at the key. It was not touched.
        ItemRefusedError: Something is at the key, and nobody may look whose it is.
        OutcomeUnknownError: It could not be found out whether the bytes arrived,
            or nothing is there yet. Call again later.
        SealiftError: As from `Destination.put`; nothing was stored.
    """
    try:
        return destination.put(
            address.key, parcel, put_id=address.put_id, create=not replace, part_log=part_log
        )
    except OutcomeUnknownError as unknown:
        found = _look(destination, address, unknown)
        if found is None or (replace and not _is_ours(found, address)):
            raise
        return _accept(found, address, destination)


def find(destination: Destination, address: Address) -> Stored | None:
    """Look whether an earlier attempt arrived; None if nothing is at the key.

    Raises:
        KeyCollisionError: Another's object is at the key.
        ItemRefusedError: Nobody can look there.
        TransientError: It could not be seen now.
    """
    found = destination.head(address.key)
    return None if found is None else _accept(found, address, destination)


def _look(destination: Destination, address: Address, unknown: OutcomeUnknownError) -> Found | None:
    try:
        return destination.head(address.key)
    except ItemRefusedError:
        return None  # nobody can look: put again, as long as that is possible
    except AccessDeniedError:
        # A role that may only write cannot look. But if something is at a key that nobody
        # else can make, it is ours.
        if not isinstance(unknown, AlreadyThereError):
            return None
        if address.put_id in address.key or address.sha256[:HASH_DIGITS] in address.key:
            return Found(size=0, put_id=address.put_id)
        raise ItemRefusedError(
            "Something is at the item's key already, and it may not be looked at.",
            hint="Allow reading objects, or put {id} or {sha256} into the key template.",
        ) from unknown


def _accept(found: Found, address: Address, destination: Destination) -> Stored:
    if _is_ours(found, address):
        return Stored(etag=found.etag)
    raise KeyCollisionError(
        f"Somebody else's object is at the item's key in {destination.name}; it was not touched.",
        hint="Move it away and release the item, or set on_conflict to suffix or overwrite.",
    )


def _is_ours(found: Found, address: Address) -> bool:
    return found.put_id == address.put_id or (bool(found.sha256) and found.sha256 == address.sha256)
