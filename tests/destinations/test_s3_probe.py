"""The probe says what a bucket really does, and leaves nothing behind."""

from collections.abc import Iterator

import pytest

from sealift.destinations.s3_probe import Finding, probe_bucket
from sealift.errors import AccessDeniedError, BucketError, CredentialsError, TransientError
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import HEAD_FORBIDDEN, Fault
from tests.destinations.s3_samples import at
from tests.servers import Bucket

DENIED = {"status": 403, "code": "AccessDenied", "times": None}


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def findings(where: Bucket | FaultServer, **changes: object) -> dict[str, Finding]:
    return {finding.name: finding for finding in probe_bucket(at(where, **changes).eyes)}


def levels(found: dict[str, Finding]) -> dict[str, str]:
    return {name: finding.level for name, finding in found.items()}


@pytest.mark.server
def test_a_store_that_does_it_all_passes(ministack_bucket: Bucket) -> None:
    found = findings(ministack_bucket)
    assert set(levels(found).values()) == {"pass"}
    assert list(found) == [
        *("bucket", "region", "clock", "write", "conditional_create"),
        *("head", "metadata", "etag", "checksum", "delete"),
    ]
    assert ministack_bucket.keys() == []


@pytest.mark.server
def test_a_store_that_ignores_conditions_fails(rclone_bucket: Bucket) -> None:
    found = findings(rclone_bucket)
    assert found["conditional_create"].level == "fail"
    assert found["etag"].level == "warn"
    assert rclone_bucket.keys() == []
    assert findings(rclone_bucket, allow_unconditional=True)["conditional_create"].level == "warn"


def test_what_is_missing_is_a_warning(faults: FaultServer) -> None:
    faults.fail(HEAD_FORBIDDEN)
    faults.fail(operation="DeleteObject", **DENIED)
    found = levels(findings(faults, prefix="up/"))
    assert (found["head"], found["delete"]) == ("warn", "warn")
    assert all(key.startswith("up/.sealift-probe/") for key in faults.objects)


def test_a_clock_that_is_off_fails(faults: FaultServer) -> None:
    old = {"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}
    faults.fail(Fault(operation="HeadBucket", headers=old, times=None))
    assert findings(faults)["clock"].level == "fail"


def test_unquoted_etags_are_told(faults: FaultServer) -> None:
    faults.fail(Fault(operation="PutObject", after=2, status=412, code="PreconditionFailed"))
    assert "without quotes" in findings(faults)["etag"].message


def test_a_wrong_region_is_a_warning_with_the_right_one() -> None:
    with FaultServer(region="eu-west-1") as faults:
        faults.fail(operation="ListObjectsV2", status=301, code="PermanentRedirect")
        region = findings(faults)["region"]
    assert (region.level, "eu-west-1" in region.hint) == ("warn", True)


def test_a_bucket_that_is_not_there_stops_it(faults: FaultServer) -> None:
    found = findings(faults, bucket="no-such-bucket")
    assert levels(found) == {"bucket": "fail"}
    assert found["bucket"].hint


def test_a_role_that_may_not_write_stops_it(faults: FaultServer) -> None:
    faults.fail(operation="PutObject", **DENIED)
    assert levels(findings(faults))["write"] == "fail"


class TestKnock:
    def test_a_healthy_bucket_costs_one_request(self, faults: FaultServer) -> None:
        at(faults).probe()
        assert [request.call.operation for request in faults.requests] == ["ListObjectsV2"]

    def test_who_may_only_write_is_let_in(self, faults: FaultServer) -> None:
        faults.fail(operation="ListObjectsV2", **DENIED)
        faults.fail(operation="DeleteObject", **DENIED)
        for _ in range(2):
            at(faults).probe()
        assert list(faults.objects) == [".sealift-probe/write"]

    def test_who_may_do_nothing_is_not(self, faults: FaultServer) -> None:
        faults.fail(**DENIED)
        with pytest.raises(AccessDeniedError):
            at(faults).probe()

    @pytest.mark.parametrize(
        ("status", "code", "wanted"),
        [
            (404, "NoSuchBucket", BucketError),
            (403, "InvalidAccessKeyId", CredentialsError),
            (500, "InternalError", TransientError),
        ],
    )
    def test_what_is_wrong_is_said(
        self, faults: FaultServer, status: int, code: str, wanted: type[Exception]
    ) -> None:
        faults.fail(status=status, code=code, times=None)
        with pytest.raises(wanted):
            at(faults).probe()
