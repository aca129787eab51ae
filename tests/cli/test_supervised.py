"""What a service manager hears of `sealift run`, by a real socket from a real process."""

import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from tests.cli.commands import PROGRAM, environment, write_config


class Manager:
    """A service manager's socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(20)

    def hear(self) -> list[str]:
        return self.socket.recv(4096).decode().splitlines()

    def hear_until(self, state: str) -> list[list[str]]:
        heard = [self.hear()]
        while state not in heard[-1]:
            heard.append(self.hear())
        return heard

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing at all comes for so long."""
        self.socket.settimeout(seconds)
        try:
            self.hear()
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(20)
        return False


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    found = Manager(str(tmp_path / "notify"))
    yield found
    found.socket.close()


@contextmanager
def running(home: Path, *command: str | Path, **more: str) -> Iterator[Popen[str]]:
    variables = {"NOTIFY_SOCKET": str(home / "notify"), **more}
    with Popen(
        command or [PROGRAM, "run"],
        cwd=home,
        env=environment(home, **variables),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_hears_ready_signs_of_life_and_stopping(tmp_path: Path, manager: Manager) -> None:
    """READY comes when the route has recovered, and not before; signs at half of the time."""
    write_config(tmp_path)
    with running(tmp_path, WATCHDOG_USEC="400000") as process:
        assert manager.hear() == ["READY=1"]
        for _ in range(3):
            assert manager.hear() == ["WATCHDOG=1", "STATUS=running"]
        process.send_signal(signal.SIGTERM)
        assert "STOPPING=1" in manager.hear_until("STOPPING=1")[-1]
        assert process.wait(20) == 0


def test_an_abstract_socket_and_no_watchdog(tmp_path: Path) -> None:
    write_config(tmp_path)
    name = f"sealift-test-{tmp_path.name}-{id(tmp_path)}"
    manager = Manager("\0" + name)
    with running(tmp_path, NOTIFY_SOCKET="@" + name, WATCHDOG_USEC="20000", WATCHDOG_PID="1"):
        assert manager.hear() == ["READY=1"]
        assert manager.quiet_for(0.3)
    manager.socket.close()


def test_a_service_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    write_config(tmp_path)
    with running(tmp_path, PROGRAM, "run", "--once") as process:
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")


def test_a_route_that_cannot_begin_is_never_ready(tmp_path: Path, manager: Manager) -> None:
    """It ends with its reason, and `systemctl start` fails."""
    write_config(tmp_path)
    (tmp_path / ".sealift").mkdir()
    (tmp_path / ".sealift/ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    with running(tmp_path) as process:
        assert process.wait(20) == 1
    assert manager.quiet_for(0.1)


_STUCK = """
import os, sys, threading
from pathlib import Path
import sealift
from sealift.cli.process import at_work

class Stuck(sealift.FolderSource):
    def ripe(self):
        if (Path.cwd() / "stick").exists():
            print("stuck", flush=True)
            threading.Event().wait()
        return super().ripe()

config = sealift.Config.load()
first, second = sealift.build_routes(config)
import dataclasses
options = dataclasses.replace(config.routes[0].source, watch=False)
first = dataclasses.replace(first, source=Stuck(options, sealift.After.parse("rename", Path.cwd())))
with (
    sealift.Agent([first, second], config.agent.state_dir) as agent,
    at_work(agent, sealift.Show(notify=lambda event: None)),
):
    agent.run()
"""


def test_a_stuck_route_ends_the_signs_of_life(tmp_path: Path, manager: Manager) -> None:
    """Though the other route goes on: one that is stuck is reason enough to start again."""
    config = write_config(tmp_path)
    other = config.read_text().partition("[routes.a]")[2].replace("routes.a", "routes.b")
    config.write_text(config.read_text() + "[routes.b]" + other.replace('"in"', '"in2"'))
    (tmp_path / "in2").mkdir()
    with running(tmp_path, sys.executable, "-c", _STUCK, WATCHDOG_USEC="600000") as process:
        manager.hear_until("WATCHDOG=1")
        (tmp_path / "stick").touch()
        assert process.stdout
        assert process.stdout.readline() == "stuck\n"
        assert manager.hear_until("STATUS=No sign of life from a.")
        for _ in range(4):
            assert manager.hear() == ["STATUS=No sign of life from a."]


def test_the_presigner_says_that_it_answers(tmp_path: Path, manager: Manager) -> None:
    """Its unit waits for it, too."""
    settings = {"BUCKET": "inbox", "REGION": "eu-west-1", "MASTER_KEY": "m" * 40}
    environ = {f"SEALIFT_PRESIGNER__{name}": value for name, value in settings.items()}
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    command = (PROGRAM, "presigner", "serve", "--port", "0")
    with running(tmp_path, *command, **environ, **keys) as process:
        assert manager.hear() == ["READY=1"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGTERM)
