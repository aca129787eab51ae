"""Health over HTTP: what a probe of a container or a supervisor is told."""

import json
import signal
import socket
from pathlib import Path

import pytest

from sealift import events
from sealift.errors import UsageError
from sealift.observe.pages import serving
from sealift.observe.probing import health
from sealift.observe.prometheus import Metrics
from sealift.observe.systemd import Systemd
from sealift.observe.vitals import STUCK_SECONDS, Health, Vitals
from tests.cli.commands import run, start, write_config
from tests.observe.test_lines import PAUSED


def vitals(phase: str = "running", silent: float = 0.0) -> Vitals:
    return Vitals(phase=phase, silent_seconds={"a": silent})


@pytest.mark.parametrize(
    ("now", "well", "status"),
    [
        (vitals(), True, "ok"),
        (vitals(silent=STUCK_SECONDS - 1), True, "ok"),
        (vitals(silent=STUCK_SECONDS), False, "stuck"),
        (vitals("ending"), True, "ok"),
        (vitals("starting"), False, "starting"),
        (vitals("idle"), False, "idle"),
    ],
)
def test_well_is_what_starting_again_would_not_mend(now: Vitals, well: bool, status: str) -> None:
    asked = Health()
    asked.of(lambda: now)
    found, body = asked.answer()
    assert found is well
    assert json.loads(body)["status"] == status


def test_a_paused_route_is_well_and_named(tmp_path: Path) -> None:
    """By its code: no name, key or text of a person is shown."""
    asked = Health()
    asked.of(vitals)
    asked(PAUSED)
    well, body = asked.answer()
    assert well
    assert json.loads(body)["paused"] == {"a": {"s3": "credentials"}}
    asked(events.Resumed(route="a", place="s3"))
    assert json.loads(asked.answer()[1])["paused"] == {}


def test_both_pages_are_served_and_probed(tmp_path: Path) -> None:
    asked = Health()
    with serving(Metrics(tmp_path), asked, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}/healthz"
        starting = health(url)
        assert not starting.well
        assert '"starting"' in starting.text
        asked.of(vitals)
        assert health(url).well
        assert "sealift_attempts" in health(f"http://127.0.0.1:{port}/metrics").text
    assert health(url) == (False, "no answer: ConnectionRefusedError")


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://a/b", "http://a:x/", "http://[1/"])
def test_what_is_no_url_is_a_wrong_command_line(url: str) -> None:
    with pytest.raises(UsageError):
        health(url)


def test_the_verb_asks_a_running_agent(tmp_path: Path) -> None:
    """With 0 while it runs, with 1 afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    write_config(tmp_path)
    environ = {"SEALIFT_HEALTH_URL": f"http://127.0.0.1:{port}/healthz"}
    process = start("run", "--json", home=tmp_path, SEALIFT_AGENT__METRICS_PORT=str(port))
    try:
        assert process.stdout
        assert '"route_started"' in process.stdout.readline()
        well = run("health", home=tmp_path, **environ)
        assert (well.returncode, well.stderr) == (0, "")
        assert json.loads(well.stdout)["phase"] == "running"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate(timeout=10)
    gone = run("health", home=tmp_path, **environ)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "no answer: ConnectionRefusedError\n"


@pytest.mark.parametrize(
    ("environ", "address", "watchdog"),
    [
        ({"NOTIFY_SOCKET": "/run/s"}, "/run/s", 0.0),
        ({"NOTIFY_SOCKET": "@s", "WATCHDOG_USEC": "2500000"}, "\0s", 2.5),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "10", "WATCHDOG_PID": "8"}, "/s", 0.0),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "7"}, "/s", 1.0),
        ({"NOTIFY_SOCKET": "/s", "WATCHDOG_USEC": "-1"}, "/s", 0.0),
    ],
)
def test_a_service_manager_is_found(environ: dict[str, str], address: str, watchdog: float) -> None:
    found = Systemd.from_environment(environ, 7)
    assert found == Systemd(address=address, watchdog_seconds=watchdog)


@pytest.mark.parametrize("socket_name", ["", "vsock:2:1234"])
def test_without_its_socket_there_is_none(socket_name: str) -> None:
    assert Systemd.from_environment({"NOTIFY_SOCKET": socket_name}, 7) is None
