"""Row 56: what the environment says about AWS or proxies does not leak into a put."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sealift.destinations.s3_connection import UNWANTED
from sealift.testing.fault_server import FaultServer
from sealift.testing.samples import Pieces, parcel_of
from tests.destinations.s3_samples import at

POISON = {
    "AWS_ACCESS_KEY_ID": "poison",
    "AWS_SECRET_ACCESS_KEY": "poison",
    "AWS_SESSION_TOKEN": "poison",
    "AWS_TOKEN": "poison",
    "AWS_PROFILE": "poison",
    "AWS_REGION": "eu-poison-1",
    "AWS_DEFAULT_REGION": "eu-poison-1",
    "AWS_BUCKET": "poison",
    "AWS_ENDPOINT": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    "AWS_SERVER_SIDE_ENCRYPTION": "aws:kms",
    "AWS_SSE_KMS_KEY_ID": "poison",
    "AWS_SSE_BUCKET_KEY_ENABLED": "true",
    "AWS_SSE_CUSTOMER_KEY_BASE64": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "AWS_CHECKSUM_ALGORITHM": "SHA256",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
    "AWS_REQUEST_PAYER": "true",
    "AWS_S3_EXPRESS": "true",
    "AWS_UNSIGNED_PAYLOAD": "true",
    "AWS_SKIP_SIGNATURE": "true",
    "AWS_DISABLE_TAGGING": "true",
    "AWS_CONDITIONAL_PUT": "disabled",
    "AWS_COPY_IF_NOT_EXISTS": "poison",
    "AWS_ALLOW_INVALID_CERTIFICATES": "true",
    "AWS_DEFAULT_CONTENT_TYPE": "poison/x",
    "AWS_TIMEOUT": "1ms",
    "AWS_USER_AGENT": "poison",
    "AWS_PROXY_URL": "http://127.0.0.1:1",
    "AWS_MAX_ATTEMPTS": "9",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nowhere/poison.pem",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "http_proxy": "http://127.0.0.1:1",
    "ALL_PROXY": "http://127.0.0.1:1",
}

VARYING = ("authorization", "x-amz-date", "user-agent", "host", "amz-sdk-invocation-id")


@pytest.fixture(scope="module")
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def sent(faults: FaultServer) -> list[tuple[str, dict[str, str], str]]:
    """Put a small and a large body, and give all that was sent but what varies by itself."""
    faults.requests.clear()
    faults.objects.clear()
    destination = at(faults, tags={"a": "b"})
    destination.put("small", parcel_of(b"x"), put_id="id")
    destination.put("large", Pieces(1, 10).sealed(), put_id="id")
    destination.close()
    return [
        (
            request.call.operation,
            {k: v for k, v in request.call.headers.items() if k not in VARYING},
            request.call.headers["authorization"].partition("SignedHeaders=")[0].split("/")[2],
        )
        for request in faults.requests
    ]


@pytest.fixture(scope="module")
def clean(faults: FaultServer) -> list[tuple[str, dict[str, str], str]]:
    return sent(faults)


@pytest.mark.parametrize("name", POISON)
def test_a_variable_changes_nothing(
    faults: FaultServer,
    clean: list[tuple[str, dict[str, str], str]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, POISON[name])
    assert sent(faults) == clean
    assert os.environ[name] == POISON[name]


def test_all_at_once_change_nothing(
    faults: FaultServer,
    clean: list[tuple[str, dict[str, str], str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    assert sent(faults) == clean


def test_what_cannot_be_overridden_is_tested_here() -> None:
    assert set(UNWANTED) <= set(POISON)


@pytest.mark.parametrize("large", [False, True])
def test_a_proxy_that_is_asked_for_is_used(faults: FaultServer, large: bool) -> None:
    """The fault server stands in for the proxy: it gets a request for a host that is not there."""
    faults.requests.clear()
    destination = at(
        faults,
        endpoint_url="http://store.invalid",
        proxy=faults.endpoint_url,
        bucket=faults.bucket.name,
    )
    parcel = Pieces(1, 10).sealed() if large else parcel_of(b"x")
    try:
        destination.put(f"proxied-{large}", parcel, put_id="id")
    finally:
        assert faults.requests
        assert faults.requests[-1].call.headers["host"].startswith("store.invalid")


class TestLightness:
    def test_importing_brings_neither_client(self) -> None:
        code = (
            "import sys; import sealift.destinations.s3 as s3; "
            "s3.S3Destination(s3.S3Options(bucket='abc')); "
            "print([m for m in ('obstore', 'boto3', 'botocore') if m in sys.modules])"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert said.stdout.strip() == b"[]"
