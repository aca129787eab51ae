"""One attempt to get one item to one destination, and how it ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sealift.deliver import Address
from sealift.destinations.base import PartLog, Stored
from sealift.errors import SealiftError
from sealift.ledger.records import Identity
from sealift.sealing.parcel import Parcel

if TYPE_CHECKING:
    from sealift.agent.lane import Lane


@dataclass(slots=True, kw_only=True)
class Job:
    """One attempt to get one item to one destination."""

    seq: int
    path: bytes
    identity: Identity
    lane: "Lane"
    address: Address
    parcel: Parcel | None
    """What to put; None to only look whether an earlier attempt arrived."""

    gone: str = ""
    """Why there is nothing to put any more, when there is not."""

    tries: int = 0
    """Attempts before this one."""

    last_code: str = ""
    """How the attempt before this one ended."""

    part_log: PartLog | None = None
    probe: bool = False
    """It tries whether a closed destination works again."""

    @property
    def large(self) -> bool:
        """Whether the body is read and sent in pieces."""
        return self.parcel is not None and type(self.parcel.body) is not bytes


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How an attempt ended."""

    job: Job
    stored: Stored | None = None
    """Where it is now; None if it failed, or a look found nothing."""

    key: str = ""
    """The key that its destination named, where it makes its keys itself; the job goes on."""

    error: SealiftError | None = None
    seconds: float = 0.0
    attempted: bool = True
    """False if the destination closed before the job's turn came."""
