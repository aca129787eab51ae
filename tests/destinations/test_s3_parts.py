"""Large uploads: in parts, resumed, conditional, and never half."""

from collections.abc import Iterator

import pytest

from sealift.destinations.base import Part
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import MIB
from sealift.errors import (
    AccessDeniedError,
    CredentialsError,
    ItemRefusedError,
    OutcomeUnknownError,
    SourceChangedError,
    StoreFullError,
    ThrottledError,
    TransientError,
)
from sealift.sealing.parcel import Parcel
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import ERROR_IN_200, HEAD_FORBIDDEN, LOST_REQUEST, Fault
from sealift.testing.samples import BrokenLogError, MemoryPartLog, Pieces
from tests.destinations.s3_samples import at

PART = 5 * MIB
PIECES = Pieces(12, MIB)
"""Three parts: two of 5 MiB and one of 2."""


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def destination(faults: FaultServer) -> Iterator[S3Destination]:
    made = at(faults, part_bytes=PART, part_concurrency=2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def parcel() -> Parcel:
    return PIECES.sealed()


def numbers(faults: FaultServer) -> list[int]:
    return sorted(int(sent.call.query["partNumber"]) for sent in faults.calls("UploadPart"))


def test_the_parts_make_one_object(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    log = MemoryPartLog()
    stored = destination.put("k", parcel, put_id="id-1", part_log=log)
    assert faults.objects["k"].body == PIECES.bytes()
    assert stored.etag.endswith('-3"')
    assert (numbers(faults), log.begun, log.added, log.upload) == ([1, 2, 3], 1, 3, None)
    headers = faults.calls("CreateMultipartUpload")[0].call.headers
    assert headers["x-amz-meta-sealift-id"] == "id-1"
    assert headers["x-amz-meta-sha256"] == parcel.sha256
    assert faults.calls("CompleteMultipartUpload")[0].call.headers["if-none-match"] == "*"


def test_options_go_with_the_first_call(faults: FaultServer) -> None:
    destination = at(faults, tags={"a": "b", "c": "d"}, storage_class="GLACIER_IR", sse="AES256")
    destination.put("k", Pieces(1, 10).sealed(), put_id="id", create=False)
    headers = faults.calls("CreateMultipartUpload")[0].call.headers
    assert headers["x-amz-tagging"] == "a=b&c=d"
    assert headers["x-amz-storage-class"] == "GLACIER_IR"
    assert headers["x-amz-server-side-encryption"] == "AES256"
    assert "if-none-match" not in faults.calls("CompleteMultipartUpload")[0].call.headers


def test_a_restart_sends_only_what_is_missing(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    log = MemoryPartLog(breaks_after=1)
    with pytest.raises(BrokenLogError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert log.upload
    kept = log.upload.parts[0].number
    log.breaks_after = None
    faults.requests.clear()
    destination.put("k", parcel, put_id="id", part_log=log)
    assert numbers(faults) == [number for number in (1, 2, 3) if number != kept]
    assert faults.objects["k"].body == PIECES.bytes()


def test_a_recorded_part_that_no_longer_fits_is_sent_again(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    log = MemoryPartLog(breaks_after=3)
    faults.fail(operation="CompleteMultipartUpload", status=503, code="SlowDown")
    with pytest.raises(ThrottledError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert log.upload
    first = log.upload.parts[0]
    log.upload.parts[0] = Part(number=1, size=first.size, etag=first.etag, sha256="0" * 64)
    log.breaks_after = None
    faults.requests.clear()
    destination.put("k", parcel, put_id="id", part_log=log)
    assert numbers(faults) == [1]


def test_a_part_is_tried_thrice_at_once(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    faults.fail(LOST_REQUEST, operation="UploadPart", times=2)
    destination.put("k", parcel, put_id="id")
    assert faults.objects["k"].body == PIECES.bytes()


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (Fault(status=503, code="SlowDown"), ThrottledError),
        (Fault(status=403, code="AccessDenied"), AccessDeniedError),
        (Fault(status=507), StoreFullError),
        (LOST_REQUEST, TransientError),
    ],
)
def test_a_transient_failure_keeps_the_parts(
    faults: FaultServer,
    destination: S3Destination,
    parcel: Parcel,
    fault: Fault,
    wanted: type[Exception],
) -> None:
    log = MemoryPartLog()
    faults.fail(fault, operation="UploadPart", after=2, times=None)
    with pytest.raises(wanted) as caught:
        destination.put("k", parcel, put_id="id", part_log=log)
    assert type(caught.value) is wanted
    assert log.upload
    assert len(log.upload.parts) == 2
    assert not faults.calls("AbortMultipartUpload")


def test_a_refused_item_is_aborted(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    log = MemoryPartLog()
    faults.fail(operation="UploadPart", status=400, code="InvalidURI", times=None)
    with pytest.raises(ItemRefusedError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert (log.upload, faults.bucket.uploads) == (None, {})


def test_a_source_that_changed_is_never_completed(
    faults: FaultServer, destination: S3Destination
) -> None:
    log = MemoryPartLog()
    changed = Pieces(12, MIB, changes_after=11).sealed()
    with pytest.raises(SourceChangedError):
        destination.put("k", changed, put_id="id", part_log=log)
    assert not faults.calls("CompleteMultipartUpload")
    assert (log.upload, faults.bucket.uploads, faults.objects) == (None, {}, {})


@pytest.mark.parametrize("fault", [ERROR_IN_200, Fault(then="close", stores="now")])
def test_row_20_a_complete_without_a_clear_answer(
    faults: FaultServer, destination: S3Destination, parcel: Parcel, fault: Fault
) -> None:
    faults.fail(fault, operation="CompleteMultipartUpload")
    log = MemoryPartLog()
    with pytest.raises(OutcomeUnknownError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert log.upload
    if "k" not in faults.objects:
        destination.put("k", parcel, put_id="id", part_log=log)
    assert len(faults.calls("UploadPart")) == 3
    assert faults.objects["k"].body == PIECES.bytes()


def test_row_21_a_complete_that_won_before_is_looked_at(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    faults.fail(operation="CompleteMultipartUpload", status=404, code="NoSuchUpload", stores="now")
    log = MemoryPartLog()
    with pytest.raises(OutcomeUnknownError):
        destination.put("k", parcel, put_id="id-1", part_log=log)
    found = destination.head("k")
    assert found
    assert (found.put_id, log.upload) == ("id-1", None)


def test_an_upload_that_the_store_forgot_is_begun_anew(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    log = MemoryPartLog()
    log.begin("forgotten", PART)
    destination.put("k", parcel, put_id="id", part_log=log)
    assert log.begun == 2
    assert faults.objects["k"].body == PIECES.bytes()


def test_an_object_that_comes_meanwhile_is_not_replaced(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    faults.bucket.put("k", b"theirs")
    faults.fail(operation="HeadObject", status=404)
    log = MemoryPartLog()
    with pytest.raises(OutcomeUnknownError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert faults.objects["k"].body == b"theirs"
    assert (log.upload, faults.bucket.uploads) == (None, {})


@pytest.mark.parametrize(("status", "code"), [(501, ""), (400, "NotImplemented")])
def test_without_the_condition_a_fresh_look_decides(
    faults: FaultServer, destination: S3Destination, parcel: Parcel, status: int, code: str
) -> None:
    faults.fail(operation="CompleteMultipartUpload", status=status, code=code or "NotImplemented")
    destination.put("k", parcel, put_id="id")
    assert "if-none-match" not in faults.calls("CompleteMultipartUpload")[1].call.headers
    assert len(faults.calls("HeadObject")) == 3
    assert faults.objects["k"].body == PIECES.bytes()


def test_row_28_a_role_that_may_only_write_can(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    faults.fail(HEAD_FORBIDDEN)
    faults.fail(operation="ListObjectsV2", status=403, code="AccessDenied", times=None)
    assert destination.put("k", parcel, put_id="id").etag
    assert "k" in faults.objects


def test_row_7_a_token_that_expires_midway_is_renewed(
    faults: FaultServer, destination: S3Destination, parcel: Parcel
) -> None:
    faults.fail(operation="UploadPart", status=400, code="ExpiredToken", after=1)
    destination.put("k", parcel, put_id="id")
    assert faults.objects["k"].body == PIECES.bytes()
    faults.fail(operation="UploadPart", status=400, code="ExpiredToken", times=None)
    with pytest.raises(CredentialsError):
        destination.put("k2", parcel, put_id="id")
