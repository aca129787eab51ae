"""Large uploads stay within bounds, and clean up what they gave up."""

import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import MIB
from sealift.errors import SourceChangedError, StoreFullError, TransientError
from sealift.sealing.parcel import Parcel
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import LOST_ANSWER, Fault
from sealift.testing.samples import MemoryPartLog, Pieces
from tests.destinations.s3_samples import at

PART = 5 * MIB


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def destination(faults: FaultServer) -> Iterator[S3Destination]:
    made = at(faults, part_bytes=PART, part_concurrency=2)
    yield made
    made.close()


def test_parts_grow_so_that_ten_thousand_are_enough(
    faults: FaultServer, destination: S3Destination
) -> None:
    log = MemoryPartLog()
    faults.fail(operation="UploadPart", status=507, times=None)
    parcel = Parcel(body=Pieces(1, MIB), size=200 * 1024 * MIB, sha256="0" * 64)
    with pytest.raises(StoreFullError):
        destination.put("k", parcel, put_id="id", part_log=log)
    assert log.upload
    assert log.upload.part_bytes == 21 * MIB


@dataclass
class Zeros:
    """Many equal chunks that cost no memory."""

    count: int

    def chunks(self) -> Iterator[bytes]:
        chunk = bytes(MIB)
        for _ in range(self.count):
            yield chunk


def test_memory_holds_only_the_parts_under_way(
    faults: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = at(faults, part_bytes=PART, part_concurrency=2)
    destination.put("first", Pieces(1, 10).sealed(), put_id="id")
    monkeypatch.setattr("sealift.destinations.s3_client.PartsClient.call", _swallow)
    parcel = Parcel(body=Zeros(60), size=60 * MIB, sha256="0" * 64)
    tracemalloc.start()
    try:
        with pytest.raises(SourceChangedError):
            destination.put("k", parcel, put_id="id")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * PART + 3 * MIB


def _swallow(_client: object, _operation: str, **_arguments: object) -> dict[str, str]:
    # Slower than the reading, so that parts would pile up.
    threading.Event().wait(0.02)
    return {"UploadId": "upload", "ETag": '"etag"'}


def test_a_large_object_that_reads_back_damaged_is_removed(faults: FaultServer) -> None:
    pieces = Pieces(1, 10)
    etag = at(faults).put("like-it", pieces.sealed(), put_id="id").etag
    faults.objects.clear()
    faults.fail(Fault(operation="GetObject", status=200, body=b"damaged", headers={"ETag": etag}))
    with pytest.raises(TransientError, match="deleted"):
        at(faults, verify="read-back").put("k", pieces.sealed(), put_id="id")
    assert not faults.objects


def test_uploads_that_were_given_up_are_aborted_and_no_others(
    faults: FaultServer, destination: S3Destination
) -> None:
    parcel = Pieces(1, 10).sealed()
    logs = [MemoryPartLog(), MemoryPartLog()]
    faults.fail(LOST_ANSWER, operation="UploadPart", times=None)
    for number, log in enumerate(logs):
        with pytest.raises(TransientError):
            destination.put(f"k{number}", parcel, put_id="id", part_log=log)
    ours = logs[0].upload
    assert ours
    assert destination.abort_stale_uploads([("k0", ours.upload_id), ("k9", "long-gone")]) == 2
    assert [upload.key for upload in faults.bucket.uploads.values()] == ["k1"]
