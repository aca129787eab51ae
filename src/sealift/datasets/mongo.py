"""MongoDB through pymongo: the state of a sync, whole collections, changes and switches."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from sealift.datasets.dataset import Dataset
from sealift.datasets.document import Key, Record
from sealift.datasets.mongo_errors import mongo_errors, no_uri, overtaken
from sealift.datasets.mongo_library import library, no_unknown_options
from sealift.datasets.mongo_state import Changes, Live, State, settling, state_of
from sealift.datasets.options import MongoOptions
from sealift.errors import ConfigError

STATES: Final = "sealift_datasets"
"""Collection with one document for each collection that is synced."""

COPY: Final = "__sealift_"
"""What follows the collection's name in the names of its copies."""

_KEPT_OPTIONS: Final = ("validator", "validationLevel", "validationAction", "collation")
_READ_AT_ONCE: Final = 20_000

Told = Callable[[int], object]
"""Is told how many records are done."""


class Mongo:
    """The database of a dataset. Writes are acknowledged by the majority.

    Args:
        options: Where it is.
        dataset: Whose records.

    Raises:
        ConfigError: The options cannot be right, or the extra is missing. Nothing is
            connected to before the first question.
    """

    def __init__(self, options: MongoOptions, dataset: Dataset) -> None:
        self._pymongo = library()
        self._options = options
        self.key = dataset.record_key
        self._indexes = dataset.indexes
        self.collection = options.collection or _usual_name(options, dataset)
        tls = {
            "tlsCAFile": options.tls_ca_file,
            "tlsCertificateKeyFile": options.tls_certificate_file,
        }
        doing = f"Opening the database of the dataset {dataset.name}"
        if not options.uri.startswith(("mongodb://", "mongodb+srv://")):
            raise no_uri(doing)
        with mongo_errors(doing), no_unknown_options(doing):
            self._client = self._pymongo.MongoClient(
                options.uri,
                appname="sealift",
                tz_aware=True,
                connect=False,
                serverSelectionTimeoutMS=int(options.connect_seconds * 1000),
                connectTimeoutMS=int(options.connect_seconds * 1000),
                socketTimeoutMS=int(options.request_seconds * 1000),
                **{name: str(path) for name, path in tls.items() if path},
            )
        database = options.database or self._client.get_default_database(default="").name
        if not database:
            raise ConfigError(
                f"The dataset {dataset.name} has no MongoDB database.",
                hint="Set database in its section mongo, or name it in the URI.",
            )
        concern = importlib.import_module("pymongo.read_concern").ReadConcern("majority")
        self._database = self._client.get_database(
            database,
            read_preference=self._pymongo.ReadPreference.PRIMARY,
            read_concern=concern,
            write_concern=self._pymongo.WriteConcern("majority"),
        )
        self.place = f"{database}.{self.collection}"
        self._doing = f"Syncing to MongoDB {self.place}"

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def can_transact(self) -> bool:
        """Tell whether the server has transactions: a replica set or a sharded cluster does."""
        with mongo_errors(self._doing):
            hello = self._client.admin.command("hello")
        return "setName" in hello or hello.get("msg") == "isdbgrid"

    def state(self) -> State:
        """Read the state; one of revision 0 if there never was a sync."""
        with mongo_errors(self._doing):
            found = self._database[STATES].find_one({"_id": self.collection})
        return state_of(found or {})

    def claim(self, state: State, pending: str) -> State:
        """Announce a change, if nobody did since *state* was read, and give the new state.

        Whoever claims later drops *pending* first, so a sync that was stopped for a while
        can never put an older set over a newer one.

        Raises:
            OvertakenError: Somebody did.
        """
        with mongo_errors(self._doing):
            self._begin(state)
            found = self._database[STATES].find_one_and_update(
                {"_id": self.collection, "revision": state.revision},
                {
                    "$set": {"revision": state.revision + 1, "pending": pending},
                    "$currentDate": {"claimed_at": True},
                },
                return_document=self._pymongo.ReturnDocument.AFTER,
            )
        if found is None:
            raise overtaken(self._doing)
        return state_of(found)

    def settle(self, state: State, live: Live) -> None:
        """Record what the collection holds now, unless somebody claimed it after *state*."""
        with mongo_errors(self._doing):
            self._database[STATES].update_one(
                {"_id": self.collection, "revision": state.revision}, settling(state, live)
            )

    def is_empty(self) -> bool:
        """Tell whether the collection is not there, or has no document."""
        with mongo_errors(self._doing):
            return self._database[self.collection].find_one({}, {"_id": 1}) is None

    def read(self, collection: str = "") -> Iterator[tuple[Key, Record]]:
        """Give each document of a collection: its `_id`, and the rest of it."""
        with mongo_errors(self._doing):
            found = self._database[collection or self.collection].find({}, batch_size=_READ_AT_ONCE)
            for document in found:
                yield document.pop("_id"), document

    def drop(self, collection: str) -> None:
        """Drop a collection; nothing there is fine as well."""
        with mongo_errors(self._doing):
            self._database.drop_collection(collection)

    def copies(self) -> list[str]:
        """List the copies that syncs have made, or are making, to replace the collection."""
        with mongo_errors(self._doing):
            names = self._database.list_collection_names()
        return [name for name in names if name.startswith(self.collection + COPY)]

    def make(self, staging: str) -> None:
        """Make an empty collection with the options of the one that it will replace."""
        with mongo_errors(self._doing):
            there = list(self._database.list_collections(filter={"name": self.collection}))
            options = there[0].get("options", {}) if there else {}
            kept = {name: options[name] for name in _KEPT_OPTIONS if name in options}
            self._database.create_collection(staging, **kept)

    def fill(self, staging: str, records: Sequence[Record], told: Told) -> None:
        """Write records into a collection, in batches."""
        size = self._options.batch_records
        with mongo_errors(self._doing):
            for start in range(0, len(records), size):
                batch = [self._document(record) for record in records[start : start + size]]
                self._database[staging].insert_many(batch, ordered=False)
                told(start + len(batch))

    def copy(self, staging: str) -> None:
        """Copy the collection on the server, into an empty one that is there."""
        # Not $out, which would make a collection without the validator.
        with mongo_errors(self._doing):
            self._database[self.collection].aggregate([{"$merge": {"into": staging}}])

    def index(self, collection: str = "") -> None:
        """Make the dataset's indexes, and those that the collection to be replaced has."""
        with mongo_errors(self._doing):
            target = self._database[collection or self.collection]
            if collection:
                specs = [
                    {name: value for name, value in spec.items() if name not in {"v", "ns"}}
                    for spec in self._database[self.collection].list_indexes()
                    if spec["name"] != "_id_"
                ]
                if specs:
                    self._database.command("createIndexes", collection, indexes=specs)
            for field in self._indexes:
                target.create_index(field)

    def change(self, collection: str, changes: Changes, told: Told) -> None:
        """Write changes into a collection, in batches."""
        with mongo_errors(self._doing):
            self._change(collection, changes, told, None)

    def transact(self, state: State, changes: Changes, live: Live, told: Told) -> None:
        """Write changes and the new state at once: readers see all of it or nothing.

        Raises:
            OvertakenError: Somebody claimed the collection since *state* was read.
            NoTransactionsError: The server has none.
        """

        def write(session: Any) -> None:
            done = self._database[STATES].update_one(
                {"_id": self.collection, "revision": state.revision},
                settling(state, live),
                session=session,
            )
            if done.matched_count == 0:
                raise overtaken(self._doing)
            self._change(self.collection, changes, told, session)

        concern = importlib.import_module("pymongo.read_concern").ReadConcern("snapshot")
        with mongo_errors(self._doing), self._client.start_session() as session:
            self._begin(state)
            # So that the next sync can end the transaction, should this one be killed in it.
            self._database[STATES].update_one(
                {"_id": self.collection, "revision": state.revision},
                {"$set": {"session": session.session_id["id"]}},
            )
            session.with_transaction(
                write,
                read_concern=concern,
                write_concern=self._pymongo.WriteConcern("majority"),
                read_preference=self._pymongo.ReadPreference.PRIMARY,
            )

    def end_session(self, session: Any) -> None:
        """End the transaction that a killed sync left open, if the server lets us.

        Otherwise the server ends it by itself, after a minute.
        https://www.mongodb.com/docs/manual/reference/command/killSessions/
        """
        with mongo_errors(self._doing), suppress(self._pymongo.errors.OperationFailure):
            self._client.admin.command("killSessions", [{"id": session}])

    def rename(self, staging: str) -> None:
        """Put a collection in the place of the one that readers know, at once.

        Raises:
            OvertakenError: Another sync has dropped it.
        """
        with mongo_errors(self._doing):
            self._database[staging].rename(self.collection, dropTarget=True)

    def _begin(self, state: State) -> None:
        """Make the state's document, if there never was a sync."""
        if state.revision == 0:
            self._database[STATES].update_one(
                {"_id": self.collection}, {"$setOnInsert": {"revision": 0}}, upsert=True
            )

    def _change(self, collection: str, changes: Changes, told: Told, session: Any) -> None:
        """Write changes; a transaction wants to see pymongo's own errors, to try again."""
        size = self._options.batch_records
        operations = list(self._operations(changes))
        for start in range(0, len(operations), size):
            batch = operations[start : start + size]
            self._database[collection].bulk_write(batch, ordered=False, session=session)
            told(start + len(batch))

    def put_snapshot(self, document: dict[str, Any], keep: int) -> None:
        """Store a snapshot, or the same one again, and delete all but the newest *keep*.

        Raises:
            TooLargeError: It is over MongoDB's 16 MB; nothing was written.
        """
        collection = self._database[self.collection]
        with mongo_errors(self._doing):
            collection.create_index([("created_at", -1)])
            collection.replace_one({"_id": document["_id"]}, document, upsert=True)
            old = collection.find({}, {"_id": 1}).sort([("created_at", -1), ("_id", -1)]).skip(keep)
            if ids := [one["_id"] for one in old]:
                collection.delete_many({"_id": {"$in": ids}})

    def newest_snapshot(self) -> dict[str, Any] | None:
        """Give the newest snapshot, or None."""
        order = [("created_at", -1), ("_id", -1)]
        with mongo_errors(self._doing):
            found: dict[str, Any] | None = self._database[self.collection].find_one({}, sort=order)
        return found

    def _document(self, record: Record) -> Record:
        return {"_id": record[self.key], **record}

    def _operations(self, changes: Changes) -> Iterator[Any]:
        size = self._options.batch_records
        for start in range(0, len(changes.removed), size):
            some = list(changes.removed[start : start + size])
            yield self._pymongo.DeleteMany({"_id": {"$in": some}})
        for record in changes.changed:
            # Without `_id`: 1 and 1.0 are the same key, and it must not change.
            yield self._pymongo.ReplaceOne({"_id": record[self.key]}, record)
        for record in changes.added:
            yield self._pymongo.InsertOne(self._document(record))


def _usual_name(options: MongoOptions, dataset: Dataset) -> str:
    ending = "_snapshots" if options.mode == "snapshot" else ""
    return dataset.collection_name + ending
