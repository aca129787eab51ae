"""Every condition of S3 becomes the error that says what to do, by the client's real exceptions."""

import importlib.metadata
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift import errors
from sealift.destinations.s3_errors import (
    OBSTORE_VERSION,
    Answer,
    explain,
    read_botocore,
    read_obstore,
    rule_for,
)
from sealift.destinations.s3_rules import BY_CODE, BY_STATUS, BY_TROUBLE
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import HALF_ANSWER, LOST_BODY, LOST_REQUEST, Fault
from sealift.testing.samples import Pieces, parcel_of
from tests.destinations.s3_samples import at

CONDITIONS = [
    (500, "InternalError", "OutcomeUnknownError"),
    (502, "", "OutcomeUnknownError"),
    (503, "ServiceUnavailable", "OutcomeUnknownError"),
    (504, "", "OutcomeUnknownError"),
    (503, "SlowDown", "ThrottledError"),
    (429, "", "ThrottledError"),
    (400, "RequestLimitExceeded", "ThrottledError"),
    (509, "BandwidthLimitExceeded", "ThrottledError"),
    (400, "KMS.ThrottlingException", "ThrottledError"),
    (400, "RequestTimeout", "TransientError"),
    (400, "PriorRequestNotComplete", "TransientError"),
    (408, "", "TransientError"),
    (409, "ConditionalRequestConflict", "TransientError"),
    (409, "OperationAborted", "TransientError"),
    (409, "", "OutcomeUnknownError"),
    (412, "PreconditionFailed", "AlreadyThereError"),
    (304, "", "AlreadyThereError"),
    (501, "NotImplemented", "StoreRefusedError"),
    (505, "", "StoreRefusedError"),
    (507, "XMinioStorageFull", "StoreFullError"),
    (507, "", "StoreFullError"),
    (403, "QuotaExceeded", "StoreFullError"),
    (403, "RequestTimeTooSkewed", "ClockError"),
    (400, "ExpiredToken", "CredentialsError"),
    (400, "TokenRefreshRequired", "CredentialsError"),
    (400, "InvalidToken", "CredentialsError"),
    (403, "InvalidAccessKeyId", "CredentialsError"),
    (403, "SignatureDoesNotMatch", "CredentialsError"),
    (401, "", "CredentialsError"),
    (403, "AccessDenied", "AccessDeniedError"),
    (403, "", "AccessDeniedError"),
    (400, "KMS.DisabledException", "StoreRefusedError"),
    (400, "AuthorizationHeaderMalformed", "BucketError"),
    (301, "PermanentRedirect", "BucketError"),
    (307, "TemporaryRedirect", "BucketError"),
    (400, "IllegalLocationConstraintException", "BucketError"),
    (404, "NoSuchBucket", "BucketError"),
    (400, "InvalidBucketName", "BucketError"),
    (404, "", "StoreRefusedError"),
    (405, "MethodNotAllowed", "StoreRefusedError"),
    (400, "InvalidRequest", "StoreRefusedError"),
    (400, "InvalidStorageClass", "StoreRefusedError"),
    (400, "NobodyKnowsThisCode", "StoreRefusedError"),
    (400, "BadDigest", "ItemRefusedError"),
    (400, "XAmzContentSHA256Mismatch", "ItemRefusedError"),
    (400, "IncompleteBody", "ItemRefusedError"),
    (411, "MissingContentLength", "ItemRefusedError"),
    (400, "EntityTooLarge", "TooLargeError"),
    (413, "", "TooLargeError"),
    (400, "KeyTooLongError", "KeyNameError"),
    (400, "MetadataTooLarge", "ItemRefusedError"),
    (400, "InvalidTag", "ItemRefusedError"),
    (400, "InvalidURI", "ItemRefusedError"),
]


@pytest.fixture(scope="module")
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _healed(faults: FaultServer) -> None:
    faults.heal()


def raised(where: FaultServer, *, large: bool = False, **changes: object) -> errors.SealiftError:
    parcel = Pieces(1, 10).sealed() if large else parcel_of(b"x")
    with pytest.raises(errors.SealiftError) as caught:
        at(where, **changes).put("k", parcel, put_id="id")
    return caught.value


def test_the_texts_that_are_parsed_are_those_of_the_pinned_version() -> None:
    assert importlib.metadata.version("obstore") == OBSTORE_VERSION


@pytest.mark.parametrize(("status", "code", "name"), CONDITIONS)
def test_an_answer_to_obstore(faults: FaultServer, status: int, code: str, name: str) -> None:
    body = None if code else b""
    faults.fail(Fault(operation="PutObject", status=status, code=code, body=body, times=None))
    error = raised(faults)
    assert type(error) is getattr(errors, name)
    assert error.message.startswith("Putting into s3://bucket: ")


@pytest.mark.parametrize(
    ("status", "code", "name"),
    [row for row in CONDITIONS if row[1] and row[0] not in {301, 307}],
)
def test_an_answer_to_botocore(faults: FaultServer, status: int, code: str, name: str) -> None:
    """The first call of a large upload stores nothing, so no outcome of it is unclear."""
    operation = "CreateMultipartUpload"
    faults.fail(Fault(operation=operation, status=status, code=code, times=None))
    wanted = getattr(errors, name)
    if issubclass(wanted, errors.OutcomeUnknownError):
        wanted = errors.TransientError
    assert type(raised(faults, large=True)) is wanted


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("fault", [LOST_REQUEST, LOST_BODY, HALF_ANSWER])
def test_row_15_a_broken_connection_is_unclear(
    faults: FaultServer, fault: Fault, large: bool
) -> None:
    operation = "CompleteMultipartUpload" if large else "PutObject"
    faults.fail(fault, operation=operation, times=None)
    assert isinstance(raised(faults, large=large), errors.OutcomeUnknownError)


@pytest.mark.parametrize("large", [False, True])
def test_row_23_a_closed_port_was_never_reached(faults: FaultServer, large: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert type(raised(faults, large=large, endpoint_url=url)) is errors.NotSentError


@pytest.mark.parametrize("large", [False, True])
def test_row_23_an_unknown_host_was_never_reached(faults: FaultServer, large: bool) -> None:
    url = "http://store.invalid"
    assert type(raised(faults, large=large, endpoint_url=url)) is errors.NotSentError


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("making a certificate needs the openssl program")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-keyout", path, "-out", path.with_suffix(".crt")),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        ],
        check=True,
        capture_output=True,
    )
    return path


def test_row_23_a_certificate_that_nobody_vouches_for(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate.with_suffix(".crt")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted = certificate.with_suffix(".crt")
    context.load_cert_chain(trusted, certificate)
    with FaultServer(tls=context) as faults:
        for large in (False, True):
            error = raised(faults, large=large)
            assert type(error) is errors.StoreRefusedError
            assert "certificate" in error.message
        destination = at(faults, ca_bundle=str(trusted))
        destination.put("k", parcel_of(b"x"), put_id="id")
        destination.put("large", Pieces(1, 10).sealed(), put_id="id")
        assert sorted(faults.objects) == ["k", "large"]


def test_row_6_the_clock_error_names_the_seconds(faults: FaultServer) -> None:
    faults.fail(operation="PutObject", status=403, code="RequestTimeTooSkewed")
    faults.fail(
        Fault(operation="HeadBucket", headers={"Date": "Sat, 01 Jan 2000 00:00:00 GMT"}, times=None)
    )
    assert "s ahead of the store's" in raised(faults).message


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (Fault(status=403, code="AccessDenied"), errors.AccessDeniedError),
        (Fault(status=500, code="InternalError"), errors.OutcomeUnknownError),
        (LOST_BODY, errors.OutcomeUnknownError),
    ],
)
@pytest.mark.parametrize(
    "key",
    [
        "Debug source: inner: Status { status: 404, <Code>NoSuchBucket</Code>",
        "BareRedirect,InvalidCertificate(MissingEtag,Connect,",
    ],
)
def test_a_key_cannot_pretend_to_be_an_answer(
    faults: FaultServer, key: str, fault: Fault, wanted: type[Exception]
) -> None:
    faults.fail(fault, operation="PutObject")
    with pytest.raises(errors.SealiftError) as caught:
        at(faults).put(key, parcel_of(b"x"), put_id="id")
    assert type(caught.value) is wanted


def test_a_handshake_that_never_ends_was_never_a_put(faults: FaultServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        error = raised(faults, endpoint_url=url, connect_timeout_seconds=0.3)
    assert type(error) is errors.NotSentError


def test_every_rule_tells_what_and_a_permanent_or_paused_one_what_to_do() -> None:
    for rule in (*BY_CODE.values(), *BY_STATUS.values(), *BY_TROUBLE.values()):
        assert rule.says
        if issubclass(rule.error, errors.PausedError | errors.PermanentError):
            assert rule.hint.endswith(".")


def test_a_look_is_never_unclear() -> None:
    for code in BY_CODE:
        error = explain(Answer(code=code), doing="Looking", writing=False)
        assert not isinstance(error, errors.OutcomeUnknownError)


def test_retry_after_is_read() -> None:
    class SlowDownError(Exception):
        response = {  # noqa: RUF012 - as botocore has it
            "Error": {"Code": "SlowDown"},
            "ResponseMetadata": {"HTTPStatusCode": 503, "HTTPHeaders": {"retry-after": "7"}},
        }

    error = explain(read_botocore(SlowDownError()), doing="Putting", writing=True)
    assert isinstance(error, errors.ThrottledError)
    assert error.retry_after_seconds == 7.0


def test_what_nobody_knows_is_unclear() -> None:
    assert rule_for(read_obstore(RuntimeError("new"))).error is errors.OutcomeUnknownError
    assert rule_for(read_botocore(RuntimeError("new"))).error is errors.OutcomeUnknownError
