"""One state directory is for one agent."""

import os
import signal
from pathlib import Path

import pytest

from sealift.errors import AgentRunningError, StateError
from sealift.ledger import database
from sealift.ledger.database import AgentLock
from tests.ledger.samples import line_of, running

_LOCKER = """
import sys
from pathlib import Path
from sealift.ledger.database import AgentLock
with AgentLock(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.readline()
"""


def test_48_a_second_agent_is_told_who_is_there(tmp_path: Path) -> None:
    with running(_LOCKER, tmp_path) as agent:
        assert line_of(agent) == "locked"
        with pytest.raises(AgentRunningError, match=rf"\(process {agent.pid}\)") as caught:
            AgentLock(tmp_path)
        assert caught.value.hint
        assert caught.value.exit_code == 2
        agent.send_signal(signal.SIGKILL)
        agent.wait(10)
        with (tmp_path / "agent.lock").open("a") as file:
            file.write("long words of somebody else\n")
        with AgentLock(tmp_path):
            assert (tmp_path / "agent.lock").read_text() == f"{os.getpid()}\n"
    with AgentLock(tmp_path), pytest.raises(AgentRunningError):
        AgentLock(tmp_path)


def test_48_a_file_system_without_locks_is_not_another_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_file: int, _how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(database.fcntl, "flock", no_locks)
    with pytest.raises(StateError, match="No locks available") as caught:
        AgentLock(tmp_path)
    assert not isinstance(caught.value, AgentRunningError)
