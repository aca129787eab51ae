"""What becomes of events when processes are killed, end or fork."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.integrations.tracardi.opening import STATE_DIR_VARIABLE
from sealift.testing.fault_server import FaultServer
from tests.cli.commands import environment
from tests.integrations.tracardi_events import DONE, node_of, profiles

_LATER = """
import asyncio, json, os, signal, sys
from sealift.integrations.tracardi.settings import Place
from sealift.integrations.tracardi.upload import UploadError, upload

def event(uid, wait=20):
    payload = {"traits": {"smi_uid": uid}, "segments": []}
    try:
        return asyncio.run(upload(Place(**json.loads(sys.argv[1])), payload, wait_seconds=wait))
    except UploadError as error:
        return str(error)
"""


@pytest.fixture
def s3() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


def process(
    script: str, node: dict[str, str], tmp_path: Path, state_dir: Path
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _LATER + script, json.dumps(node)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(tmp_path, **{STATE_DIR_VARIABLE: str(state_dir)}),
    )


def test_what_a_killed_process_had_journaled_goes_with_the_next(
    s3: FaultServer, tmp_path: Path, state_dir: Path
) -> None:
    s3.fail(status=503, code="SlowDown", times=None)
    killed = process(
        "print(event('killed', 0.2), flush=True); os.kill(os.getpid(), signal.SIGKILL)",
        node_of(s3),
        tmp_path,
        state_dir,
    )
    assert "do not add it again" in killed.stdout
    s3.heal()
    after = process("print(event('after'))", node_of(s3), tmp_path, state_dir)
    assert after.stdout.strip() == DONE["message"], after.stderr
    assert {entry["smi_uid"] for entry in profiles(s3)} == {"killed", "after"}


def test_a_process_ends_at_once_whatever_s3_does(
    s3: FaultServer, tmp_path: Path, state_dir: Path
) -> None:
    s3.fail(status=503, code="SlowDown", times=None)
    began = time.monotonic()
    done = process("print(event('waiting', 0.2))", node_of(s3), tmp_path, state_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert "do not add it again" in done.stdout
    assert time.monotonic() - began < 20


def test_a_fork_of_a_process_that_used_it_says_so_and_does_not_hang(
    s3: FaultServer, tmp_path: Path, state_dir: Path
) -> None:
    done = process(
        "print(event('parent'), flush=True)\n"
        "child = os.fork()\n"
        "if not child:\n    print(event('child'), flush=True); os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "print(event('again'))",
        node_of(s3),
        tmp_path,
        state_dir,
    )
    first, child, again = done.stdout.splitlines()
    assert first == again == DONE["message"], done.stderr
    assert child.startswith("S3 upload error: This process was forked")
    assert {entry["smi_uid"] for entry in profiles(s3)} == {"parent", "again"}


def test_a_fork_before_the_first_use_works(
    s3: FaultServer, tmp_path: Path, state_dir: Path
) -> None:
    done = process(
        "child = os.fork()\n"
        "print(event('parent' if child else 'child'), flush=True)\n"
        "if child: os.waitpid(child, 0)",
        node_of(s3),
        tmp_path,
        state_dir,
    )
    assert done.stdout.splitlines() == [DONE["message"]] * 2, done.stderr
    assert {entry["smi_uid"] for entry in profiles(s3)} == {"parent", "child"}
