"""Fixtures that every test may use; nothing of this machine's environment reaches a test."""

import os
import uuid
from collections.abc import Iterator

import pytest

from sealift.testing.ministack import S3Server
from sealift.testing.ministack import ministack as run_ministack
from tests.servers import Bucket
from tests.servers import rclone as run_rclone

_PROXY = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def pytest_configure() -> None:
    """Forget AWS, proxy and Sealift variables before the first session fixture."""
    for name in list(os.environ):
        if name.upper().startswith(("AWS_", "SEALIFT_", "RCLONE_")) or name.upper() in _PROXY:
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


@pytest.fixture(scope="session")
def ministack() -> Iterator[S3Server]:
    """A ministack with signature checks and conditional writes."""
    with run_ministack() as server:
        yield server


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """`rclone serve s3`: checks signatures, ignores If-None-Match and If-Match."""
    with run_rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture(scope="session")
def _ministack_client(ministack: S3Server) -> Iterator[object]:
    client = ministack.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def _rclone_client(rclone: S3Server) -> Iterator[object]:
    client = rclone.client()
    yield client
    client.close()


@pytest.fixture
def ministack_bucket(ministack: S3Server, _ministack_client: object) -> Bucket:
    """An empty bucket on ministack."""
    return _new_bucket(ministack, _ministack_client)


@pytest.fixture
def rclone_bucket(rclone: S3Server, _rclone_client: object) -> Bucket:
    """An empty bucket on rclone."""
    return _new_bucket(rclone, _rclone_client)


def _new_bucket(server: S3Server, client: object) -> Bucket:
    bucket = Bucket(server=server, client=client, name=f"test-{uuid.uuid4().hex}")
    bucket.client.create_bucket(Bucket=bucket.name)
    return bucket
