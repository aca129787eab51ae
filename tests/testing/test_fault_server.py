"""The fault server answers like S3, and fails exactly as it is told."""

import hashlib
import http.client
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sealift.testing import faults
from sealift.testing.fault_server import FaultServer


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def client(server: FaultServer) -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    yield client
    client.close()


def ask(
    server: FaultServer, method: str, key: str = "k", body: bytes = b"", **headers: str
) -> http.client.HTTPResponse:
    """Send one request on a connection of its own, and read the whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/bucket/{key}", body, named)
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        return answer
    finally:
        connection.close()


class TestLikeS3:
    def test_an_object_comes_back_with_its_headers(self, client: Any) -> None:
        metadata = {"sealift-id": "id-1", "sha256": "00"}
        client.put_object(
            Bucket="bucket", Key="a b+é%41", Body=b"body", ContentType="text/x", Metadata=metadata
        )
        got = client.get_object(Bucket="bucket", Key="a b+é%41")
        assert got["Body"].read() == b"body"
        assert (got["ContentType"], got["Metadata"]) == ("text/x", metadata)
        head = client.head_object(Bucket="bucket", Key="a b+é%41")
        assert head["ContentLength"] == 4
        assert head["ETag"] == got["ETag"] == f'"{hashlib.md5(b"body").hexdigest()}"'

    def test_what_is_missing_is_404(self, client: Any) -> None:
        with pytest.raises(ClientError, match="NoSuchKey"):
            client.get_object(Bucket="bucket", Key="k")
        with pytest.raises(ClientError, match="NoSuchBucket"):
            client.put_object(Bucket="other", Key="k", Body=b"")

    def test_a_condition_that_does_not_hold_changes_nothing(
        self, server: FaultServer, client: Any
    ) -> None:
        etag = client.put_object(Bucket="bucket", Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket="bucket", Key="k", Body=b"2", IfNoneMatch="*")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            client.put_object(Bucket="bucket", Key="k", Body=b"2", IfMatch='"00"')
        assert server.objects["k"].body == b"1"
        client.put_object(Bucket="bucket", Key="k", Body=b"3", IfMatch=etag)
        assert server.objects["k"].body == b"3"
        assert server.keys_stored_twice() == {"k"}

    def test_a_large_upload_is_joined_from_its_parts(
        self, server: FaultServer, client: Any
    ) -> None:
        where = {"Bucket": "bucket", "Key": "large"}
        begun = client.create_multipart_upload(**where, Metadata={"sealift-id": "id-1"})
        where["UploadId"] = begun["UploadId"]
        parts = [
            {"PartNumber": n, "ETag": client.upload_part(**where, PartNumber=n, Body=body)["ETag"]}
            for n, body in ((2, b"two"), (1, b"one"))
        ]
        assert [p["Size"] for p in client.list_parts(**where)["Parts"]] == [3, 3]
        with pytest.raises(ClientError, match="InvalidPartOrder"):
            client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        parts.reverse()
        client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        assert server.objects["large"].body == b"onetwo"
        assert server.objects["large"].headers["x-amz-meta-sealift-id"] == "id-1"
        with pytest.raises(ClientError, match="NoSuchUpload"):
            client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    def test_an_aborted_upload_is_gone(self, server: FaultServer, client: Any) -> None:
        begun = client.create_multipart_upload(Bucket="bucket", Key="large")
        listed = client.list_multipart_uploads(Bucket="bucket")["Uploads"]
        assert [u["UploadId"] for u in listed] == [begun["UploadId"]]
        client.abort_multipart_upload(Bucket="bucket", Key="large", UploadId=begun["UploadId"])
        assert server.bucket.uploads == {}

    def test_a_damaged_body_is_refused(self, server: FaultServer) -> None:
        signed = hashlib.sha256(b"body").hexdigest()
        answer = ask(server, "PUT", body=b"bodi", x_amz_content_sha256=signed)
        assert answer.status == 400
        assert server.objects == {}

    def test_chunks_are_joined(self, server: FaultServer) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("PUT", "/bucket/k", iter([b"one", b"two"]), encode_chunked=True)
        assert connection.getresponse().status == 200
        connection.close()
        assert server.objects["k"].body == b"onetwo"

    def test_signed_chunks_are_joined(self, server: FaultServer) -> None:
        body = b"3;chunk-signature=0\r\none\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"
        kind = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        assert ask(server, "PUT", body=body, x_amz_content_sha256=kind).status == 200
        assert server.objects["k"].body == b"one"


class TestScript:
    def test_a_fault_hits_the_requests_it_is_for_and_no_others(self, server: FaultServer) -> None:
        server.fail(method="PUT", key="k", status=503, code="SlowDown", after=1, times=2)
        assert [ask(server, "PUT").status for _ in range(4)] == [200, 503, 503, 200]
        server.fail(operation="PutObject", key=lambda key: key > "m", status=500, times=None)
        assert [ask(server, "PUT", key).status for key in "aznz"] == [200, 500, 500, 500]
        server.heal()
        assert ask(server, "PUT", "z").status == 200

    def test_a_scripted_answer_has_its_code_and_headers_and_stores_nothing(
        self, server: FaultServer
    ) -> None:
        server.fail(faults.SLOW_DOWN, headers={"Retry-After": "7"})
        answer = ask(server, "PUT", body=b"x")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert b"<Code>SlowDown</Code>" in answer.body  # type: ignore[attr-defined]
        assert server.objects == {}

    def test_an_error_may_be_answered_after_the_object_is_stored(self, server: FaultServer) -> None:
        server.fail(status=500, stores="now")
        assert ask(server, "PUT", body=b"x").status == 500
        assert server.objects["k"].body == b"x"

    @pytest.mark.parametrize(
        ("fault", "stored"),
        [
            (faults.LOST_REQUEST, False),
            (faults.LOST_BODY, False),
            (faults.LOST_ANSWER, True),
            (faults.HALF_ANSWER, True),
        ],
    )
    def test_a_lost_connection_tells_nothing_of_what_was_stored(
        self, server: FaultServer, fault: faults.Fault, stored: bool
    ) -> None:
        server.fail(fault)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server, "PUT", body=b"x" * 100_000)
        assert ("k" in server.objects) == stored
        assert ask(server, "PUT", body=b"x").status == 200

    def test_a_late_request_lands_when_it_is_told_to(self, server: FaultServer) -> None:
        server.fail(faults.LATE_LANDING)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server, "PUT", body=b"first")
        ask(server, "PUT", body=b"second")
        server.land()
        assert server.objects["k"].body == b"first"

    def test_a_late_create_meets_its_condition_when_it_lands(self, server: FaultServer) -> None:
        server.fail(faults.LATE_LANDING)
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server, "PUT", body=b"first", If_None_Match="*")
        ask(server, "PUT", body=b"second", If_None_Match="*")
        server.land()
        assert server.objects["k"].body == b"second"

    def test_a_black_hole_says_nothing_until_the_server_ends(self) -> None:
        raised: list[BaseException] = []

        def wait_for_an_answer(server: FaultServer) -> None:
            try:
                ask(server, "PUT", body=b"x")
            except (OSError, http.client.HTTPException) as error:
                raised.append(error)

        with FaultServer() as server:
            server.fail(faults.BLACK_HOLE)
            waiting = threading.Thread(target=wait_for_an_answer, args=(server,))
            waiting.start()
            waiting.join(0.2)
            assert waiting.is_alive()
        waiting.join(5)
        assert len(raised) == 1

    def test_a_captive_page_and_a_missing_etag_look_like_success(self, server: FaultServer) -> None:
        server.fail(faults.CAPTIVE_PAGE)
        server.fail(faults.NO_ETAG)
        page = ask(server, "PUT", body=b"x")
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
        assert server.objects == {}
        without = ask(server, "PUT", body=b"x")
        assert (without.status, without.headers["ETag"]) == (200, None)
        assert "k" in server.objects

    def test_a_slow_answer_takes_its_time(self, server: FaultServer) -> None:
        server.bucket.put("k", b"x" * 1000)
        server.fail(bytes_per_second=4000)
        assert ask(server, "GET").body == b"x" * 1000  # type: ignore[attr-defined]
        server.fail(delay_seconds=0.3, times=1)
        ask(server, "GET")
        first, second = server.requests
        assert second.at - first.at > 0.25 + 0.3 - 0.05

    def test_every_request_is_remembered(self, server: FaultServer) -> None:
        server.fail(faults.CONFLICT)
        ask(server, "PUT", "a", b"body", x_amz_meta_sealift_id="id-1")
        ask(server, "PUT", "b", b"body", x_amz_meta_sealift_id="id-1")
        ask(server, "PUT", "b", b"body", x_amz_meta_sealift_id="id-2")
        first = server.requests[0]
        assert (first.call.method, first.call.key, first.status) == ("PUT", "a", 409)
        assert first.sha256 == hashlib.sha256(b"body").hexdigest()
        assert [request.call.key for request in server.calls("PutObject")] == ["a", "b", "b"]
        assert server.put_ids_with_second_keys() == {"id-1": {"a", "b"}}
