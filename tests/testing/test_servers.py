"""The real servers are what the other tests take them for."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from sealift.errors import SealiftError
from sealift.testing.ministack import ministack as run_ministack
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


def test_ministack_ends_with_a_process_that_was_killed() -> None:
    program = "from sealift.testing.ministack import ministack\nwith ministack(): input()"
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    assert parent.stdin
    with parent.stdin:
        server = _first_child(parent.pid)
        parent.kill()
        parent.wait(10)
        server.wait(10)
    assert not server.is_running()


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(SealiftError, match="did not start"), run_ministack():
        pytest.fail("it did start")


def _first_child(pid: int) -> psutil.Process:
    parent, deadline = psutil.Process(pid), time.monotonic() + 30
    while time.monotonic() < deadline:
        if children := parent.children():
            return children[0]
    raise AssertionError("no server was started")
