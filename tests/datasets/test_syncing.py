"""MongoDB comes to what was published, by no more writes than needed, and never by half."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymongo
import pytest

from sealift.datasets import replacing, syncing
from sealift.datasets.dataset import Dataset
from sealift.datasets.happenings import DatasetProgressed, DatasetSynced
from sealift.datasets.mongo import STATES, Mongo
from sealift.datasets.syncing import SyncWishes
from sealift.errors import (
    ConfigError,
    InvalidContentError,
    ItemRefusedError,
    KeyCollisionError,
    NotSentError,
    OutcomeUnknownError,
    StaleDocumentError,
    TooLargeError,
    TransientError,
)
from tests.datasets.rig import VERSION, Rig, links
from tests.datasets.servers import MongoServer, free_port
from tests.servers import Bucket

KEY = "tow-and-go.json"


@pytest.fixture
def rig(tmp_path: Path, ministack_bucket: Bucket, mongo: MongoServer) -> Rig:
    return Rig(tmp_path, ministack_bucket, mongo)


@pytest.fixture
def set_rig(tmp_path: Path, ministack_bucket: Bucket, replica_set: MongoServer) -> Rig:
    return Rig(tmp_path, ministack_bucket, replica_set)


def segments_of(text: bytes) -> dict[Any, Any]:
    return {one["link_id"]: one["segment_id"] for one in json.loads(text)["tow_and_go"]}


def counts(done: DatasetSynced) -> tuple[int, int, int]:
    return done.added, done.changed, done.removed


def test_the_first_sync_writes_every_record_and_the_index(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(30))
        done = service.sync()
    assert counts(done) == (30, 0, 0)
    assert rig.segments() == segments_of(links(30))
    assert rig.collection.find_one({"_id": 17_000_001}) == {
        "_id": 17_000_001,
        "link_id": 17_000_001,
        "segment_id": 3,
    }
    assert "segment_id_1" in rig.collection.index_information()
    assert sorted(rig.database.list_collection_names()) == [STATES, "tow_and_go"]


def test_an_unchanged_object_is_neither_downloaded_nor_written(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(30))
        service.sync()
        service._store.read = None  # whoever reads, fails
        before = rig.database[STATES].find_one()
        done = service.sync()
    assert (done.outcome, done.records, counts(done)) == ("unchanged", 30, (0, 0, 0))
    assert rig.database[STATES].find_one() == before


def test_only_what_differs_is_written(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(400))
        service.sync()
        second = links(399, version=VERSION + 1, _7=1, _20=2)
        service.push(second)
        done = service.sync()
    wanted, had = segments_of(second), segments_of(links(400))
    changed = sum(had.get(key) != value for key, value in wanted.items())
    assert counts(done) == (0, changed, 1) == (0, 2, 1)
    assert rig.segments() == wanted
    assert done.way == ("transaction" if rig.server_kind == "set" else "rename")


def test_three_changes_of_four_hundred_are_three_writes(set_rig: Rig) -> None:
    written: list[int] = []

    class Counted(pymongo.monitoring.CommandListener):  # type: ignore[name-defined]
        def started(self, event: Any) -> None:
            name, command = event.command_name, event.command
            key = {"insert": "documents", "update": "updates", "delete": "deletes"}.get(name)
            if key and command[name] == "tow_and_go":
                written.append(len(command[key]))

        def succeeded(self, event: Any) -> None: ...
        def failed(self, event: Any) -> None: ...

    with set_rig.service() as service:
        service.push(links(400))
        service.sync()
        service.push(links(400, version=VERSION + 1, _1=1, _2=2, _3=3))
        listener = Counted()
        pymongo.monitoring.register(listener)
        try:
            assert counts(service.sync()) == (0, 3, 0)
        finally:
            pymongo.monitoring._LISTENERS.command_listeners.remove(listener)
    assert sum(written) == 3


@pytest.mark.parametrize("switch", ["auto", "transaction", "rename"])
def test_every_way_comes_to_the_same_end(set_rig: Rig, switch: str) -> None:
    with set_rig.service(mongo={"switch": switch, "batch_records": 7}) as service:
        for number, text in enumerate(
            (links(40), links(45, version=VERSION + 1, _3=9), links(4, version=VERSION + 2))
        ):
            service.push(text)
            done = service.sync()
            assert set_rig.segments() == segments_of(text)
            assert service.verify().agree
            if number:
                assert done.way == ("rename" if switch == "rename" else "transaction")
    assert any(isinstance(event, DatasetProgressed) for event in set_rig.events)


def test_many_changes_are_written_anew_and_renamed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "LARGEST_TRANSACTION", 10)
    with rig.service() as service:
        service.push(links(40))
        service.sync()
        for text in (links(55, version=VERSION + 1), links(50, version=VERSION + 2, first=1)):
            service.push(text)
            assert service.sync().way == "rename"
            assert rig.segments() == segments_of(text)


def test_what_takes_the_place_of_a_collection_has_its_indexes_and_validator(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at just before the rename, which this test server lets lose the validator."""
    validator = {"link_id": {"$type": "number"}}
    seen = []
    rename = Mongo.rename

    def looking(self: Mongo, staging: str) -> None:
        found = next(rig.database.list_collections(filter={"name": staging}))
        seen.append((found["options"], set(rig.database[staging].index_information())))
        rename(self, staging)

    with rig.service(mongo={"switch": "rename"}) as service:
        service.push(links(40))
        service.sync()
        monkeypatch.setattr(Mongo, "rename", looking)
        rig.collection.create_index([("link_id", -1), ("segment_id", 1)], name="theirs")
        for text in (links(41, version=VERSION + 1), links(3, version=VERSION + 2, first=5)):
            rig.database.command("collMod", "tow_and_go", validator=validator)
            service.push(text)
            assert service.sync().way == "rename"
    assert seen == [({"validator": validator}, {"_id_", "segment_id_1", "theirs"})] * 2


def test_a_record_that_a_validator_refuses_leaves_the_set_from_before(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(10))
        service.sync()
        rig.database.command("collMod", "tow_and_go", validator={"segment_id": {"$ne": 666}})
        service.push(links(10, version=VERSION + 1, _1=666, _2=1))
        with pytest.raises(ItemRefusedError, match="validator"):
            service.sync()
    assert rig.segments() == segments_of(links(10))


def test_fractions_whole_numbers_and_texts_come_back_as_they_were(rig: Rig) -> None:
    text = (
        b'{"last_modified": 1, "tow_and_go": [{"link_id": 1, "segment_id": 2.0},'
        b' {"link_id": 2.5, "segment_id": 9007199254740993},'
        b' {"link_id": 9223372036854775807, "segment_id": -1e-7}]}'
    )
    with rig.service() as service:
        service.push(text)
        service.sync()
        assert service.verify().agree
        service.push(text.replace(b"2.0", b"2").replace(b": 1}", b": 1}").replace(b"[{", b" [{"))
        assert counts(service.sync()) == (0, 1, 0), "2 and 2.0 are different values"
        service.push(text.replace(b'"link_id": 1,', b'"link_id": 1.0,').replace(b" 1,", b" 2,", 1))
        service.sync()
        assert service.verify().agree, "1 and 1.0 are the same key"


def test_documents_that_no_sync_has_written_are_not_touched(rig: Rig) -> None:
    rig.collection.insert_many([{"_id": True}, {"_id": {"a": 1}}, {"_id": 17_000_001, "x": 1}])
    with rig.service() as service:
        service.push(links(3))
        with pytest.raises(KeyCollisionError, match="no sync has written"):
            service.sync()
        assert rig.collection.count_documents({}) == 3
        service.sync(wishes=SyncWishes(force=True))
    assert rig.segments() == segments_of(links(3))


def test_what_others_change_is_found_and_mended_on_demand(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(5))
        service.sync()
        rig.collection.delete_one({"_id": 17_000_000})
        rig.collection.update_one({"_id": 17_000_001}, {"$set": {"segment_id": 8}})
        rig.collection.insert_one({"_id": "foreign"})
        found = service.verify()
        assert not found.agree
        assert (found.missing.first, found.different.first, found.surplus.first) == (
            (17_000_000,),
            (17_000_001,),
            ("foreign",),
        )
        assert (found.stored_records, found.database_records) == (5, 5)
        assert found.stored_digest != found.database_digest
        assert service.sync().outcome == "unchanged"
        assert counts(service.sync(wishes=SyncWishes(again=True))) == (1, 1, 1)
        assert service.verify().agree


def test_an_older_object_is_refused_unless_it_was_forced(rig: Rig) -> None:
    with rig.service(unsigned="accept") as service:
        service.push(links(5))
        service.sync()
        older = links(4, version=VERSION - 1)
        rig.bucket.raw_put(KEY, older)
        with pytest.raises(StaleDocumentError, match="newer document"):
            service.sync()
        assert rig.segments() == segments_of(links(5))
        service.push(links(5))
        service.push(older, force=True)
        service.sync()
        assert rig.segments() == segments_of(older)
        rig.bucket.raw_put(KEY, links(3, version=VERSION - 2))
        service.sync(wishes=SyncWishes(force=True))
    assert rig.segments() == segments_of(links(3, version=VERSION - 2))


def put_with_metadata_of(rig: Rig, body: bytes, **more: Any) -> None:
    found = rig.raw(KEY)
    rig.bucket.client.put_object(
        Bucket=rig.bucket.name,
        Key=KEY,
        Body=body,
        Metadata=found["Metadata"],
        ContentEncoding=found.get("ContentEncoding", ""),
        **more,
    )


@pytest.mark.parametrize("compress", ["none", "gzip"])
@pytest.mark.parametrize(
    "damage", [lambda body: body[:-9], lambda body: body.replace(b"3", b"4") + b" ", lambda _: b""]
)
def test_a_damaged_object_is_refused(set_rig: Rig, damage: Any, compress: str) -> None:
    with set_rig.service(compress=compress) as service:
        service.push(links(5))
        service.sync()
        service.push(links(6, version=VERSION + 1))
        put_with_metadata_of(set_rig, damage(set_rig.bucket.raw_get(KEY)))
        for act in (service.sync, service.verify):
            with pytest.raises(InvalidContentError, match="is not what was pushed"):
                act()
        assert set_rig.segments() == segments_of(links(5))
        service.push(links(6, version=VERSION + 1))
        service.sync()
    assert set_rig.segments() == segments_of(links(6))


@pytest.mark.parametrize(
    ("body", "encoding", "word"),
    [
        (links(6)[:-10], "", "not valid"),
        (b'{"another": "shape"}', "", "3 errors|is missing"),
        (b"no gzip", "gzip", "no gzip"),
        (b"x", "br", "unknown Content-Encoding"),
    ],
)
def test_what_is_no_document_is_refused(
    set_rig: Rig, body: bytes, encoding: str, word: str
) -> None:
    with set_rig.service(unsigned="accept") as service:
        service.push(links(5))
        service.sync()
        set_rig.bucket.client.put_object(
            Bucket=set_rig.bucket.name, Key=KEY, Body=body, ContentEncoding=encoding
        )
        with pytest.raises(InvalidContentError, match=word):
            service.sync()
    assert set_rig.segments() == segments_of(links(5))


def test_a_gzip_bomb_is_not_unpacked(set_rig: Rig) -> None:
    with set_rig.service(compress="gzip") as service:
        service.push(links(2000))
    with (
        set_rig.service(max_document_bytes=50_000) as service,
        pytest.raises(TooLargeError, match="unpacked"),
    ):
        service.sync()


def test_an_object_that_no_push_stored_proves_nothing(set_rig: Rig) -> None:
    set_rig.bucket.raw_put(KEY, links(5))
    with set_rig.service() as service, pytest.raises(InvalidContentError, match="Nothing proves"):
        service.sync()
    with set_rig.service(unsigned="accept") as service:
        assert service.sync().records == 5


def test_no_object_is_said_so(set_rig: Rig) -> None:
    with set_rig.service() as service:
        with pytest.raises(TransientError, match="There is no object s3://"):
            service.sync()
        with pytest.raises(TransientError, match="There is no object s3://"):
            service.verify()
        assert service.runs()[0].outcome == "transient"


def test_a_database_that_is_down_is_said_so_without_the_password(set_rig: Rig) -> None:
    uri = f"mongodb://somebody:passw0rd@127.0.0.1:{free_port()}/"
    with set_rig.service(mongo={"uri": uri, "connect_seconds": 0.3}) as service:
        service.push(links(5))
        with pytest.raises(NotSentError, match="not reached") as caught:
            service.sync()
        runs = service.runs()
        assert "passw0rd" not in repr(service.config)
    assert caught.value.exit_code == 3
    assert "passw0rd" not in f"{caught.value}{caught.value.__cause__}{runs}"
    assert caught.value.__context__ is None or "passw0rd" not in repr(caught.value.__context__)


@pytest.mark.parametrize("uri", ["nonsense", "mongodb://u:p@ss@h/", "mongodb://h/?tls=perhaps"])
def test_a_wrong_uri_is_a_configuration_error(set_rig: Rig, uri: str) -> None:
    with set_rig.service(mongo={"uri": uri}) as service:
        service.push(links(5))
        with pytest.raises(ConfigError) as caught:
            service.sync()
    assert uri not in str(caught.value)


RENAME = ("create", "aggregate", "update", "createIndexes", "getMore", "findAndModify")
RENAME += ("renameCollection", "drop")
TRANSACTION = ("find", "update", "commitTransaction", "hello")
FULL, CUT, LOST = {"errorCode": 14031}, {"closeConnection": True}, {"errorCode": 10107}


@pytest.mark.parametrize(
    ("switch", "how", "commands"),
    [
        ("rename", FULL, ("update", "createIndexes", "renameCollection")),
        ("rename", CUT, RENAME),
        ("rename", LOST, ("update", "renameCollection")),
        ("transaction", FULL, TRANSACTION),
        ("transaction", CUT, TRANSACTION),
        ("transaction", LOST, ("update", "commitTransaction")),
    ],
)
def test_whatever_fails_whenever_the_set_stays_whole(
    set_rig: Rig, switch: str, how: dict[str, Any], commands: tuple[str, ...]
) -> None:
    """Disk full, connection cut, primary lost."""
    server = set_rig.server
    assert server
    version, now, codes = VERSION, links(150), set()
    with set_rig.service(mongo={"switch": switch, "batch_records": 50}) as service:
        service.push(now)
        service.sync()
        for command in commands:
            version += 1
            text = links(150, version=version, _2=version, _100=version)
            service.push(text)
            server.fail([command], times=1 if how is LOST else 3, **how)
            try:
                service.sync()
            except TransientError as error:
                codes.add(error.exit_code)
            finally:
                server.heal()
            assert set_rig.segments() in (segments_of(now), segments_of(text)), command
            service.sync()
            assert set_rig.segments() == segments_of(text)
            now = text
        assert service.verify().agree
    wanted = ({3}, set()) if switch == "transaction" else ({3},)
    assert codes in wanted, "the driver tries transactions again"
    assert sorted(set_rig.database.list_collection_names()) == [STATES, "tow_and_go"]


def test_another_sync_that_was_quicker_is_noticed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow one, stopped before it renames its copy, finds the copy gone and starts anew."""
    with rig.service(mongo={"switch": "rename"}) as slow:
        slow.push(links(20))
        slow.sync()
        slow.push(links(21, version=VERSION + 1))
        rename, raced = Mongo.rename, []

        def stopped_for_a_while(self: Mongo, staging: str) -> None:
            if not raced:
                raced.append(staging)
                other = Rig(rig.home / "other", rig.bucket, rig.server)
                other.database = rig.database
                with other.service(mongo={"switch": "rename"}) as quick:
                    quick.push(links(22, version=VERSION + 2))
                    quick.sync()
            rename(self, staging)

        monkeypatch.setattr(Mongo, "rename", stopped_for_a_while)
        done = slow.sync()
    assert raced
    assert done.version == VERSION + 2
    assert rig.segments() == segments_of(links(22))


def test_two_syncs_of_one_machine_do_not_run_at_once(rig: Rig) -> None:
    with rig.service() as service, rig.service() as other:
        service.push(links(2))
        with (
            other._log.alone(f"{rig.database.name}.tow_and_go"),
            pytest.raises(TransientError, match="already"),
        ):
            service.sync()
        service.sync()


def test_copies_that_a_killed_sync_left_are_dropped(rig: Rig) -> None:
    with rig.service(mongo={"switch": "rename"}) as service:
        worker = service._log.worker
        today = replacing.datetime.fromtimestamp(rig.now, replacing.UTC)
        mine = f"tow_and_go__sealift_20250101_{worker}_a1"
        old = "tow_and_go__sealift_20200101_other_a1"
        recent = f"tow_and_go__sealift_{today:%Y%m%d}_other_a1"
        for name in (mine, old, recent):
            rig.database[name].insert_one({})
        service.push(links(2))
        service.sync()
    assert sorted(rig.database.list_collection_names()) == [STATES, "tow_and_go", recent]


def test_a_sync_that_comes_out_wrong_is_no_success(
    set_rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with set_rig.service() as service:
        service.push(links(20))
        service.sync()
        service.push(links(20, version=VERSION + 1, _1=1))
        change = Mongo._change

        def forgetful(self: Mongo, collection: str, changes: Any, *rest: Any) -> None:
            change(self, collection, replace(changes, changed=changes.changed[:-1]), *rest)

        with monkeypatch.context() as patch:
            patch.setattr(Mongo, "_change", forgetful)
            with pytest.raises(OutcomeUnknownError, match="does not hold what was written"):
                service.sync()
        assert service.sync().changed == 1, "it is compared again, though the object is the same"
        assert service.verify().agree


ROWS = Dataset(
    name="rows",
    schema={"type": "object", "properties": {"rows": {"type": "array"}}},
    array="rows",
    record_key="id",
    indexes=("a.b",),
)


def test_another_dataset_with_texts_as_keys_and_nested_values(
    tmp_path: Path, ministack_bucket: Bucket, mongo: MongoServer
) -> None:
    rig = Rig(tmp_path, ministack_bucket, mongo, dataset=ROWS)
    rows = [{"id": "é", "a": {"b": [1, None, {"c": "x"}]}}, {"id": "b", "a.b": 1, "$c": 2}]
    with rig.service() as service:
        service.push(json.dumps({"rows": rows}).encode())
        service.sync()
        assert service.verify().agree
        assert service.push(json.dumps({"rows": rows[:1]}).encode()).version is None
        assert counts(service.sync()) == (0, 0, 1)
        assert service.verify().agree
    assert rig.database["rows"].find_one({"a.b": 1})["_id"] == "é"


def test_snapshots_are_kept_in_number_and_made_once(rig: Rig) -> None:
    snapshot = {"mode": "snapshot", "keep": 2}
    with rig.service(mongo=snapshot) as service:
        for number in range(3):
            service.push(links(4 + number, version=VERSION + number))
            assert service.sync().way == "snapshot"
            assert service.sync().outcome == "unchanged"
            assert service.verify().agree
        service.sync(wishes=SyncWishes(again=True))
    found = list(rig.database["tow_and_go_snapshots"].find().sort("created_at", -1))
    assert [one["last_modified"] for one in found] == [VERSION + 2, VERSION + 1]
    assert found[0]["tow_and_go"] == json.loads(links(6))["tow_and_go"]
    assert found[0]["created_at"] is not None


def test_a_snapshot_over_16_mb_names_the_other_mode(set_rig: Rig) -> None:
    long = "x" * 17_000_000
    rig = Rig(set_rig.home, set_rig.bucket, set_rig.server, dataset=ROWS)
    with rig.service(mongo={"mode": "snapshot"}) as service:
        service.push(json.dumps({"rows": [{"id": 1, "text": long}]}).encode())
        with pytest.raises(TooLargeError, match="records"):
            service.sync()
    with rig.service() as service, pytest.raises(TooLargeError, match="16 MB"):
        service.sync()
    assert rig.database["rows"].count_documents({}) == 0


def test_a_collection_does_not_change_its_mode(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(4))
        service.sync()
    with (
        rig.service(mongo={"mode": "snapshot", "collection": "tow_and_go"}) as service,
        pytest.raises(ConfigError, match='mode = "records"'),
    ):
        service.sync()
    assert rig.segments() == segments_of(links(4))
