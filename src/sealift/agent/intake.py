"""From candidates to jobs: read, seal, and reserve a key for each, one commit a batch."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

from sealift.agent.job import Job
from sealift.agent.lane import Lane
from sealift.agent.prepared import Prepared, Sealed, Settleable
from sealift.agent.resealing import READ_AGAIN_SECONDS, part_log_for, sealed
from sealift.agent.route import Conflict, Route
from sealift.deliver import Address
from sealift.errors import (
    InvalidContentError,
    ItemError,
    ShortageError,
    SourceChangedError,
    SourceRefusedError,
    TransientError,
)
from sealift.events import DuplicateSuppressed, NotReady, Observer, Quarantined
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Identity, ItemState, NewItem
from sealift.naming import new_id
from sealift.sealing.parcel import Parcel
from sealift.sources.base import Candidate

UNREADABLE_TRIES = 3
"""A file that cannot be read so many times in a row goes into quarantine."""

# What to do with a candidate whose path the ledger knows, in this very version.
_WAITS = frozenset({ItemState.RESERVED, ItemState.QUARANTINED, ItemState.DROPPED})
_SETTLE = frozenset({ItemState.DELIVERED, ItemState.DONE})


class Intake:
    """Turns what the source offers, and what the ledger says is due, into jobs.

    Args:
        route: The route.
        ledger: Its ledger.
        lanes: Its lanes.
        wall: Seconds since 1970.
        notify: Who is told.
        beat: Called while a large file is read.
        random: Gives so many random bytes.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        lanes: Sequence[Lane],
        *,
        wall: Callable[[], float],
        notify: Observer,
        beat: Callable[[], None],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._lanes = lanes
        self._wall = wall
        self._random = random
        self._notify = notify
        self._beat = beat
        self._unreadable: dict[bytes, int] = {}

    def forget_gone(self) -> None:
        """End items in quarantine that were never sent and whose files their owner took away."""
        for item in self._ledger.never_sealed(self._route.name):
            with suppress(TransientError):  # it cannot be told now
                if self._route.source.look(item.path, item.identity.device) is None:
                    reason = "The file in quarantine was taken away by its owner."
                    self._ledger.vanish(item.seq, code="vanished", reason=reason, now=self._wall())

    def prepare(self, candidates: Sequence[Candidate]) -> Prepared:
        """Read and seal what is new among *candidates*. Nothing is written."""
        known = self._ledger.newest(self._route.name, [c.path for c in candidates])
        prepared = Prepared()
        for candidate in candidates:
            newest = known.get(candidate.path)
            if newest is not None and not self._is_new(candidate, *newest, prepared):
                continue
            try:
                self._seal(candidate, prepared, known=newest is not None)
            except ItemError as error:
                if not self._may_still_grow(candidate, error):
                    prepared.refused.append((self._item(candidate), error.code, str(error)))
            except TransientError as error:
                self._put_off(candidate, error, prepared)
        return prepared

    def reserve(self, prepared: Prepared) -> tuple[list[Job], list[Settleable]]:
        """Write what was prepared.

        Returns:
            Jobs for every lane, their keys reserved; and items that are delivered
            already and only wait to be settled.
        """
        if prepared.replaced:
            self._ledger.supersede(self._route.name, prepared.replaced, now=self._wall())
        self._quarantine(prepared.refused)
        settle = prepared.settle
        if prepared.delivered:
            settle = settle + self._adopt(prepared.delivered)
        return self._reserve(prepared.sealed), settle

    # Sealing --------------------------------------------------------------------------------

    def _is_new(
        self, candidate: Candidate, identity: Identity, state: ItemState, prepared: Prepared
    ) -> bool:
        """Tell whether a candidate whose path the ledger knows is a new item."""
        same = identity.same_file(candidate.identity)
        # A reserved item whose file has changed is looked into when it is due.
        if state is ItemState.RESERVED or (same and state in _WAITS):
            return False
        if same and state in _SETTLE:
            item = self._ledger.newest_item(self._route.name, candidate.path)
            if item is not None and item.settled_as != item.path:
                prepared.settle.append(
                    Settleable(
                        seq=item.seq, item_id=item.id, path=item.path, identity=item.identity
                    )
                )
            return False
        if state is ItemState.QUARANTINED:
            prepared.replaced.append(candidate.path)
        return True

    def _seal(self, candidate: Candidate, prepared: Prepared, *, known: bool) -> None:
        if candidate.refusal:
            raise SourceRefusedError(
                f"The path is {candidate.refusal}, not a plain file; it was not opened.",
                hint="Put the file itself there.",
            )
        parcel = sealed(self._route, candidate, self._beat)
        if self._unreadable:
            self._unreadable.pop(candidate.path, None)
        item = self._item(candidate, parcel)
        if known:
            overwrites = self._route.on_conflict is Conflict.OVERWRITE
            earlier = self._ledger.delivered_before(
                item.route, item.path, item.sha256, newest=overwrites
            )
            if earlier is not None:
                prepared.delivered.append((item, earlier.id))
                return
        keys = self._route.keys(
            item.path,
            item_id=item.id,
            sha256=item.sha256,
            mtime_ns=item.identity.mtime_ns,
            now=item.now,
        )
        prepared.sealed.append(Sealed(item, parcel, keys))

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

    def _put_off(self, candidate: Candidate, error: TransientError, prepared: Prepared) -> None:
        """Look again later at what cannot be read now; not for ever."""
        if isinstance(error, SourceChangedError):
            self._route.source.later(candidate, 0.1)
            return
        if isinstance(error, ShortageError):
            self._route.source.later(candidate, READ_AGAIN_SECONDS)
            self._tell_not_ready(candidate, str(error))
            return
        tries = self._unreadable.get(candidate.path, 0) + 1
        if tries >= UNREADABLE_TRIES:
            self._unreadable.pop(candidate.path, None)
            prepared.refused.append((self._item(candidate), error.code, str(error)))
            return
        if len(self._unreadable) < 10_000:
            self._unreadable[candidate.path] = tries
        self._route.source.later(candidate, READ_AGAIN_SECONDS)
        self._tell_not_ready(candidate, str(error))

    # The ledger -----------------------------------------------------------------------------

    def _adopt(self, delivered: Sequence[tuple[NewItem, str]]) -> list[Settleable]:
        seqs = self._ledger.adopt(delivered)
        for item, earlier_id in delivered:
            self._notify(
                DuplicateSuppressed(
                    route=item.route,
                    item_id=item.id,
                    name=self._route.told(item.path),
                    earlier_id=earlier_id,
                )
            )
        return [
            Settleable(seq=seq, item_id=item.id, path=item.path, identity=item.identity)
            for seq, (item, _) in zip(seqs, delivered, strict=True)
        ]

    def _reserve(self, sealed: Sequence[Sealed]) -> list[Job]:
        if not sealed:
            return []
        seqs = self._ledger.reserve([(one.item, one.keys) for one in sealed])
        return [
            Job(
                seq=seq,
                path=one.item.path,
                identity=one.item.identity,
                lane=lane,
                address=Address(
                    key=one.keys[lane.name], put_id=one.item.id, sha256=one.item.sha256
                ),
                parcel=one.parcel,
                part_log=part_log_for(self._ledger, seq, lane, one.parcel, self._wall),
            )
            for seq, one in zip(seqs, sealed, strict=True)
            for lane in self._lanes
        ]

    def _quarantine(self, refused: Sequence[tuple[NewItem, str, str]]) -> None:
        if not refused:
            return
        self._ledger.quarantine_new(refused)
        for item, code, reason in refused:
            self._notify(
                Quarantined(
                    route=self._route.name,
                    item_id=item.id,
                    name=self._route.told(item.path),
                    code=code,
                    reason=reason,
                )
            )

    def _tell_not_ready(self, candidate: Candidate, reason: str) -> None:
        self._notify(
            NotReady(route=self._route.name, name=self._route.told(candidate.path), reason=reason)
        )
