"""From candidates to jobs: read, seal, and reserve a key for each, one commit a batch."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sealift.agent.lane import Job, Lane
from sealift.agent.route import Route
from sealift.deliver import Address
from sealift.errors import (
    InvalidContentError,
    ItemError,
    SealiftError,
    SourceChangedError,
    SourceRefusedError,
    TransientError,
)
from sealift.events import DuplicateSuppressed, NotReady, Observer, Quarantined
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Due, Failed, Identity, ItemState, NewItem
from sealift.ledger.uploads import DeliveryParts
from sealift.naming import new_id
from sealift.sealing.parcel import Parcel
from sealift.sources.base import Candidate

UNREADABLE_TRIES = 3
"""A file that cannot be read so many times in a row goes into quarantine."""

READ_AGAIN_SECONDS = 5.0

# What to do with a candidate whose path the ledger knows, in this very version.
_WAITS = frozenset({ItemState.RESERVED, ItemState.QUARANTINED, ItemState.DROPPED})
_SETTLE = frozenset({ItemState.DELIVERED, ItemState.DONE})


@dataclass(slots=True, kw_only=True)
class Settleable:
    """An item that every destination has and whose source is to be settled."""

    seq: int
    item_id: str
    path: bytes
    identity: Identity


@dataclass(slots=True, kw_only=True)
class _Sealed:
    candidate: Candidate
    item: NewItem
    parcel: Parcel
    known: bool
    """The ledger knows an earlier item of this path."""


class Intake:
    """Turns what the source offers, and what the ledger says is due, into jobs.

    Args:
        route: The route.
        ledger: Its ledger.
        lanes: Its lanes.
        wall: Seconds since 1970.
        random: Gives so many random bytes.
        notify: Who is told.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        lanes: Sequence[Lane],
        *,
        wall: Callable[[], float],
        notify: Observer,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._lanes = lanes
        self._wall = wall
        self._random = random
        self._notify = notify
        self._unreadable: dict[bytes, int] = {}

    def fresh(self, candidates: Sequence[Candidate]) -> tuple[list[Job], list[Settleable]]:
        """Seal and reserve what is new among *candidates*.

        Returns:
            Jobs for every lane, their keys durably reserved; and items that are
            delivered already and only wait to be settled.
        """
        known = self._ledger.newest(self._route.name, [c.path for c in candidates])
        refused: list[tuple[NewItem, str, str]] = []
        sealed: list[_Sealed] = []
        settle: list[Settleable] = []
        replaced: list[bytes] = []
        for candidate in candidates:
            newest = known.get(candidate.path)
            if newest is not None:
                identity, state = newest
                same = identity.same_file(candidate.identity)
                # A reserved item whose file has changed is looked into when it is due.
                if state is ItemState.RESERVED or (same and state in _WAITS):
                    continue
                if same and state in _SETTLE:
                    settle.extend(self._settle_again(candidate))
                    continue
                if state is ItemState.QUARANTINED:
                    replaced.append(candidate.path)
            try:
                sealed.append(self._seal(candidate, known=newest is not None))
            except ItemError as error:
                if not self._may_still_grow(candidate, error):
                    refused.append((self._item(candidate), error.code, str(error)))
            except TransientError as error:
                refused.extend(self._put_off(candidate, error))
        self._ledger.supersede(self._route.name, replaced, now=self._wall())
        self._quarantine(refused)
        settle.extend(self._adopt(sealed))
        return self._reserve(sealed), settle

    def due(self, lane: Lane, due: Sequence[Due]) -> list[Job]:
        """Make jobs of waiting deliveries: seal the file again and compare it with the reservation.

        Where the file is gone or another, the job only looks whether an earlier
        attempt arrived.
        """
        self._ledger.claim(due)
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
                    part_log=self._part_log(one.item.seq, lane, parcel),
                )
            )
        return jobs

    # Sealing --------------------------------------------------------------------------------

    def _seal(self, candidate: Candidate, *, known: bool) -> _Sealed:
        if candidate.refusal:
            raise SourceRefusedError(
                f"The path is {candidate.refusal}, not a plain file; it was not opened.",
                hint="Put the file itself there.",
            )
        parcel = self._parcel(candidate)
        if self._unreadable:
            self._unreadable.pop(candidate.path, None)
        return _Sealed(
            candidate=candidate,
            item=self._item(candidate, parcel),
            parcel=parcel,
            known=known,
        )

    def _parcel(self, candidate: Candidate) -> Parcel:
        body = self._route.source.read(candidate)
        if isinstance(body, bytes):
            return self._route.sealer.seal(body, candidate.path)
        return self._route.sealer.seal_large(body, candidate.path)

    def _item(self, candidate: Candidate, parcel: Parcel | None = None) -> NewItem:
        now = self._wall()
        return NewItem(
            id=new_id(now, self._random),
            route=self._route.name,
            path=candidate.path,
            identity=candidate.identity,
            now=now,
            sha256=parcel.sha256 if parcel else "",
            sealed_size=parcel.size if parcel else 0,
            policy=self._route.sealer.policy,
            redactions=parcel.redactions if parcel else {},
        )

    def _again(self, due: Due) -> tuple[Parcel | None, str]:
        item = due.item
        found = self._route.source.look(item.path, item.identity.device)
        if found is None:
            return None, "The file is gone."
        if not found.identity.same_file(item.identity):
            return None, "The file was replaced by another version."
        try:
            parcel = self._parcel(found)
        except (SourceChangedError, ItemError):
            return None, "The file was replaced by another version."
        if parcel.sha256 != item.sha256:
            return None, "Sealing the file gives other bytes than before."
        return parcel, ""

    # Decisions ------------------------------------------------------------------------------

    def _may_still_grow(self, candidate: Candidate, error: ItemError) -> bool:
        """Tell whether an invalid document may be half of a good one; then look again later."""
        if not isinstance(error, InvalidContentError):
            return False
        remaining = self._route.growth_seconds - (self._wall() - candidate.changed_at)
        if not 0 < remaining <= self._route.growth_seconds:
            return False
        self._route.source.later(candidate, remaining)
        self._tell_not_ready(candidate, f"It may still be written: {error.message}")
        return True

    def _put_off(
        self, candidate: Candidate, error: TransientError
    ) -> list[tuple[NewItem, str, str]]:
        if isinstance(error, SourceChangedError):
            self._route.source.later(candidate, 0.1)
            return []
        tries = self._unreadable.get(candidate.path, 0) + 1
        if tries >= UNREADABLE_TRIES:
            self._unreadable.pop(candidate.path, None)
            return [(self._item(candidate), error.code, str(error))]
        if len(self._unreadable) < 10_000:
            self._unreadable[candidate.path] = tries
        self._route.source.later(candidate, READ_AGAIN_SECONDS)
        self._tell_not_ready(candidate, str(error))
        return []

    def _settle_again(self, candidate: Candidate) -> Iterator[Settleable]:
        """Find the item of a file that should be settled already: its rename was lost."""
        item = self._ledger.newest_item(self._route.name, candidate.path)
        if item is not None and item.settled_as != item.path:
            yield Settleable(seq=item.seq, item_id=item.id, path=item.path, identity=item.identity)

    def _adopt(self, sealed: list[_Sealed]) -> Iterator[Settleable]:
        """Take out of *sealed* what was delivered before with the same name and bytes."""
        if not any(one.known for one in sealed):
            return
        found = [
            (one, earlier)
            for one in sealed
            if one.known
            and (
                earlier := self._ledger.delivered_before(
                    self._route.name, one.item.path, one.item.sha256
                )
            )
        ]
        for one, _earlier in found:
            sealed.remove(one)
        seqs = self._ledger.adopt([(one.item, earlier.id) for one, earlier in found])
        for seq, (one, earlier) in zip(seqs, found, strict=True):
            self._notify(
                DuplicateSuppressed(
                    route=self._route.name,
                    item_id=one.item.id,
                    name=os.fsdecode(one.item.path),
                    earlier_id=earlier.id,
                )
            )
            yield Settleable(
                seq=seq, item_id=one.item.id, path=one.item.path, identity=one.item.identity
            )

    # The ledger -----------------------------------------------------------------------------

    def _reserve(self, sealed: Sequence[_Sealed]) -> list[Job]:
        reservations = []
        unnameable: list[tuple[NewItem, str, str]] = []
        for one in sealed:
            item = one.item
            try:
                keys = self._route.keys(
                    item.path,
                    item_id=item.id,
                    sha256=item.sha256,
                    mtime_ns=item.identity.mtime_ns,
                    now=item.now,
                )
            except ItemError as error:
                unnameable.append((item, error.code, str(error)))
            else:
                reservations.append((one, keys))
        self._quarantine(unnameable)
        if not reservations:
            return []
        seqs = self._ledger.reserve([(one.item, keys) for one, keys in reservations])
        return [
            Job(
                seq=seq,
                path=one.item.path,
                identity=one.item.identity,
                lane=lane,
                address=Address(key=keys[lane.name], put_id=one.item.id, sha256=one.parcel.sha256),
                parcel=one.parcel,
                part_log=self._part_log(seq, lane, one.parcel),
            )
            for seq, (one, keys) in zip(seqs, reservations, strict=True)
            for lane in self._lanes
        ]

    def _part_log(self, seq: int, lane: Lane, parcel: Parcel | None) -> DeliveryParts | None:
        if parcel is None or isinstance(parcel.body, bytes):
            return None
        return DeliveryParts(self._ledger, seq, lane.name, self._wall)

    def _quarantine(self, refused: Sequence[tuple[NewItem, str, str]]) -> None:
        if not refused:
            return
        self._ledger.quarantine_new(refused)
        for item, code, reason in refused:
            self._notify(
                Quarantined(
                    route=self._route.name,
                    item_id=item.id,
                    name=os.fsdecode(item.path),
                    code=code,
                    reason=reason,
                )
            )

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
            NotReady(route=self._route.name, name=os.fsdecode(due.item.path), reason=str(error))
        )

    def _tell_not_ready(self, candidate: Candidate, reason: str) -> None:
        self._notify(
            NotReady(route=self._route.name, name=os.fsdecode(candidate.path), reason=reason)
        )
