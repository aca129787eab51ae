"""Objects that many writers share are replaced only as the version that was read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sealift.destinations.s3_versions import S3Versions
from sealift.errors import (
    AlreadyThereError,
    BucketError,
    ChangedMeanwhileError,
    OutcomeUnknownError,
    StoreRefusedError,
    TransientError,
)
from sealift.sealing.parcel import Parcel
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import BLACK_HOLE, CONFLICT, LOST_ANSWER
from tests.destinations.s3_samples import options_for
from tests.servers import Bucket


def parcel(body: bytes, **metadata: str) -> Parcel:
    return Parcel.of(body, content_type="application/json", metadata=metadata)


def store(where: Bucket | FaultServer, **changes: object) -> S3Versions:
    return S3Versions(options_for(where, prefix="days/", **changes))


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.mark.server
class TestAgainstARealServer:
    def test_an_object_goes_from_version_to_version(self, ministack_bucket: Bucket) -> None:
        shared = store(ministack_bucket)
        assert shared.conditions_hold()
        assert (shared.read("days/a.json"), shared.head("days/a.json")) == (None, None)
        first = shared.create("days/a.json", parcel(b"1", seq="w é=1"), put_id="one")
        read = shared.read("days/a.json")
        assert read
        assert (read.body, read.etag, read.put_id) == (b"1", first, "one")
        assert read.content_type == "application/json"
        assert read.metadata == {"seq": "w é=1", "sha256": parcel(b"1").sha256}
        second = shared.replace("days/a.json", parcel(b"2"), put_id="two", etag=read.etag)
        assert ministack_bucket.raw_get("days/a.json") == b"2"
        with pytest.raises(ChangedMeanwhileError, match="no longer the version"):
            shared.replace("days/a.json", parcel(b"3"), put_id="three", etag=first)
        with pytest.raises(AlreadyThereError):
            shared.create("days/a.json", parcel(b"3"), put_id="three")
        assert ministack_bucket.raw_get("days/a.json") == b"2"
        assert [(one.key, one.size, one.etag) for one in shared.list("days/")] == [
            ("days/a.json", 1, second)
        ]
        assert ministack_bucket.keys() == ["days/a.json"]

    def test_what_was_deleted_is_not_replaced(self, ministack_bucket: Bucket) -> None:
        shared = store(ministack_bucket)
        etag = shared.create("days/a.json", parcel(b"1"), put_id="one")
        shared.delete("days/a.json")
        shared.delete("days/a.json")
        with pytest.raises(ChangedMeanwhileError):
            shared.replace("days/a.json", parcel(b"2"), put_id="two", etag=etag)
        assert ministack_bucket.keys() == []

    def test_of_many_replacers_one_wins(self, ministack_bucket: Bucket) -> None:
        shared = store(ministack_bucket)
        etag = shared.create("days/a.json", parcel(b"0"), put_id="zero")

        def attempt(number: int) -> bool:
            try:
                shared.replace("days/a.json", parcel(b"%d" % number), put_id="n", etag=etag)
            except TransientError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            won = list(pool.map(attempt, range(1, 17)))
        assert won.count(True) == 1
        assert ministack_bucket.raw_get("days/a.json") == b"%d" % (won.index(True) + 1)

    def test_a_listing_is_in_order_and_stays_below(self, ministack_bucket: Bucket) -> None:
        for key in ("days/p/b", "days/pq", "days/p/a", "days/p/é c"):
            ministack_bucket.raw_put(key, b"")
        listed = [one.key for one in store(ministack_bucket).list("days/p/")]
        assert listed == ["days/p/a", "days/p/b", "days/p/é c"]

    def test_without_conditions_only_overwriting_is_left(self, rclone_bucket: Bucket) -> None:
        shared = store(rclone_bucket)
        assert not shared.conditions_hold()
        with pytest.raises(StoreRefusedError, match="could replace each other's work"):
            shared.create("days/a.json", parcel(b"1"), put_id="one")
        with pytest.raises(StoreRefusedError):
            shared.replace("days/a.json", parcel(b"1"), put_id="one", etag='"x"')
        assert rclone_bucket.keys() == []
        shared.overwrite("days/a.json", parcel(b"1"), put_id="one")
        shared.overwrite("days/a.json", parcel(b"2"), put_id="two")
        assert rclone_bucket.raw_get("days/a.json") == b"2"


class TestFaults:
    def test_27_an_etag_is_sent_without_quotes_where_they_never_fit(self) -> None:
        with FaultServer(bare_etags=True) as faults:
            shared = store(faults)
            etag = shared.create("days/a.json", parcel(b"1"), put_id="one")
            shared.replace("days/a.json", parcel(b"2"), put_id="two", etag=etag)
            assert faults.objects["days/a.json"].body == b"2"
            assert list(faults.objects) == ["days/a.json"]

    def test_12_a_conflict_stores_nothing(self, faults: FaultServer) -> None:
        shared = store(faults)
        etag = shared.create("days/a.json", parcel(b"1"), put_id="one")
        faults.fail(CONFLICT, operation="PutObject")
        with pytest.raises(TransientError):
            shared.replace("days/a.json", parcel(b"2"), put_id="two", etag=etag)
        assert faults.objects["days/a.json"].body == b"1"

    def test_a_lost_answer_is_told_and_never_sent_again(self, faults: FaultServer) -> None:
        shared = store(faults)
        etag = shared.create("days/a.json", parcel(b"1"), put_id="one")
        faults.fail(LOST_ANSWER, operation="PutObject")
        puts = len(faults.calls("PutObject"))
        with pytest.raises(OutcomeUnknownError):
            shared.replace("days/a.json", parcel(b"2"), put_id="two", etag=etag)
        assert len(faults.calls("PutObject")) == puts + 1
        read = shared.read("days/a.json")
        assert read
        assert read.put_id == "two"

    def test_a_store_that_cannot_be_tried_out_is_tried_again(self, faults: FaultServer) -> None:
        shared = store(faults)
        faults.fail(operation="PutObject", status=500, code="InternalError", times=None)
        with pytest.raises(TransientError):
            shared.create("days/a.json", parcel(b"1"), put_id="one")
        faults.heal()
        shared.create("days/a.json", parcel(b"1"), put_id="one")

    @pytest.mark.parametrize("bare", [False, True])
    def test_lost_answers_do_not_hide_what_a_store_can_do(self, bare: bool) -> None:
        for first in range(8):
            with FaultServer(bare_etags=bare) as faults:
                for lost in range(first, 20, 3):
                    faults.fail(LOST_ANSWER, after=lost)
                assert store(faults).conditions_hold()

    def test_a_missing_bucket_is_no_missing_object(self, faults: FaultServer) -> None:
        with pytest.raises(BucketError):
            store(faults, bucket="elsewhere").read("days/a.json")

    def test_a_large_object_is_given_the_time_of_its_size(self, faults: FaultServer) -> None:
        body = bytes(3_000_000)
        faults.bucket.put("days/a.json", body)
        shared = store(faults, timeout_seconds=0.5, min_bytes_per_second=1_000_000.0)
        faults.fail(BLACK_HOLE, operation="GetObject")
        read = shared.read("days/a.json")
        assert read
        assert read.body == body

    def test_a_small_object_that_hangs_is_no_endless_wait(self, faults: FaultServer) -> None:
        faults.bucket.put("days/a.json", b"1")
        faults.fail(BLACK_HOLE, operation="GetObject", times=None)
        with pytest.raises(TransientError, match="did not answer in time"):
            store(faults, timeout_seconds=0.5).read("days/a.json")

    def test_a_listing_goes_on_where_the_credentials_expired(self, faults: FaultServer) -> None:
        faults.bucket.put("days/a", b"")
        faults.fail(operation="ListObjectsV2", status=400, code="ExpiredToken")
        assert [one.key for one in store(faults).list("days/")] == ["days/a"]
