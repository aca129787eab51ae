"""The S3 destination keeps every promise on real servers, and mends what it can."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from sealift.destinations.s3 import S3Destination
from sealift.errors import (
    AccessDeniedError,
    BucketError,
    CredentialsError,
    ItemRefusedError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    StoreRefusedError,
    TooLargeError,
    TransientError,
)
from sealift.sealing.parcel import Parcel
from sealift.testing.conformance import DestinationSuite
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import BLACK_HOLE, CAPTIVE_PAGE, LOST_ANSWER, NO_ETAG, Fault
from sealift.testing.samples import parcel_of
from tests.destinations.s3_samples import at
from tests.servers import Bucket


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


class TestOnMinistack(DestinationSuite):
    """Signatures and conditions are checked by a server that is not ours."""

    resumes = True
    pytestmark = pytest.mark.server

    @pytest.fixture
    def destination(self, ministack_bucket: Bucket) -> Iterator[S3Destination]:
        self.bucket = ministack_bucket
        destination = at(ministack_bucket, part_bytes=5 * 1024 * 1024)
        yield destination
        destination.close()

    def raw_get(self, key: str) -> bytes | None:
        return self.bucket.raw_get(key)

    def raw_put(self, key: str, body: bytes) -> None:
        self.bucket.raw_put(key, body)


class TestOnRclone(DestinationSuite):
    """A store that ignores conditions is used only when told to, with a look before each put."""

    resumes = True
    pytestmark = pytest.mark.server

    # rclone takes é in one and in two characters for one name.
    test_similar_keys_are_different_objects = None  # type: ignore[assignment]

    @pytest.fixture
    def destination(self, rclone_bucket: Bucket) -> Iterator[S3Destination]:
        self.bucket = rclone_bucket
        destination = at(rclone_bucket, allow_unconditional=True, part_bytes=5 * 1024 * 1024)
        yield destination
        destination.close()

    def raw_get(self, key: str) -> bytes | None:
        return self.bucket.raw_get(key)

    def raw_put(self, key: str, body: bytes) -> None:
        self.bucket.raw_put(key, body)


class TestConditions:
    @pytest.mark.server
    def test_row_26_a_store_that_ignores_conditions_is_refused(self, rclone_bucket: Bucket) -> None:
        rclone_bucket.raw_put("k", b"theirs")
        destination = at(rclone_bucket)
        for _ in range(2):
            with pytest.raises(StoreRefusedError, match="If-None-Match"):
                destination.put("k", parcel_of(b"ours"), put_id="id-1")
        assert rclone_bucket.raw_get("k") == b"theirs"
        assert rclone_bucket.keys() == ["k"]

    @pytest.mark.server
    def test_with_leave_a_look_comes_before_the_put(self, rclone_bucket: Bucket) -> None:
        rclone_bucket.raw_put("k", b"theirs")
        destination = at(rclone_bucket, allow_unconditional=True)
        assert not destination.capabilities.conditional_create
        with pytest.raises(OutcomeUnknownError):
            destination.put("k", parcel_of(b"ours"), put_id="id-1")
        destination.put("free", parcel_of(b"ours"), put_id="id-1")
        assert (rclone_bucket.raw_get("k"), rclone_bucket.raw_get("free")) == (b"theirs", b"ours")

    def test_the_store_is_tried_out_once_and_left_clean(self, faults: FaultServer) -> None:
        destination = at(faults, trust_conditions=False, prefix="up/")
        for number in range(3):
            destination.put(f"up/{number}", parcel_of(b"x"), put_id="id")
        assert len(faults.calls("PutObject")) == 3 + 2
        assert sorted(faults.objects) == ["up/0", "up/1", "up/2"]

    def test_an_unclear_trial_is_not_the_items_fate(self, faults: FaultServer) -> None:
        faults.fail(LOST_ANSWER, operation="PutObject")
        destination = at(faults, trust_conditions=False)
        with pytest.raises(NotSentError):
            destination.put("k", parcel_of(b"x"), put_id="id")
        destination.put("k", parcel_of(b"x"), put_id="id")
        assert faults.objects["k"].body == b"x"


class TestPut:
    def test_what_goes_up_with_the_body(self, faults: FaultServer) -> None:
        destination = at(
            faults,
            tags={"team": "data"},
            metadata={"site": "Zürich\n1"},
            storage_class="STANDARD_IA",
            sse="AES256",
        )
        parcel = parcel_of(
            b"x", content_type="text/x", content_encoding="gzip", metadata={"page": "ü"}
        )
        destination.put("k", parcel, put_id="id-1")
        headers = faults.calls("PutObject")[0].call.headers
        assert {
            "content-type": "text/x",
            "content-encoding": "gzip",
            "if-none-match": "*",
            "x-amz-content-sha256": parcel.sha256,
            "x-amz-meta-page": "%C3%BC",
            "x-amz-meta-sealift-id": "id-1",
            "x-amz-meta-sha256": parcel.sha256,
            "x-amz-meta-site": "Z%C3%BCrich%0A1",
            "x-amz-server-side-encryption": "AES256",
            "x-amz-storage-class": "STANDARD_IA",
            "x-amz-tagging": "team=data",
        }.items() <= headers.items()

    @pytest.mark.parametrize(
        "fault", [LOST_ANSWER, NO_ETAG, CAPTIVE_PAGE, Fault(headers={"ETag": ""})]
    )
    def test_rows_13_16_19_no_proof_is_no_success(self, faults: FaultServer, fault: Fault) -> None:
        faults.fail(fault, operation="PutObject")
        with pytest.raises(OutcomeUnknownError):
            at(faults).put("k", parcel_of(b"x"), put_id="id")
        assert len(faults.calls("PutObject")) == 1

    def test_row_18_a_silent_store_is_given_up(self, faults: FaultServer) -> None:
        faults.fail(BLACK_HOLE, operation="PutObject")
        with pytest.raises(OutcomeUnknownError, match="in time"):
            at(faults, timeout_seconds=0.5).put("k", parcel_of(b"x"), put_id="id")

    def test_row_22_a_large_body_gets_more_time(self, faults: FaultServer) -> None:
        destination = at(faults, timeout_seconds=0.3, min_bytes_per_second=1_000_000.0)
        faults.fail(Fault(operation="PutObject", delay_seconds=0.6, times=None))
        destination.put("big", parcel_of(b"x" * 1_000_000), put_id="id")
        with pytest.raises(OutcomeUnknownError):
            destination.put("small", parcel_of(b"x"), put_id="id")

    def test_row_11_a_409_stored_nothing_and_is_no_success(self, faults: FaultServer) -> None:
        faults.fail(operation="PutObject", status=409, code="ConditionalRequestConflict")
        with pytest.raises(TransientError) as caught:
            at(faults).put("k", parcel_of(b"x"), put_id="id")
        assert type(caught.value) is TransientError
        assert "k" not in faults.objects

    def test_row_25_damage_on_the_way_is_sent_again_thrice(self, faults: FaultServer) -> None:
        faults.fail(operation="PutObject", status=400, code="BadDigest", times=2)
        at(faults).put("k", parcel_of(b"x"), put_id="id")
        assert len(faults.calls("PutObject")) == 3
        faults.fail(operation="PutObject", status=400, code="BadDigest", times=None)
        with pytest.raises(ItemRefusedError):
            at(faults).put("k2", parcel_of(b"x"), put_id="id")
        assert len(faults.calls("PutObject")) == 6

    def test_row_55_a_header_that_breaks_the_client_refuses_the_item(
        self, faults: FaultServer
    ) -> None:
        with pytest.raises(ItemRefusedError):
            at(faults).put("k", parcel_of(b"x", content_type="a\nb"), put_id="id")

    @pytest.mark.parametrize("key", ["", "/lead", "trail/", "a//b", "a/../b", "\ud800", "é" * 513])
    def test_a_key_that_would_be_changed_is_refused(self, faults: FaultServer, key: str) -> None:
        with pytest.raises(KeyNameError):
            at(faults).put(key, parcel_of(b"x"), put_id="id")
        assert not faults.requests

    def test_the_message_holds_no_key(self, faults: FaultServer) -> None:
        faults.fail(operation="PutObject", status=403, code="AccessDenied")
        with pytest.raises(TransientError) as caught:
            at(faults).put("jane-doe.json", parcel_of(b"x"), put_id="id")
        assert "jane" not in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_body_over_five_gib_needs_parts(self, faults: FaultServer) -> None:
        parcel = Parcel(body=b"x", size=6 * 1024**3, sha256="0" * 64)
        with pytest.raises(TooLargeError):
            at(faults).put("k", parcel, put_id="id")


class TestRegion:
    def test_row_10_a_wrong_region_is_corrected_by_itself(self) -> None:
        with FaultServer(region="eu-west-1") as faults:
            faults.fail(operation="PutObject", status=301, code="PermanentRedirect")
            destination = at(faults)
            destination.put("k", parcel_of(b"x"), put_id="id")
            first, second = (c.call.headers["authorization"] for c in faults.calls("PutObject"))
            assert "/us-east-1/" in first
            assert "/eu-west-1/" in second

    @pytest.mark.parametrize(
        ("status", "code"), [(301, "PermanentRedirect"), (400, "AuthorizationHeaderMalformed")]
    )
    def test_one_that_cannot_be_corrected_is_named(self, status: int, code: str) -> None:
        with FaultServer(region="eu-west-1") as faults:
            faults.fail(operation="PutObject", status=status, code=code, times=None)
            with pytest.raises(BucketError, match=r"It is in eu-west-1\."):
                at(faults).put("k", parcel_of(b"x"), put_id="id")
            assert len(faults.calls("PutObject")) == 2


class TestLooking:
    def test_row_9_a_bucket_that_is_gone_is_no_missing_object(self, faults: FaultServer) -> None:
        destination = at(faults, bucket="gone-bucket")
        with pytest.raises(BucketError):
            destination.head("k")
        with pytest.raises(BucketError):
            destination.put("k", parcel_of(b"x"), put_id="id")

    def test_the_reason_that_a_head_cannot_carry_is_asked_for(self, faults: FaultServer) -> None:
        faults.fail(Fault(operation="HeadObject", status=403, body=b"", times=None))
        faults.fail(operation="ListObjectsV2", status=403, code="InvalidAccessKeyId")
        with pytest.raises(CredentialsError):
            at(faults).head("k")
        with pytest.raises(AccessDeniedError):
            at(faults).head("k")

    def test_what_cannot_be_seen_is_not_called_unclear(self, faults: FaultServer) -> None:
        faults.fail(operation="HeadObject", status=500)
        with pytest.raises(TransientError) as caught:
            at(faults).head("k")
        assert not isinstance(caught.value, OutcomeUnknownError)


_FORKS = """
import os, sys
from sealift.errors import StateError
from sealift.testing.fault_server import FaultServer
from sealift.testing.samples import parcel_of
from tests.destinations.s3_samples import at

with FaultServer() as faults:
    destination = at(faults)
    destination.put("parent", parcel_of(b"x"), put_id="id")
    child = os.fork()
    if not child:
        try:
            destination.put("child", parcel_of(b"x"), put_id="id")
        except StateError:
            os._exit(7)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_row_54_a_fork_is_told_instead_of_hanging() -> None:
    said = subprocess.run([sys.executable, "-c", _FORKS], timeout=30, check=False)
    assert said.returncode == 7
