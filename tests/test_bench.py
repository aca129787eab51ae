"""The bench tells the truth: what was stored, what it cost, and nothing is left behind."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the bench is no part of the installed package

from bench import __main__ as command  # noqa: E402
from bench import redaction_quality  # noqa: E402
from bench.files import make_conversations  # noqa: E402
from bench.measure import BenchError, Stopwatch, compile_c  # noqa: E402
from bench.servers import BUCKET, PREFIX, NullServer, Tally, null_server  # noqa: E402

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bench measures on Linux")

STAND_IN = """\
import http.client, os, pathlib, sys, tomllib
config = tomllib.loads(pathlib.Path(sys.argv[-1]).read_text())["routes"]["bench"]
port = int(config["destination"]["endpoint_url"].rpartition(":")[2])
store = http.client.HTTPConnection("127.0.0.1", port)
files = sorted(pathlib.Path(config["source"]["path"]).glob("*.json"))
if "lose" in sys.argv:
    files.pop().rename("lost")
if "twice" in sys.argv:
    files.append(files[0])
for file in files:
    body = file.read_bytes() if file.exists() else b""
    store.request("PUT", f"/bench-bucket/files/{file.name}", body)
    store.getresponse().read()
    if file.exists():
        file.rename(f"{file}.synced")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with null_server(tmp_path_factory.mktemp("null")) as running:
        yield running


def ask(server: NullServer, method: str, key: str, body: bytes = b"", **headers: str):
    port = int(server.access.endpoint_url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/{BUCKET}/{PREFIX}{key}", body, names)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def bench(work: Path, *arguments: str) -> list[str]:
    options = ["--scenario", "null", "--files", "20", "--rounds", "1", "--work", str(work)]
    return [sys.executable, "-m", "bench", *options, *arguments]


def stand_in(folder: Path, *arguments: str) -> str:
    program = folder / "stand_in.py"
    program.write_text(STAND_IN)
    return " ".join([sys.executable, str(program), *arguments])


def test_counts_keys_bytes_and_repetitions(server):
    """Two puts to one key are one key, stored more than once, with the later size."""
    server.clear()
    for key, body in (("a", b"one"), ("b", b"three"), ("a", b"seven")):
        assert ask(server, "PUT", key, body).status == 200
    assert server.tally() == Tally(keys=2, bytes=10, repeated=1)


def test_holds_to_conditions(server):
    """A key is created once, and changed only by who knows its ETag."""
    server.clear()
    etag = ask(server, "PUT", "a", b"1", if_none_match="*").headers["ETag"]
    assert ask(server, "PUT", "a", b"2", if_none_match="*").status == 412
    assert ask(server, "PUT", "a", b"2", if_match='"other"').status == 412
    assert ask(server, "PUT", "none", b"2", if_match=etag).status == 404
    assert ask(server, "PUT", "a", b"2", if_match=etag.strip('"')).status == 200
    assert server.tally() == Tally(keys=1, bytes=1, repeated=1)


def test_remembers_metadata_until_deleted(server):
    """HEAD gives size and metadata of what was put, and nothing of what was deleted."""
    server.clear()
    ask(server, "PUT", "a", b"hello", x_amz_meta_sealift_id="7")
    head = ask(server, "HEAD", "a")
    assert (head.status, head.headers["Content-Length"]) == (200, "5")
    assert head.headers["x-amz-meta-sealift-id"] == "7"
    assert ask(server, "DELETE", "a").status == 204
    assert ask(server, "HEAD", "a").status == 404


def test_takes_a_request_in_any_pieces(server):
    """A body after 100-continue, a large body, and two requests at once all count."""
    server.clear()
    head = "PUT /{}/{}{} HTTP/1.1\r\nContent-Length: {}\r\n{}\r\n"
    port = int(server.access.endpoint_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head.format(BUCKET, PREFIX, "a", 3, "Expect: 100-continue\r\n").encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"abc")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        client.sendall(head.format(BUCKET, PREFIX, "b", 1_000_000, "").encode() + bytes(1_000_000))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        both = b"".join(head.format(BUCKET, PREFIX, k, 1, "").encode() + b"x" for k in "cd")
        client.sendall(both)
        answers = b""
        while answers.count(b"HTTP/1.1 200 ") < 2:
            answers += client.recv(1000)
    assert server.tally() == Tally(keys=4, bytes=1_000_005, repeated=0)


def test_delays_answers_side_by_side(tmp_path):
    """Each answer comes after the delay, and thirty of them not one after the other."""
    with null_server(tmp_path, delay_ms=100) as far:
        took: list[float] = []

        def put(number: int) -> None:
            start = time.monotonic()
            ask(far, "PUT", str(number), b"x")
            took.append(time.monotonic() - start)

        threads = [threading.Thread(target=put, args=[n]) for n in range(30)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert min(took) >= 0.1
        assert time.monotonic() - start < 1.5
        assert far.tally().keys == 30


def test_peak_memory_is_the_programs_own(tmp_path):
    """The size of the process that measures does not show in what it measures."""
    ballast = bytearray(b"x") * 100_000_000
    stopwatch = Stopwatch(tmp_path)
    small = stopwatch.run(["/bin/true"], {}, tmp_path / "log")
    large = "x = bytearray(b'x') * 100_000_000"
    cost = stopwatch.run([sys.executable, "-c", large], {}, tmp_path / "log")
    assert len(ballast) / 1024 > small.max_rss_kib * 10
    assert cost.max_rss_kib > 100_000_000 / 1024
    assert cost.wall_seconds >= 0.9 * cost.cpu_seconds > 0


def test_a_program_that_fails_is_told_apart(tmp_path):
    """Exit code and signal come back as a shell gives them."""
    stopwatch = Stopwatch(tmp_path)
    assert stopwatch.run(["/bin/sh", "-c", "exit 3"], {}, tmp_path / "log").exit_code == 3
    assert stopwatch.run(["/bin/sh", "-c", "kill -9 $$"], {}, tmp_path / "log").exit_code == 137


def test_says_what_to_do_without_a_compiler(tmp_path, monkeypatch):
    """No compiler: a sentence that says so and what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="Install one"):
        compile_c([tmp_path / "any.c"], tmp_path / "any")


def test_files_are_the_same_each_time_and_all_different(tmp_path):
    """The same arguments make the same documents, each of another content."""
    sizes = [make_conversations(tmp_path / name, 50) for name in ("one", "two")]
    made = [sorted((tmp_path / name).iterdir()) for name in ("one", "two")]
    contents = [[path.read_bytes() for path in folder] for folder in made]
    assert contents[0] == contents[1]
    assert len({json.loads(text)["messages"][0]["content"] for text in contents[0]}) > 40
    assert sizes == [sum(map(len, contents[0]))] * 2
    assert 9_000 < sizes[0] / 50 < 12_000


def test_measures_the_quality_of_redaction_when_asked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(redaction_quality, "main", lambda arguments: asked.append(arguments) or 0)
    report = tmp_path / "report.json"
    assert command.main(["--redaction-quality", "--json", str(report)]) == 0
    assert asked == [["--json", str(report)]]


def test_measures_a_tool_and_leaves_nothing(tmp_path):
    """A tool that stores each file once gets a row, beside s5cmd's."""
    work, report = tmp_path / "work", tmp_path / "report.json"
    work.mkdir()
    arguments = ["--tools", "sealift", "s5cmd", "--json", str(report)]
    command = bench(work, *arguments, "--sealift", stand_in(tmp_path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (scenario,) = json.loads(report.read_text())["scenarios"]
    rows = {row["tool"]: row for row in scenario["summary"]}
    assert rows["sealift"]["cpu_us_per_file"] > 0
    assert rows["sealift"]["wall_ratio"]["median"] > 0
    assert not list(work.iterdir())


@pytest.mark.parametrize(
    ("fault", "said"), [("lose", "19 keys stored for 20"), ("twice", "more than once")]
)
def test_a_tool_that_loses_or_repeats_fails_loudly(tmp_path, fault, said):
    """A row whose files were not stored exactly once has no numbers, and the bench fails."""
    command = bench(tmp_path, "--tools", "sealift", "--sealift", stand_in(tmp_path, fault))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "NO (1 failed)" in done.stdout


def test_interrupt_stops_tool_and_server_and_removes_files(tmp_path):
    """Ctrl-C ends the tool that runs, and the bench cleans up."""
    work = tmp_path / "work"
    work.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as called:
        called.settimeout(30)
        wait = f"import socket; socket.create_connection({called.getsockname()!r}).recv(1)"
        command = bench(work, "--tools", "sealift", "--sealift", f'{sys.executable} -c "{wait}"')
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
            tool, _ = called.accept()
            running.send_signal(signal.SIGINT)
            said = running.communicate(timeout=30)[1]
        tool.settimeout(30)
        with tool:
            assert tool.recv(1) == b""
    assert running.returncode == 130
    assert "interrupted" in said
    assert not list(work.iterdir())
