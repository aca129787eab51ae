"""`sealift run` as a process: exit codes, signals, output."""

import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import pytest

from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import BLACK_HOLE
from sealift.testing.ministack import S3Server
from tests.cli.commands import events, read_until, run, start, stored, write_config
from tests.servers import Bucket


@pytest.fixture
def stopped() -> Iterator[list[Popen[str]]]:
    """Processes that are killed when the test ends, however it ends."""
    processes: list[Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def test_once_delivers_what_is_there_and_exits_with_0(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "in/a.json").write_text("{}")
    done = run("run", "--once", home=tmp_path)
    assert done.returncode == 0, done.stderr
    [copy] = stored(tmp_path)
    assert copy.parent.name == "dev"
    assert copy.name.endswith("_a.json")
    assert done.stdout == f"✅ uploaded: a.json → {copy.as_uri()}\n"
    assert done.stderr == ""
    assert (tmp_path / "in/a.json.synced").exists()


def test_what_goes_into_quarantine_ends_with_3(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "in/broken.json").write_text("{")
    done = run("run", "--once", home=tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("⛔ in quarantine: broken.json: The JSON is not valid at line 1")


def test_a_paused_route_ends_with_4_and_says_what_to_do(tmp_path: Path) -> None:
    write_config(tmp_path, destination='kind = "directory"\npath = "nowhere"')
    (tmp_path / "in/a.json").write_text("{}")
    done = run("run", "--once", home=tmp_path)
    assert done.returncode == 4
    assert "⏸️ paused: route a, directory:" in done.stdout
    assert "Create it, or mount its disk." in done.stdout


def test_s3_with_keys_from_the_environment(tmp_path: Path, ministack_bucket: Bucket) -> None:
    server = ministack_bucket.server
    write_config(tmp_path, destination=_s3(server, ministack_bucket.name))
    (tmp_path / "in/a.json").write_text("{}")
    keys = {"KEY": server.access_key_id, "SECRET": server.secret_access_key}
    done = run("run", "--once", "--json", home=tmp_path, **keys)
    assert done.returncode == 0, done.stderr
    [key] = ministack_bucket.keys()
    [delivered] = [event for event in events(done.stdout) if event["event"] == "delivered"]
    assert delivered["url"] == f"s3://{ministack_bucket.name}/{key}"
    assert "✅ uploaded: a.json" in done.stderr
    assert server.secret_access_key not in done.stdout + done.stderr


def test_wrong_keys_pause_with_4(tmp_path: Path, ministack_bucket: Bucket) -> None:
    server = ministack_bucket.server
    write_config(tmp_path, destination=_s3(server, ministack_bucket.name))
    (tmp_path / "in/a.json").write_text("{}")
    done = run("run", "--once", home=tmp_path, KEY=server.access_key_id, SECRET="wrong")
    assert done.returncode == 4
    assert (tmp_path / "in/a.json").exists()
    assert run("status", home=tmp_path).returncode == 4


def _s3(server: S3Server, bucket: str) -> str:
    return f"""
kind = "s3"
bucket = "{bucket}"
region = "{server.region}"
endpoint_url = "{server.endpoint_url}"
access_key_id = {{ env = "KEY" }}
secret_access_key = {{ env = "SECRET" }}
"""


def test_json_is_one_object_a_line_with_stable_names(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "in/a.json").write_text("{}")
    (tmp_path / "in/b.json").write_text("{")
    done = run("run", "--once", "--json", home=tmp_path)
    names = [event["event"] for event in events(done.stdout)]
    assert names[0] == "route_started"
    assert names[-1] == "route_stopped"
    assert set(names) == {"route_started", "delivered", "settled", "quarantined", "route_stopped"}


def test_sigterm_drains_and_ends_with_0(tmp_path: Path, stopped: list[Popen[str]]) -> None:
    write_config(tmp_path)
    (tmp_path / "in/a.json").write_text("{}")
    process = start("run", "--json", home=tmp_path)
    stopped.append(process)
    read_until(process, '"settled"')
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert events(output)[-1]["event"] == "route_stopped"


def test_a_second_signal_stops_without_waiting(tmp_path: Path, stopped: list[Popen[str]]) -> None:
    """At 50 bytes a second all but the first file are in flight for minutes."""
    slow = 'kind = "directory"\npath = "out"\nmax_bytes_per_second = 50'
    write_config(tmp_path, destination=slow)
    for number in range(3):
        (tmp_path / f"in/{number}.json").write_text(f'"{"x" * 5000}"')
    process = start("run", "--json", home=tmp_path)
    stopped.append(process)
    read_until(process, '"route_started"')
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert len(list((tmp_path / "in").glob("*.json"))) >= 2


def test_a_second_signal_does_not_wait_for_parts(tmp_path: Path, stopped: list[Popen[str]]) -> None:
    """Each part may take a minute, and is tried three times."""
    with FaultServer() as faults:
        faults.fail(BLACK_HOLE, operation="UploadPart", times=None)
        destination = f"""
kind = "s3"
bucket = "{faults.bucket.name}"
region = "us-east-1"
endpoint_url = "{faults.endpoint_url}"
trust_conditions = true
"""
        write_config(tmp_path, destination=destination, source="large_bytes = 1048576")
        (tmp_path / "in/big.txt").write_bytes(b"x" * 2_000_000)
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        process = start("run", "--json", home=tmp_path, **keys)
        stopped.append(process)
        deadline = time.monotonic() + 20
        while not faults.calls("UploadPart"):
            assert time.monotonic() < deadline
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert events(output)[-1]["event"] == "route_stopped"


def test_sigusr1_scans_now(tmp_path: Path, stopped: list[Popen[str]]) -> None:
    source = "scan_interval_seconds = 3600.0\nwatch = false"
    write_config(tmp_path, source=source)
    (tmp_path / "in/a.json").write_text("{}")
    process = start("run", "--json", home=tmp_path)
    stopped.append(process)
    read_until(process, '"settled"')
    (tmp_path / "in/b.json").write_text("{}")
    process.send_signal(signal.SIGUSR1)
    assert '"b.json"' in read_until(process, '"delivered"')[-1]


def test_a_second_agent_is_refused_with_2(tmp_path: Path, stopped: list[Popen[str]]) -> None:
    write_config(tmp_path)
    process = start("run", "--json", home=tmp_path)
    stopped.append(process)
    read_until(process, '"route_started"')
    second = run("run", "--once", home=tmp_path)
    assert second.returncode == 2
    assert f"(process {process.pid})" in second.stderr
    assert "Traceback" not in second.stderr


def test_only_the_named_route_runs(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    (tmp_path / "other").mkdir()
    more = config.read_text().replace("routes.a", "routes.b").replace('"in"', '"other"')
    config.write_text(config.read_text() + more.replace('[agent]\ndevice_id = "dev"', ""))
    (tmp_path / "in/a.json").write_text("{}")
    (tmp_path / "other/b.json").write_text("{}")
    assert run("run", "--once", "--route", "b", home=tmp_path).returncode == 0
    assert [path.name[-6:] for path in stored(tmp_path)] == ["b.json"]
    wrong = run("run", "--once", "--route", "c", home=tmp_path)
    assert wrong.returncode == 2
    assert "There is no route c" in wrong.stderr


def test_the_environment_overrides_the_file_and_a_flag_the_environment(tmp_path: Path) -> None:
    write_config(tmp_path)
    environ = {"SEALIFT_AGENT__STATE_DIR": str(tmp_path / "by-env")}
    assert run("run", "--once", home=tmp_path, **environ).returncode == 0
    assert (tmp_path / "by-env/ledger.sqlite3").exists()
    flag = ("--state-dir", tmp_path / "by-flag")
    assert run("run", "--once", *flag, home=tmp_path, **environ).returncode == 0
    assert (tmp_path / "by-flag/ledger.sqlite3").exists()


def test_logs_and_metrics_are_where_the_configuration_says(
    tmp_path: Path, stopped: list[Popen[str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    write_config(tmp_path)
    (tmp_path / "in/secret-name.json").write_text("{}")
    environ = {"SEALIFT_AGENT__METRICS_PORT": str(port), "SEALIFT_AGENT__LOG": "json"}
    process = start("run", "--json", home=tmp_path, **environ)
    stopped.append(process)
    read_until(process, '"settled"')
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        metrics = answer.read().decode()
    labels = 'destination="directory",error="",outcome="delivered",route="a"'
    assert f"sealift_attempts_total{{{labels}}} 1.0" in metrics
    assert 'sealift_ledger_items{route="a",state="done"} 1.0' in metrics
    assert 'sealift_put_seconds_count{destination="directory",route="a"} 1.0' in metrics
    assert "secret-name" not in metrics
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert [event["event"] for event in events(errors)].count("delivered") == 1
    assert {event["level"] for event in events(errors)} == {"info"}


def test_a_reader_that_goes_away_ends_nothing(tmp_path: Path) -> None:
    """`sealift run --once | head -0` delivers all the same."""
    write_config(tmp_path)
    for number in range(5):
        (tmp_path / f"in/{number}.json").write_text("{}")
    process = start("run", "--once", home=tmp_path)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(20)
    assert "Traceback" not in errors
    assert len(stored(tmp_path)) == 5


def test_a_terminal_without_unicode_loses_no_line(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "in/a.json").write_text("{}")
    done = run("run", "--once", home=tmp_path, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert done.stdout.startswith("\\u2705 uploaded: a.json \\u2192 file:///")


def test_a_state_directory_that_cannot_be_is_1_without_a_traceback(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "file").write_text("")
    refused = run("run", "--once", "--state-dir", tmp_path / "file", home=tmp_path)
    assert refused.returncode == 1
    assert refused.stderr.startswith("sealift: The state directory")
    assert "Traceback" not in refused.stderr


def test_a_file_without_routes_has_nothing_to_run(tmp_path: Path) -> None:
    (tmp_path / "sealift.toml").write_text(
        '[datasets.tow-and-go.destination]\nbucket = "a-bucket"\n'
    )
    done = run("run", "--once", home=tmp_path)
    assert done.returncode == 2
    assert "sets up no route: there is nothing to run" in done.stderr
