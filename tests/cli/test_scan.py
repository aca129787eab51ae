"""`sealift scan`: another process lets the agent look for new files now."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from sealift.agent.calling import scan
from sealift.errors import UsageError
from sealift.ledger import database
from sealift.ledger.database import AgentLock, lock_holder
from tests.cli.commands import read_until, run, start, stored, write_config

DEAF = "scan_interval_seconds = 7200.0\nwatch = false"
"""A folder that is looked at once in two hours."""


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Popen[str]]:
    """An agent that has delivered `a.json`, and hears of nothing else for two hours."""
    write_config(tmp_path, source=DEAF)
    (tmp_path / "in/a.json").write_text("{}")
    process = start("run", "--json", home=tmp_path)
    try:
        read_until(process, '"settled"')
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_file_waits_for_the_scan_and_no_longer(tmp_path: Path, agent: Popen[str]) -> None:
    (tmp_path / "in/b.json").write_text("{}")
    threading.Event().wait(0.4)  # nothing happens, so there is nothing to wait for
    assert len(stored(tmp_path)) == 1
    asked = run("scan", home=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout == f"The agent (process {agent.pid}) looks for new files now.\n"
    assert '"b.json"' in read_until(agent, '"delivered"')[-1]


def test_by_the_state_directory_no_configuration_is_needed(
    tmp_path: Path, agent: Popen[str]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "in/b.json").write_text("{}")
    asked = run("scan", "--state-dir", tmp_path / ".sealift", home=elsewhere)
    assert asked.returncode == 0, asked.stderr
    assert '"b.json"' in read_until(agent, '"delivered"')[-1]


def test_without_an_agent_it_says_so_and_ends_with_2(tmp_path: Path) -> None:
    """Neither before the first run, nor after one that was killed."""
    write_config(tmp_path)
    never = run("scan", home=tmp_path)
    assert never.returncode == 2
    assert f"No agent runs with the state directory {tmp_path / '.sealift'}" in never.stderr
    assert not (tmp_path / ".sealift").exists()
    process = start("run", "--json", home=tmp_path)
    read_until(process, '"route_started"')
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    killed = run("scan", home=tmp_path)
    assert killed.returncode == 2
    assert "No agent runs" in killed.stderr


def test_a_process_that_only_has_the_number_of_an_agent_is_left_alone(tmp_path: Path) -> None:
    """SIGUSR1 would end it: a container's numbers, or one that came after the agent."""
    with Popen(["sleep", "60"]) as stranger:
        (tmp_path / "agent.lock").write_text(f"{stranger.pid}\nSIGUSR1\n")
        with pytest.raises(UsageError, match="No agent runs"):
            scan(tmp_path)
        assert stranger.poll() is None
        stranger.kill()


_HOST = """
import sys
from pathlib import Path
import sealift
with sealift.Agent([], Path(sys.argv[1])) as agent:
    print(agent.scan_now(), flush=True)
    sys.stdin.readline()
"""


def test_a_host_application_is_not_ended_by_a_scan(tmp_path: Path) -> None:
    """Only an agent that says so takes signals; a program of its own calls `scan_now`."""
    with Popen(
        [sys.executable, "-c", _HOST, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout
        assert host.stdout.readline() == "The agent does not run; a run begins with a scan.\n"
        with pytest.raises(UsageError, match=rf"process {host.pid}\) takes no signals") as caught:
            scan(tmp_path)
        assert "Agent.scan_now()" in caught.value.hint
        host.communicate("end\n", timeout=20)
        assert host.returncode == 0


def test_where_the_system_cannot_be_asked_the_lock_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, which has no /proc."""
    monkeypatch.setattr(database, "_PROCESSES", tmp_path / "no-proc")
    with AgentLock(tmp_path) as lock:
        lock.say("SIGUSR1")
        assert lock_holder(tmp_path) == (os.getpid(), "SIGUSR1")
        lock.say()
        assert lock_holder(tmp_path) == (os.getpid(), "")
    assert lock_holder(tmp_path) is None
