"""The real servers are what the other tests take them for."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.servers import Bucket

pytestmark = pytest.mark.server


@pytest.fixture(params=["ministack_bucket", "rclone_bucket"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    return request.getfixturevalue(request.param)


def test_a_bucket_begins_empty_and_gives_back_what_was_put(bucket: Bucket) -> None:
    assert bucket.keys() == []
    assert bucket.raw_get("a b+é") is None
    bucket.raw_put("a b+é", b"body")
    assert bucket.raw_get("a b+é") == b"body"
    assert bucket.keys() == ["a b+é"]


def test_a_wrong_secret_is_refused(bucket: Bucket) -> None:
    stranger = replace(bucket.server, secret_access_key="wrong").client()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        stranger.put_object(Bucket=bucket.name, Key="k", Body=b"x")
    stranger.close()


def test_ministack_keeps_the_condition_of_a_create(ministack_bucket: Bucket) -> None:
    _create(ministack_bucket, b"first")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        _create(ministack_bucket, b"second")
    assert ministack_bucket.raw_get("k") == b"first"


def test_rclone_ignores_the_condition_of_a_create(rclone_bucket: Bucket) -> None:
    _create(rclone_bucket, b"first")
    _create(rclone_bucket, b"second")
    assert rclone_bucket.raw_get("k") == b"second"


def _create(bucket: Bucket, body: bytes) -> Any:
    return bucket.client.put_object(Bucket=bucket.name, Key="k", Body=body, IfNoneMatch="*")
