"""Publishes one document in all its destinations, and remembers what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sealift.datasets.document import DocumentReader
from sealift.datasets.happenings import DatasetPushed
from sealift.datasets.log import DatasetLog
from sealift.datasets.options import DatasetOptions
from sealift.datasets.publishing import Published, Publisher, Sealed, Surroundings, seal
from sealift.destinations.versioned import VersionedStore
from sealift.errors import SealiftError
from sealift.events import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What a push did."""

    dataset: str
    version: int | None
    records: int
    sha256: str
    """Of the document, not compressed."""

    size: int
    """Bytes of the body as it is stored."""

    places: tuple[Published, ...]
    """In the order of the destinations."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pusher:
    """Publishes documents of a dataset in all its stores."""

    reader: DocumentReader
    stores: Sequence[VersionedStore]
    options: DatasetOptions
    log: DatasetLog
    notify: Observer
    around: Surroundings

    def push(self, text: bytes, name: str, what: str, *, force: bool) -> PushReport:
        """
        Check a document, and publish it in every store.

        Args:
            text: The JSON text.
            name: Name of the object under each prefix.
            what: `push` or `rollback`, for the ledger.
            force: Also over a newer document, and over what is none.

        Raises:
            InvalidContentError: It is not what the dataset says; nothing was sent.
            SealiftError: As `Publisher.publish`, for the first store that failed. The
                others were tried all the same; a note tells what came of them.
        """
        began = self.around.ticking()
        sealed = self._sealed(text)
        done: list[Published] = []
        failed: SealiftError | None = None
        for store in self.stores:
            try:
                done.append(self._publish(store, sealed, name, what, force=force))
            except SealiftError as error:
                failed = failed or error
        if failed:
            for one in done:
                failed.add_note(f"{one.url}: {one.outcome}.")
            raise failed
        return PushReport(
            dataset=self.reader.dataset.name,
            version=sealed.version,
            records=sealed.records,
            sha256=sealed.sha256,
            size=sealed.parcel.size,
            places=tuple(done),
            seconds=self.around.ticking() - began,
        )

    def _sealed(self, text: bytes) -> Sealed:
        """Check and pack; the records, six times the text, are let go before it is sent."""
        document = self.reader.read(text, "The document")
        return seal(text, document, self.reader.dataset.version, self.options.compress)

    def _publish(
        self, store: VersionedStore, sealed: Sealed, name: str, what: str, *, force: bool
    ) -> Published:
        began = self.around.ticking()
        dataset = self.reader.dataset.name
        place = store.url(store.prefix + name)
        facts = {"version": sealed.version, "records": sealed.records, "sha256": sealed.sha256}
        with self.log.remembering(dataset, what, place, self.around.clock) as run:
            run.facts = facts
            publisher = Publisher(self.reader, store, self.options, self.around)
            done = publisher.publish(name, sealed, force=force)
            run.outcome = done.outcome
            run.facts = facts | {"etag": done.etag}
        self.notify(
            DatasetPushed(
                route=dataset,
                url=done.url,
                outcome=done.outcome,
                version=sealed.version,
                records=sealed.records,
                sha256=sealed.sha256,
                etag=done.etag,
                size=sealed.parcel.size,
                copy=done.copy,
                seconds=self.around.ticking() - began,
            )
        )
        return done
