"""`sealift run config.toml` on a device: no AWS keys, a folder of conversations, a presigner."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.destinations.s3_credentials import Credential
from sealift.presigner.auth_hmac import device_secret
from sealift.presigner.sign import Signer, store_of
from tests.cli.commands import environment, read_until, run, start
from tests.destinations.presigned_rig import OldPresigner, PresignerServer
from tests.destinations.presigned_rig import serving as serving_here
from tests.presigner.rig import MASTER
from tests.presigner.running import serving, settings
from tests.servers import Bucket

pytestmark = pytest.mark.server

FIXTURES = Path(__file__).parent / "fixtures"
COUNT = 12
SECRET = device_secret(MASTER, "dev001")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path


def configure(home: Path, api_url: str, more: str = "") -> Path:
    """The file that is in the field, its URL pointed elsewhere."""
    lines = (FIXTURES / "config.toml").read_text().splitlines()
    pointed = [f'api_url = "{api_url}"' if "api_url" in line else line for line in lines]
    file = home / "config.toml"
    file.write_text("\n".join(pointed) + f"\nsettle_secs = 0.2\n{more}")
    return file


def talk(home: Path, count: int = COUNT) -> None:
    for number in range(count):
        shutil.copy(FIXTURES / "conversation.json", home / f"memory/conversation_{number}.json")


@contextlib.contextmanager
def present(home: Path, bucket: Bucket) -> Iterator[str]:
    """The installed presigner; it has the keys, and its log does not fill a pipe."""
    service = home / "service"
    service.mkdir()
    audit = str(service / "audit.log")
    environ = settings(bucket.name, bucket.server, rate_per_second="0")
    with serving(service, environ, "--audit", audit) as url:
        yield f"{url}/ingest/new"


@contextlib.contextmanager
def old(bucket: Bucket) -> Iterator[PresignerServer]:
    """An old presigner: url and key, signed for the host only."""
    server = bucket.server
    keys = Credential(
        access_key_id=server.access_key_id, secret_access_key=server.secret_access_key
    )
    store = store_of(bucket.name, server.region, server.endpoint_url)
    with serving_here(PresignerServer(OldPresigner(Signer(store, keys)))) as service:
        yield service


def check_arrived(home: Path, bucket: Bucket, count: int = COUNT) -> None:
    """Every conversation is there once, without what is personal, and its file is renamed."""
    keys = bucket.keys()
    assert len(keys) == count
    names = {key.rpartition("_conversation_")[2] for key in keys}
    assert names == {f"{number}.json" for number in range(count)}
    for key in keys:
        assert key.startswith("uploads/dev001/")
        body = bucket.raw_get(key)
        assert body
        for personal in (b"john@example.com", b"123-45-6789", b"4111 1111 1111 1111"):
            assert personal not in body
        assert json.loads(body)["id"] == "conversation_123"
    assert sorted(os.listdir(home / "memory")) == sorted(  # noqa: PTH208
        f"conversation_{number}.json.synced" for number in range(count)
    )


def test_no_aws_variable_is_there() -> None:
    """What the device's process gets of AWS is nothing that could sign."""
    given = {name for name in environment(Path()) if name.startswith("AWS_")}
    assert given == {
        "AWS_EC2_METADATA_DISABLED",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    }


def test_the_folder_arrives_redacted_by_the_configuration_of_the_field(
    home: Path, ministack_bucket: Bucket
) -> None:
    talk(home)
    with present(home, ministack_bucket) as url:
        config = configure(home, url)
        done = run("run", "--once", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
        assert (done.returncode, done.stderr) == (0, "")
        checked = run("check", "--json", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
    check_arrived(home, ministack_bucket)
    lines = done.stdout.splitlines()
    assert len(lines) == COUNT
    stored = ministack_bucket.keys()
    (key,) = [key for key in stored if key.endswith("_conversation_3.json")]
    assert f"✅ uploaded: conversation_3.json → s3://{ministack_bucket.name}/{key}" in lines
    found = {one["name"]: one for one in map(json.loads, checked.stdout.splitlines())}
    assert [found[name]["level"] for name in ("presigner", "form", "clock")] == ["pass"] * 3
    assert ministack_bucket.name in found["presigner"]["message"]


def test_it_arrives_the_same_with_an_old_presigner(home: Path, ministack_bucket: Bucket) -> None:
    talk(home)
    with old(ministack_bucket) as service:
        config = configure(home, service.url)
        done = run("run", "--once", config, home=home)
        checked = run("check", config, home=home)
    assert (done.returncode, done.stderr) == (0, "")
    check_arrived(home, ministack_bucket)
    assert "makes a new key for each request" in checked.stdout
    assert {
        frozenset(json.loads(request.body))
        for request in service.requests
        if request.place == "/ingest/new"
    } >= {frozenset({"device_id", "filename"})}


def test_it_runs_on_and_hears_of_new_files(home: Path, ministack_bucket: Bucket) -> None:
    with present(home, ministack_bucket) as url:
        config = configure(home, url)
        process = start("run", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
        try:
            for number in range(3):
                shutil.copy(
                    FIXTURES / "conversation.json", home / f"memory/conversation_{number}.json"
                )
                read_until(process, f"✅ uploaded: conversation_{number}.json → s3://")
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert process.returncode == 0
    check_arrived(home, ministack_bucket, 3)


_RUN = """
import pathlib, sys
import sealift
config = sealift.Config.load("config.toml")
with sealift.Agent(sealift.build_routes(config), config.agent.state_dir) as agent:
    assert agent.run(once=True).waiting == 0
print(sorted({"boto3", "botocore", "obstore"} & sys.modules.keys()))
status = pathlib.Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its peak memory is read as Linux tells it")
def test_a_device_needs_no_aws_library(home: Path, ministack_bucket: Bucket) -> None:
    talk(home)
    with old(ministack_bucket) as service:
        configure(home, service.url, "redact = []\n")
        done = subprocess.run(
            [sys.executable, "-c", _RUN],
            cwd=home,
            env=environment(home),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    loaded, megabytes = done.stdout.splitlines()
    assert loaded == "[]"
    assert int(megabytes) < 80
    assert len(ministack_bucket.keys()) == COUNT


def test_killed_at_any_moment_it_goes_on_under_the_same_keys(
    home: Path, ministack_bucket: Bucket
) -> None:
    """PRESIGNED_KILLS says how often; each time it has got a little further."""
    kills = int(os.environ.get("PRESIGNED_KILLS", "4"))
    count = 75 * kills
    bucket = ministack_bucket
    bucket.client.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    talk(home, count)
    fifty_a_second = 50 * (FIXTURES / "conversation.json").stat().st_size
    with present(home, bucket) as url:
        config = configure(home, url, f"redact = []\nmax_bytes_per_second = {fifty_a_second}\n")
        for number in range(kills):
            process = start("run", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
            try:
                for _ in range(1 + 7 * number % 20):
                    read_until(process, "✅ uploaded")
            finally:
                process.kill()
                process.communicate(timeout=20)
        assert len(list((home / "memory").glob("*.json"))) > 0, "it was done before the last kill"
        done = run("run", "--once", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
    assert done.returncode == 0
    pages = bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name)
    versions = [one["Key"] for page in pages for one in page.get("Versions", [])]
    names = {key.rpartition("_conversation_")[2] for key in versions}
    assert len(versions) == len(set(versions)) == len(names) == count


def test_what_does_not_work_is_said_and_waits(home: Path) -> None:
    talk(home, 1)
    config = configure(home, "http://127.0.0.1:1/ingest/new", "retry_delay_secs = 0.1\n")
    done = run("run", "--once", config, home=home, SEALIFT_PRESIGNER_SECRET=SECRET)
    assert done.returncode == 3
    assert (
        "⚠️ failed processing conversation_0.json: Asking the presigner: it cannot be reached."
        in done.stdout
    )
    assert (home / "memory/conversation_0.json").exists()


def test_a_wrong_secret_pauses_with_its_exit_code(home: Path, ministack_bucket: Bucket) -> None:
    talk(home, 2)
    with present(home, ministack_bucket) as url:
        config = configure(home, url)
        done = run("run", "--once", config, home=home, SEALIFT_PRESIGNER_SECRET="0" * 64)
        status = run("status", config, home=home, SEALIFT_PRESIGNER_SECRET="0" * 64)
    assert done.returncode == 4
    assert "does not accept this device" in done.stdout
    assert status.returncode == 4
    assert ministack_bucket.keys() == []
