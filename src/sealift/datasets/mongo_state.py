"""What a collection holds since its last sync, as its document in the database tells."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sealift.datasets.document import Key, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a collection holds since its last sync."""

    url: str = ""
    """Of the object that it was read from."""

    etag: str = ""
    """Of that object; empty if nothing is known."""

    mode: str = ""
    version: int | None = None
    records: int = 0
    sha256: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The document that tells what a collection holds, and who is about to change it."""

    revision: int
    """Grows with each claim and each end of one; 0 if there never was a sync."""

    pending: str
    """Name of a copy that may take the collection's place at any moment; or empty."""

    session: Any
    """Id of the session whose transaction may be open, if its sync was killed; or None."""

    claimed_at: datetime | None
    """When the last claim was, by the server's clock."""

    live: Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is to be written so that a collection holds other records."""

    added: Sequence[Record]
    changed: Sequence[Record]
    removed: Sequence[Key]

    @property
    def count(self) -> int:
        """How many documents are written."""
        return len(self.added) + len(self.changed) + len(self.removed)


def state_of(found: Mapping[str, Any]) -> State:
    """Read the state from its document; from an empty one if there is none."""
    known = {field.name for field in fields(Live)}
    live = {name: value for name, value in found.get("live", {}).items() if name in known}
    return State(
        revision=int(found.get("revision", 0)),
        pending=found.get("pending", ""),
        session=found.get("session"),
        claimed_at=found.get("claimed_at"),
        live=Live(**live),
    )


def settling(state: State, live: Live) -> dict[str, Any]:
    """Give the update that ends a claim, or does without one."""
    return {
        "$set": {"revision": state.revision + 1, "pending": "", "live": asdict(live)},
        "$unset": {"session": ""},
        "$currentDate": {"synced_at": True},
    }
