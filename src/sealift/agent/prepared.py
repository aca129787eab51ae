"""What becomes of candidates on their way into the ledger, and out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealift.ledger.records import Identity, NewItem
from sealift.sealing.parcel import Parcel


@dataclass(slots=True, kw_only=True)
class Settleable:
    """An item that every destination has and whose source is to be settled."""

    seq: int
    item_id: str
    path: bytes
    identity: Identity


@dataclass(frozen=True, slots=True)
class Sealed:
    """A new item, its bytes, and its key for each destination."""

    item: NewItem
    parcel: Parcel
    keys: Mapping[str, str]


@dataclass(slots=True)
class Prepared:
    """Candidates after reading and sealing, before the ledger knows of them."""

    sealed: list[Sealed] = field(default_factory=list)
    refused: list[tuple[NewItem, str, str]] = field(default_factory=list)
    """For quarantine, each with the error's code and reason."""

    delivered: list[tuple[NewItem, str]] = field(default_factory=list)
    """With the id of an earlier item of the same name and bytes."""

    settle: list[Settleable] = field(default_factory=list)
    """Done before, but their settling was lost."""

    replaced: list[bytes] = field(default_factory=list)
    """Paths in quarantine that hold another version now."""
