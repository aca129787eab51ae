"""From outcomes to the ledger, and from the ledger to the folder: record, settle, finish."""

from collections.abc import Callable, Sequence

from sealift.agent.health import Gate
from sealift.agent.job import Job, Outcome
from sealift.agent.prepared import Settleable
from sealift.agent.route import Conflict, Route, suffixed
from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    ItemError,
    ItemRefusedError,
    KeyCollisionError,
    OutcomeUnknownError,
    PermanentError,
    SealiftError,
    SourceChangedError,
    SourceFolderError,
    TransientError,
)
from sealift.events import (
    AttemptFailed,
    Delivered,
    Observer,
    Quarantined,
    Settled,
    Vanished,
)
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import Arrived, Failed, Identity

ABSENT_ONCE = "absent_once"
"""Code of a delivery that was looked for in vain after an unclear answer."""

LATE_LANDING_SECONDS = 60.0
"""How long a request whose answer was lost may still be on its way."""

DENIED_TRIES = 5
"""An item denied so often, while others go through, is denied for its own key."""


class Accounts:
    """Records what came of jobs and settles what is complete.

    Args:
        route: The route.
        ledger: Its ledger.
        wall: Seconds since 1970.
        random: Gives numbers from 0 to 1.
        notify: Who is told.
    """

    def __init__(
        self,
        route: Route,
        ledger: Ledger,
        *,
        wall: Callable[[], float],
        random: Callable[[], float],
        notify: Observer,
    ) -> None:
        self._route = route
        self._ledger = ledger
        self._wall = wall
        self._random = random
        self._notify = notify

    def record(self, outcomes: Sequence[Outcome]) -> list[Settleable]:
        """Record how attempts ended, as one commit where none is special.

        Returns:
            The items that every destination has now.

        Raises:
            PermanentError: Something is wrong that is no item's fault, such as
                a ledger that cannot be written.
        """
        arrived: list[Outcome] = []
        failed: list[Failed] = []
        unattempted: list[tuple[int, str, float]] = []
        for outcome in outcomes:
            job, error = outcome.job, outcome.error
            if not outcome.attempted:
                unattempted.append((job.seq, job.lane.name, 0.0))
            elif outcome.stored is not None:
                arrived.append(outcome)
            elif error is None:
                failed.extend(self._absent(job))
            elif isinstance(error, ItemError):
                self._refused(job, error)
            elif isinstance(error, PermanentError):
                raise error
            else:
                failed.extend(self._failed(job, error))
        if unattempted:
            self._ledger.postpone(unattempted)
        if not arrived and not failed:
            return []
        now = self._wall()
        whole = self._ledger.record(
            [
                Arrived(seq=o.job.seq, destination=o.job.lane.name, etag=o.stored.etag, now=now)
                for o in arrived
                if o.stored
            ],
            failed,
        )
        return self._complete(arrived, whole)

    def named(self, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
        """Part the jobs whose keys were just named from those that ended.

        An old presigner may give two items one key, and its URLs replace what is there:
        the second item ends here.
        """
        named: list[Outcome] = []
        ended: list[Outcome] = []
        given: set[str] = set()
        for outcome in outcomes:
            job, key = outcome.job, outcome.key
            if not key:
                ended.append(outcome)
            elif self._is_anothers(key, job, given):
                ended.append(Outcome(job=job, error=_taken(job.lane.name)))
            else:
                given.add(key)
                named.append(outcome)
        return named, ended

    def _is_anothers(self, key: str, job: Job, given: set[str]) -> bool:
        """Tell whether a put under *key* would replace what another item has there."""
        if job.lane.destination.capabilities.conditional_create:
            return False
        return key in given or self._ledger.has_key(job.lane.name, key, but=job.seq)

    def name(self, outcomes: Sequence[Outcome]) -> None:
        """Fix the keys that destinations named; only then may anything be put under them."""
        keys = [(o.key, o.job.seq, o.job.lane.name) for o in outcomes if o.key != o.job.address.key]
        if keys:
            self._ledger.rekey(keys)

    def settle(
        self, items: Sequence[Settleable]
    ) -> tuple[list[tuple[int, bytes]], SourceFolderError | None]:
        """Settle sources.

        Returns:
            What the ledger should remember as done: each item with its file's path
            now; and why the folder does not allow it, if it does not. What could
            not be settled is tried again by the next scan.
        """
        settled: list[tuple[int, bytes]] = []
        problem: SourceFolderError | None = None
        for item in items:
            try:
                after = self._route.source.settle(item.path, item.identity, item.item_id)
            except SourceChangedError:
                # Another version is there now. It is a new item as soon as this one is done.
                after = b""
                self._ledger.done([(item.seq, after)], self._wall())
                self._offer_again(item.path, item.identity)
            except SourceFolderError as error:
                problem = error
                continue
            settled.append((item.seq, after))
            self._notify(
                Settled(
                    route=self._route.name,
                    item_id=item.item_id,
                    name=self._route.told(item.path),
                    settled_as=self._route.told_after(item.path, after),
                )
            )
        return settled, problem

    def _complete(self, arrived: Sequence[Outcome], whole: set[int]) -> list[Settleable]:
        complete: dict[int, Settleable] = {}
        for outcome in arrived:
            job = outcome.job
            self._notify(
                Delivered(
                    route=self._route.name,
                    item_id=job.address.put_id,
                    name=self._route.told(job.path),
                    destination=job.lane.name,
                    url=job.lane.destination.url(job.address.key),
                    size=job.parcel.size if job.parcel else 0,
                    sha256=job.address.sha256,
                    tries=job.tries + 1,
                    redactions=job.parcel.redactions if job.parcel else {},
                )
            )
            if job.seq in whole:
                complete[job.seq] = Settleable(
                    seq=job.seq,
                    item_id=job.address.put_id,
                    path=job.path,
                    identity=job.identity,
                )
        return list(complete.values())

    def _failed(self, job: Job, error: SealiftError) -> list[Failed]:
        """Decide when the item is tried again; a closed destination decides that itself."""
        if (
            isinstance(error, AccessDeniedError)
            and job.lane.health.gate is Gate.OPEN
            and job.tries + 1 >= DENIED_TRIES
        ):
            self._refused(job, error)
            return []
        open_ = job.lane.health.gate is Gate.OPEN
        schedule = self._route.schedule
        seconds = schedule.wait_seconds(error, job.tries, self._random) if open_ else 0.0
        self._notify(
            AttemptFailed(
                route=self._route.name,
                item_id=job.address.put_id,
                name=self._route.told(job.path),
                destination=job.lane.name,
                code=error.code,
                reason=str(error),
                tries=job.tries + 1,
                next_try_seconds=seconds,
            )
        )
        return [self._failure(job, error.code, str(error), seconds)]

    def _absent(self, job: Job) -> list[Failed]:
        """Nothing is at the key, and there is nothing to put any more."""
        if job.last_code in (OutcomeUnknownError.code, AlreadyThereError.code):
            reason = "Nothing is there yet; a request whose answer was lost may still arrive."
            return [self._failure(job, ABSENT_ONCE, reason, LATE_LANDING_SECONDS)]
        self._ledger.absent(job.seq, job.lane.name, reason=job.gone, now=self._wall())
        self._notify(
            Vanished(
                route=self._route.name,
                item_id=job.address.put_id,
                name=self._route.told(job.path),
                reason=job.gone,
            )
        )
        self._offer_again(job.path, job.identity)
        return []

    def _offer_again(self, path: bytes, identity: Identity) -> None:
        """Let the version that is there now come as a new item without waiting for a sweep."""
        try:
            found = self._route.source.look(path, identity.device)
        except TransientError:
            return  # a sweep will find it
        if found is not None:
            self._route.source.later(found, self._route.settle_seconds)

    def _refused(self, job: Job, error: SealiftError) -> None:
        if isinstance(error, KeyCollisionError) and self._route.on_conflict is Conflict.SUFFIX:
            key = suffixed(job.address.key, job.address.put_id)
            if key != job.address.key and job.address.put_id[-12:] not in job.address.key:
                self._ledger.rekey([(key, job.seq, job.lane.name)])
                self._ledger.postpone([(job.seq, job.lane.name, 0.0)])
                return
        self._ledger.refuse(job.seq, job.lane.name, code=error.code, reason=str(error))
        self._notify(
            Quarantined(
                route=self._route.name,
                item_id=job.address.put_id,
                name=self._route.told(job.path),
                code=error.code,
                reason=str(error),
            )
        )

    def _failure(self, job: Job, code: str, text: str, seconds: float) -> Failed:
        return Failed(
            seq=job.seq,
            destination=job.lane.name,
            code=code,
            error=text,
            # Behind what waits already, so that a closed destination is probed by turns:
            # an item that fails by itself does not keep it closed.
            next_try_at=self._wall() + seconds,
        )


def _taken(destination: str) -> ItemRefusedError:
    return ItemRefusedError(
        f"{destination} names a key for the item that another item has; "
        "its object would be replaced, so nothing was sent.",
        hint="Let the presigner make a key of its own for each request, then release the item.",
    )
