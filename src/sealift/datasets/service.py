"""What can be done with a configured dataset: push, sync, verify, roll back, look at its past."""

import getpass
import socket
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from sealift.datasets.copies import Copies, DatedCopy
from sealift.datasets.document import DocumentReader, Key, Record
from sealift.datasets.happenings import DatasetSynced
from sealift.datasets.log import DatasetLog, DatasetRun
from sealift.datasets.mongo import Mongo
from sealift.datasets.options import DatasetConfig, MongoOptions
from sealift.datasets.publishing import Surroundings
from sealift.datasets.pushing import Pusher, PushReport
from sealift.datasets.queue import SqsNotices
from sealift.datasets.rolling_back import chosen
from sealift.datasets.stored import unpack, version_named
from sealift.datasets.syncing import Syncer, SyncWishes
from sealift.datasets.verifying import Verified, verify
from sealift.datasets.watching import Clockwork, Watch
from sealift.destinations.base import SHA256
from sealift.destinations.s3_options import S3Options
from sealift.destinations.s3_versions import S3Versions
from sealift.destinations.versioned import Version, VersionedStore
from sealift.errors import ConfigError, InvalidContentError, TransientError
from sealift.events import Observer, ignore


class DatasetService:
    """A dataset with its stores, its database and its ledger. Close it, or use it in `with`.

    Args:
        config: The dataset, and where it goes.
        state_dir: Folder of its ledger.
        notify: Who is told of what happens.
        surroundings: Clock, sleep and chance.
        open_store: Makes the store of a destination.

    Raises:
        ConfigError: The options cannot be right.
        StateError: The ledger cannot be used.
    """

    def __init__(
        self,
        config: DatasetConfig,
        state_dir: Path,
        *,
        notify: Observer = ignore,
        surroundings: Surroundings | None = None,
        open_store: Callable[[S3Options], VersionedStore] = S3Versions,
    ) -> None:
        dataset, options = config.dataset, config.options
        if not config.destinations:
            raise ConfigError(
                f"The dataset {dataset.name} has no destination.",
                hint=f"Add [datasets.{dataset.name}.destination].",
            )
        self.config = config
        self._notify = notify
        self._around = surroundings or Surroundings()
        self._reader = DocumentReader(dataset, options.max_document_bytes)
        with ExitStack() as opening:
            self._stores = [
                opening.enter_context(closing(open_store(one))) for one in config.destinations
            ]
            self._log = opening.enter_context(DatasetLog(state_dir, who=who()))
            self._open = opening.pop_all()
        self._store = self._stores[0]

    def close(self) -> None:
        """Let go of connections and files."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def push(self, text: bytes, name: str = "", *, force: bool = False) -> PushReport:
        """
        Check a document, and publish it in every destination; repeating it is harmless.

        Args:
            text: The JSON text.
            name: Name of the object under each prefix; the dataset's own if empty.
            force: Also over a newer document, and over what is none.

        Raises:
            SealiftError: As `Pusher.push`.
        """
        return self._pusher().push(text, name or self._name, "push", force=force)

    def sync(self, name: str = "", wishes: SyncWishes | None = None) -> DatasetSynced:
        """
        Bring MongoDB to what the object in the first destination says, if they differ.

        Args:
            name: Name of the object under the prefix; the dataset's own if empty.
            wishes: How it is wanted.

        Raises:
            SealiftError: As `Syncer.sync`.
        """
        wishes = wishes or SyncWishes()
        name = name or self._name
        dataset, clock = self.config.dataset.name, self._around.clock
        with closing(self._mongo()) as mongo, self._log.alone(mongo.place):
            place = f"{self._url(name)} → {mongo.place}"
            with self._log.remembering(dataset, "sync", place, clock) as run:
                done = self._syncer(mongo).sync(name, wishes)
                run.outcome = done.outcome
                run.facts = {
                    "version": done.version,
                    "records": done.records,
                    "sha256": done.sha256,
                    "etag": done.etag,
                }
        self._notify(done)
        return done

    def watch(self, name: str = "") -> Watch:
        """
        Make what keeps syncing, by `poll_seconds` and `queue_url` of the dataset; run it.

        Args:
            name: Name of the object under the prefix; the dataset's own if empty.

        Raises:
            ConfigError: The queue's URL is none.
        """
        options = self.config.options
        queue = options.queue_url
        notices = SqsNotices(queue, self.config.destinations[0]) if queue else Clockwork()
        return Watch(
            lambda: self.sync(name),
            notices,
            poll_seconds=options.poll_seconds,
            notify=self._notify,
            dataset=self.config.dataset.name,
        )

    def verify(self, name: str = "") -> Verified:
        """
        Compare MongoDB with the object, record by record; nothing is changed.

        Args:
            name: Name of the object under the prefix; the dataset's own if empty.

        Raises:
            InvalidContentError: The object is damaged, or not what the dataset says.
            TransientError: There is no object, or it could not be compared now.
            PausedError: Credentials, rights, bucket.
        """
        name = name or self._name
        url = self._url(name)
        stored = unpack(self._found(self._store.prefix + name), self._reader.max_bytes, url)
        document = self._reader.read(stored.text, url)
        with closing(self._mongo()) as mongo:
            records = self._records(mongo)
            return verify(document, records, url, self.config.dataset.name, mongo)

    def copies(self, name: str = "") -> list[DatedCopy]:
        """List the dated copies in the first destination, the oldest first."""
        return list(Copies(self._store, self.config.options).list(name or self._name))

    def rollback(self, to: str = "", name: str = "") -> PushReport:
        """
        Publish an earlier document again, from its dated copy in the first destination.

        Args:
            to: The copy's key, its day (`2026-11-22`, its last copy) or its version; empty
                for the newest that is older than what is published now.
            name: As with `push`.

        Raises:
            UsageError: There is no such copy.
            TransientError: There is no earlier copy.
            SealiftError: As `Pusher.push`.
        """
        name = name or self._name
        now = self._store.read(self._store.prefix + name)
        metadata = now.metadata if now else {}
        version = version_named(self.config.dataset.version, metadata)
        copy = chosen(self.copies(name), to, metadata.get(SHA256, ""), version)
        url = self._store.url(copy.key)
        stored = unpack(self._found(copy.key), self._reader.max_bytes, url)
        if not stored.signed:
            raise InvalidContentError(
                f"Nothing proves that {url} is what was published.", hint="Choose another copy."
            )
        return self._pusher().push(stored.text, name, "rollback", force=True)

    def runs(self, limit: int = 20) -> list[DatasetRun]:
        """Tell what was pushed and synced from this state directory, the newest first."""
        return self._log.runs(self.config.dataset.name, limit)

    @property
    def _name(self) -> str:
        return self.config.options.key or self.config.dataset.object_name

    def _url(self, name: str) -> str:
        return self._store.url(self._store.prefix + name)

    def _found(self, key: str) -> Version:
        found = self._store.read(key)
        if found is None:
            raise TransientError(
                f"There is no object {self._store.url(key)}.", hint="Push a document first."
            )
        return found

    def _pusher(self) -> Pusher:
        return Pusher(
            reader=self._reader,
            stores=self._stores,
            options=self.config.options,
            log=self._log,
            notify=self._notify,
            around=self._around,
        )

    def _mongo_options(self) -> MongoOptions:
        if self.config.mongo is None:
            raise ConfigError(
                f"The dataset {self.config.dataset.name} has no MongoDB.",
                hint=f"Add [datasets.{self.config.dataset.name}.mongo] with a uri.",
            )
        return self.config.mongo

    def _mongo(self) -> Mongo:
        return Mongo(self._mongo_options(), self.config.dataset)

    def _syncer(self, mongo: Mongo) -> Syncer:
        return Syncer(
            self._reader,
            self._store,
            mongo,
            (self.config.options, self._mongo_options()),
            worker=self._log.worker,
            notify=self._notify,
            surroundings=self._around,
        )

    def _records(self, mongo: Mongo) -> Iterable[tuple[Key, Record]]:
        if self._mongo_options().mode == "records":
            return mongo.read()
        newest = mongo.newest_snapshot() or {}
        key = self.config.dataset.record_key
        return [(record[key], record) for record in newest.get(self.config.dataset.array, [])]


def who() -> str:
    """Name the user and the machine."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = "?"
    return f"{user}@{socket.gethostname()}"
