"""Brings MongoDB to what the stored document says: whole sets only, and no more than differs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from sealift.datasets.document import Document, DocumentReader, Key, digest_of, fingerprint
from sealift.datasets.happenings import DatasetProgressed, DatasetSynced
from sealift.datasets.mongo import Mongo
from sealift.datasets.mongo_state import Changes, Live, State
from sealift.datasets.options import DatasetOptions, MongoOptions
from sealift.datasets.publishing import Surroundings
from sealift.datasets.replacing import Replacement, prove
from sealift.datasets.snapshots import put_snapshot
from sealift.datasets.stored import StoredText, unpack
from sealift.destinations.versioned import VersionedStore
from sealift.errors import (
    ConfigError,
    InvalidContentError,
    KeyCollisionError,
    NoTransactionsError,
    OutcomeUnknownError,
    OvertakenError,
    StaleDocumentError,
    TransientError,
)
from sealift.events import Observer

TRIES: Final = 3
LARGEST_TRANSACTION: Final = 20_000
"""More changes than this are no matter for a transaction: the server gives it a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWishes:
    """How a sync is wanted."""

    force: bool = False
    """Also an older document, and also over a collection that no sync has written."""

    again: bool = False
    """Compare although the object is the one that was synced last."""


class Syncer:
    """Syncs one object to one collection.

    Args:
        reader: Reads documents of the dataset.
        store: Where the object is.
        mongo: Where the records go.
        options: The dataset's, and those of its database.
        worker: Name of this state directory, for its copies; no two may have the same.
        notify: Who is told how far it is.
        surroundings: Clock and chance.
    """

    def __init__(
        self,
        reader: DocumentReader,
        store: VersionedStore,
        mongo: Mongo,
        options: tuple[DatasetOptions, MongoOptions],
        *,
        worker: str,
        notify: Observer,
        surroundings: Surroundings,
    ) -> None:
        self._reader = reader
        self._store = store
        self._mongo = mongo
        self._options, self._mongo_options = options
        self._worker = worker
        self._notify = notify
        self._around = surroundings
        self._route = reader.dataset.name

    def sync(self, name: str, wishes: SyncWishes) -> DatasetSynced:
        """
        Bring the collection to what the object *name* says, if they differ.

        Killed at any moment and run again, it comes to the same end. Readers see the
        set from before or the new one.

        Raises:
            InvalidContentError: The object is damaged, or not what the dataset says.
            StaleDocumentError: The collection holds a newer document.
            KeyCollisionError: The collection holds what no sync has written.
            TransientError: It may work later. In every case the collection keeps what it
                had, or has the new set whole.
            PausedError: Credentials, rights, bucket.
        """
        began = self._around.ticking()
        for _ in range(TRIES - 1):
            with suppress(OvertakenError):
                return self._sync(name, wishes, began)
        return self._sync(name, wishes, began)

    def _sync(self, name: str, wishes: SyncWishes, began: float) -> DatasetSynced:
        key = self._store.prefix + name
        url = self._store.url(key)
        state = self._mongo.state()
        self._refuse_other_mode(state)
        if not wishes.again and self._is_current(key, url, state):
            return self._report(state.live, began, outcome="unchanged")
        stored = self._read(key, url)
        document = self._reader.read(stored.text, url)
        if not (wishes.force or stored.forced):
            self._refuse_stale(document, state, url)
        self._fence(state)
        live = Live(
            url=url,
            etag=stored.etag,
            mode=self._mongo_options.mode,
            version=document.version,
            records=document.count,
            sha256=document.sha256,
        )
        if self._mongo_options.mode == "snapshot":
            claimed = self._mongo.claim(state, self._replacement().name)
            keep = self._mongo_options.keep
            put_snapshot(
                self._mongo, self._reader.dataset, document, stored, claimed=claimed, keep=keep
            )
            self._mongo.settle(claimed, live)
            return self._report(live, began, way="snapshot")
        return self._sync_records(document, state, live, wishes, began)

    def _fence(self, state: State) -> None:
        """See to it that no earlier sync, killed or slow, changes the collection any more."""
        if state.pending:
            self._mongo.drop(state.pending)  # else it might still be renamed
        if state.session is not None:
            self._mongo.end_session(state.session)

    def _is_current(self, key: str, url: str, state: State) -> bool:
        if state.pending or not state.live.etag:
            return False
        found = self._store.head(key)
        if found is None:
            raise self._nothing(url)
        return (found.etag, url) == (state.live.etag, state.live.url)

    def _read(self, key: str, url: str) -> StoredText:
        found = self._store.read(key)
        if found is None:
            raise self._nothing(url)
        stored = unpack(found, self._reader.max_bytes, url)
        if not stored.signed and self._options.unsigned == "refuse":
            raise InvalidContentError(
                f"Nothing proves that {url} is whole: no push has stored it, or its metadata "
                "was lost.",
                hint=f"Publish it with sealift dataset push {self._route}, or set "
                'unsigned = "accept".',
            )
        return stored

    def _sync_records(
        self, document: Document, state: State, live: Live, wishes: SyncWishes, began: float
    ) -> DatasetSynced:
        prints = {r[self._reader.dataset.record_key]: fingerprint(r) for r in document.records}
        digest = digest_of(prints.values())
        live = replace(live, digest=digest)
        empty = self._mongo.is_empty()
        if not empty and state.revision == 0 and not wishes.force:
            raise KeyCollisionError(
                f"The collection {self._mongo.place} holds documents that no sync has written; "
                "they were not touched.",
                hint="Set another collection, or use --force to replace them.",
            )
        changes = (
            Changes(added=document.records, changed=(), removed=())
            if empty
            else self._differences(document, prints)
        )
        way = self._write(document, changes, state, live, empty=empty)
        return self._report(live, began, changes=changes, way=way)

    def _differences(self, document: Document, prints: dict[Key, bytes]) -> Changes:
        """Compare the collection with the document, record by record."""
        told = self._telling("compare", document.count)
        waiting = {r[self._reader.dataset.record_key]: r for r in document.records}
        changed, removed = [], []
        for number, (key, record) in enumerate(self._mongo.read()):
            # Others' documents may have a key of any kind; true would be taken for 1.
            known = isinstance(key, int | float | str) and not isinstance(key, bool)
            wanted = waiting.pop(key, None) if known else None
            if wanted is None:
                removed.append(key)
            elif fingerprint(record) != prints[key]:
                changed.append(wanted)
            if number % 10_000 == 0:
                told(number)
        return Changes(added=list(waiting.values()), changed=changed, removed=removed)

    def _write(
        self, document: Document, changes: Changes, state: State, live: Live, *, empty: bool
    ) -> str:
        """Write what differs; give the way in which it was done."""
        if not changes.count:
            claimed = self._mongo.claim(state, self._replacement().name)
            self._mongo.index()  # a killed sync may not have come so far
            self._mongo.settle(claimed, live)
            return ""
        told = self._telling("write", changes.count)
        if self._suits_a_transaction(changes, document.count, empty=empty):
            try:
                self._mongo.index()
                self._mongo.transact(state, changes, live, told)
            except NoTransactionsError:
                pass  # a server that is none of a set, though it said so
            else:
                self._prove_committed(state, live)
                return "transaction"
        anew = empty or changes.count > document.count // 2
        self._replacement().put(document.records, changes, state, live, anew=anew, first=empty)
        return "rename"

    def _suits_a_transaction(self, changes: Changes, records: int, *, empty: bool) -> bool:
        switch = self._mongo_options.switch
        if empty or switch == "rename":
            return False
        few = changes.count <= min(LARGEST_TRANSACTION, max(1000, records // 5))
        return (few or switch == "transaction") and self._mongo.can_transact()

    def _prove_committed(self, state: State, live: Live) -> None:
        try:
            prove(self._mongo, self._mongo.collection, live, self._telling)
        except OutcomeUnknownError:
            # The next sync shall compare, and not believe that this one came out right.
            after = replace(state, revision=state.revision + 1)
            self._mongo.settle(after, replace(live, etag=""))
            raise

    def _report(
        self,
        live: Live,
        began: float,
        *,
        outcome: str = "synced",
        changes: Changes | None = None,
        way: str = "",
    ) -> DatasetSynced:
        return DatasetSynced(
            route=self._route,
            url=live.url,
            place=self._mongo.place,
            outcome=outcome,
            version=live.version,
            records=live.records,
            added=len(changes.added) if changes else 0,
            changed=len(changes.changed) if changes else 0,
            removed=len(changes.removed) if changes else 0,
            way=way,
            sha256=live.sha256,
            digest=live.digest,
            etag=live.etag,
            seconds=self._around.ticking() - began,
        )

    def _refuse_stale(self, document: Document, state: State, url: str) -> None:
        there, here = state.live.version, document.version
        if there is not None and here is not None and here < there:
            raise StaleDocumentError(
                f"{self._mongo.place} holds a newer document: its "
                f"{self._reader.dataset.version} is {there}, and that of {url} is {here}. "
                "Nothing was written.",
                hint="Push the newest; or use --force, if the older one is wanted.",
            )

    def _refuse_other_mode(self, state: State) -> None:
        mode = state.live.mode
        if mode and mode != self._mongo_options.mode:
            raise ConfigError(
                f'{self._mongo.place} was written with mode = "{mode}".',
                hint="Set another collection for this mode.",
            )

    def _nothing(self, url: str) -> TransientError:
        return TransientError(
            f"There is no object {url}; MongoDB keeps what it has.",
            hint=f"Push one first: sealift dataset push {self._route} FILE.",
        )

    def _replacement(self) -> Replacement:
        return Replacement(
            self._mongo,
            self._worker,
            now=self._around.clock(),
            chance=self._around.random(6),
            telling=self._telling,
        )

    def _telling(self, doing: str, records: int) -> Callable[[int], object]:
        def told(done: int) -> None:
            event = DatasetProgressed(route=self._route, doing=doing, done=done, records=records)
            self._notify(event)

        return told
