"""Makes jobs of what waits in the ledger: sealed again, a file must give the same bytes."""

from collections.abc import Callable, Sequence

from sealift.agent.job import Job
from sealift.agent.lane import Lane
from sealift.agent.pulse import Felt
from sealift.agent.route import Route
from sealift.deliver import Address
from sealift.errors import ItemError, SealiftError, SourceChangedError, TransientError
from sealift.events import NotReady, Observer
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Due, Failed
from sealift.ledger.uploads import DeliveryParts
from sealift.sealing.parcel import Parcel
from sealift.sources.base import Candidate

LEASE_SECONDS = 3600.0
"""A due delivery that was taken up is not offered again for so long."""

READ_AGAIN_SECONDS = 5.0


class Resealing:
    """Takes up waiting deliveries.

    Args:
        route: The route.
        ledger: Its ledger.
        wall: Seconds since 1970.
        notify: Who is told.
        beat: Called while a large file is read.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        *,
        wall: Callable[[], float],
        notify: Observer,
        beat: Callable[[], None],
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._wall = wall
        self._notify = notify
        self._beat = beat

    def jobs(self, lane: Lane, due: Sequence[Due]) -> list[Job]:
        """Make jobs of waiting deliveries: seal the file again and compare it with the reservation.

        Where the file is gone or another, the job only looks whether an earlier
        attempt arrived.
        """
        self._ledger.claim(due, until=self._wall() + LEASE_SECONDS)
        jobs: list[Job] = []
        for one in due:
            try:
                parcel, gone = self._again(one)
            except TransientError as error:
                self._wait(one, error)
                continue
            jobs.append(
                Job(
                    seq=one.item.seq,
                    path=one.item.path,
                    identity=one.item.identity,
                    lane=lane,
                    address=Address(
                        key=one.delivery.key, put_id=one.item.id, sha256=one.item.sha256
                    ),
                    parcel=parcel,
                    gone=gone,
                    tries=one.delivery.tries,
                    last_code=one.delivery.code,
                    part_log=part_log_for(self._ledger, one.item.seq, lane, parcel, self._wall),
                )
            )
        return jobs

    def _again(self, due: Due) -> tuple[Parcel | None, str]:
        item = due.item
        found = self._route.source.look(item.path, item.identity.device)
        if found is None:
            return None, "The file is gone."
        if not found.identity.same_file(item.identity):
            return None, "The file was replaced by another version."
        try:
            parcel = sealed(self._route, found, self._beat)
        except (SourceChangedError, ItemError):
            return None, "The file was replaced by another version."
        if parcel.sha256 != item.sha256:
            return None, "Sealing the file gives other bytes than before."
        return parcel, ""

    def _wait(self, due: Due, error: SealiftError) -> None:
        self._ledger.record(
            (),
            [
                Failed(
                    seq=due.item.seq,
                    destination=due.delivery.destination,
                    code=error.code,
                    error=str(error),
                    next_try_at=self._wall() + READ_AGAIN_SECONDS,
                )
            ],
        )
        self._notify(
            NotReady(
                route=self._route.name, name=self._route.told(due.item.path), reason=str(error)
            )
        )


def sealed(route: Route, candidate: Candidate, beat: Callable[[], None]) -> Parcel:
    """Read *candidate* and seal it, a large one without holding it; call *beat* meanwhile.

    Raises:
        ItemError: It cannot go as it is.
        TransientError: It cannot be read now, or changed.
    """
    body = route.source.read(candidate)
    if isinstance(body, bytes):
        return route.sealer.seal(body, candidate.path)
    felt = Felt(body, beat)
    try:
        return route.sealer.seal_large(felt, candidate.path)
    finally:
        felt.let_go()


def part_log_for(
    ledger: Ledger, seq: int, lane: Lane, parcel: Parcel | None, wall: Callable[[], float]
) -> DeliveryParts | None:
    """Give the log of a large delivery's parts; None for a small one."""
    if parcel is None or isinstance(parcel.body, bytes):
        return None
    return DeliveryParts(ledger, seq, lane.name, wall)
