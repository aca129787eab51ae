"""From a socket to the store: nothing that was acknowledged is lost, nothing is there twice."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.commands import PROGRAM, environment, run
from tests.servers import Bucket
from tests.sources.listener.samples import STREAM, event

KILLS = int(os.environ.get("LISTENER_KILLS", "25"))
"""How often the listener is killed; 100 take a minute and a half."""


class Service:
    """`sealift listen` as a process, with nothing but an environment."""

    def __init__(self, home: Path, bucket: Bucket, *flags: str, **more: str) -> None:
        server = bucket.server
        variables = {
            "BUCKET_NAME": bucket.name,
            "AWS_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
            "AWS_REGION": server.region,
            "PORT": "0",
            **more,
        }
        self.process = subprocess.Popen(
            [PROGRAM, "listen", *flags],
            cwd=home,
            env=environment(home, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.port = int(self.wait_for("listening: tcp").rpartition(" ")[2])

    def wait_for(self, text: str) -> str:
        def found() -> str:
            return next((line for line in self.lines if text in line), "")

        with self.changed:
            assert self.changed.wait_for(found, 20), (text, self.lines)
        return found()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join(10)
        return code

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                with self.changed:
                    self.lines.append(line.rstrip("\n"))
                    self.changed.notify_all()


@contextmanager
def serving(home: Path, bucket: Bucket, *flags: str, **more: str) -> Iterator[Service]:
    service = Service(home, bucket, *flags, **more)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.end(signal.SIGKILL)


def send(service: Service, data: bytes) -> None:
    """Send as `nc` does, and wait until it is taken."""
    with closing(service.connect()) as sender:
        sender.sendall(data)
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(1) == b""


@pytest.mark.server
def test_the_fixture_arrives_as_xml(tmp_path: Path, ministack_bucket: Bucket) -> None:
    """From the environment alone: 24 events, well-formed, CDATA intact, named and placed."""
    with serving(tmp_path, ministack_bucket, "--flush-on-stop", USE_DATE_FOLDERS="true") as service:
        send(service, STREAM)
        assert service.end() == 0
    (key,) = ministack_bucket.keys()
    assert re.fullmatch(r"xml-events/(\d{4})/(\d\d)/(\d\d)/\1\2\3_\d{6}\.xml", key)
    text = ministack_bucket.raw_get(key)
    assert text is not None
    root = ET.fromstring(text)
    assert root.tag == "EVENTS"
    assert len(root) == 24
    assert text.count(b"<![CDATA[raw </EVENT> inside & <b>]]>") == 6
    head = ministack_bucket.client.head_object(Bucket=ministack_bucket.name, Key=key)
    assert head["ContentType"] == "application/xml"
    assert head["Metadata"]["source"] == "xml-stream-aggregator"
    assert head["Metadata"]["events"] == "24"
    assert {"uploaded_at", "first_event_at", "last_event_at"} <= set(head["Metadata"])


@pytest.mark.server
def test_the_fixture_arrives_as_json(tmp_path: Path, ministack_bucket: Bucket) -> None:
    """Indented, by the conventions of xmltodict."""
    with serving(tmp_path, ministack_bucket, "--flush-on-stop", OUTPUT_FORMAT="json") as service:
        send(service, STREAM)
        assert service.end() == 0
    (key,) = ministack_bucket.keys()
    assert re.fullmatch(r"xml-events/\d{8}_\d{6}\.json", key)
    text = ministack_bucket.raw_get(key)
    assert text is not None
    values = json.loads(text)
    assert text.startswith(b'[\n  {\n    "EVENT": {\n      "plasectrxGatewayDN"')
    assert len(values) == 24
    assert values[3]["EVENT"]["note"] == "raw </EVENT> inside & <b>"


@pytest.mark.server
def test_what_is_gathered_waits_for_the_next_start(
    tmp_path: Path, ministack_bucket: Bucket
) -> None:
    """SIGTERM has nothing to save; it says that something waits."""
    with serving(tmp_path, ministack_bucket) as service:
        send(service, event(1))
        assert service.end() == 3
    assert ministack_bucket.keys() == []
    with serving(tmp_path, ministack_bucket, "--flush-on-stop") as service:
        send(service, event(2))
        assert service.end() == 0
    (key,) = ministack_bucket.keys()
    text = ministack_bucket.raw_get(key) or b""
    assert event(1) + b"\n" + event(2) in text


@pytest.mark.server
def test_rejects_go_to_their_own_prefix(tmp_path: Path, ministack_bucket: Bucket) -> None:
    """Never into the good file."""
    flags = ("--flush-on-stop", "--rejects-prefix", "rejects/")
    with serving(tmp_path, ministack_bucket, *flags) as service:
        send(service, event(1) + b"<EVENT><a></EVENT>")
        assert service.end() == 0
    rejects, good = ministack_bucket.keys()
    assert rejects.startswith("rejects/")
    assert json.loads(ministack_bucket.raw_get(rejects) or b"")["text"] == "<EVENT><a></EVENT>"
    assert len(ET.fromstring(ministack_bucket.raw_get(good) or b"")) == 1


@pytest.mark.server
def test_without_a_bucket_it_says_so(tmp_path: Path) -> None:
    """With exit code 2."""
    done = run("listen", home=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "sealift: BUCKET_NAME environment variable is required\n"


class Sender(threading.Thread):
    """Sends events with ids of its own, and remembers which were acknowledged."""

    def __init__(self, service: Service, first: int) -> None:
        super().__init__()
        self._socket = service.connect()
        self._first = first
        self.sent = 0
        self.acknowledged = 0

    def run(self) -> None:
        held = b""
        with self._socket as sender:
            try:
                while True:
                    batch = range(self._first + self.sent, self._first + self.sent + 20)
                    sender.sendall(b"".join(map(event, batch)))
                    self.sent += 20
                    while self.acknowledged < self.sent - 200 or b"\n" not in held:
                        more = sender.recv(4096)
                        if not more:
                            return
                        held += more
                        *lines, held = held.split(b"\n")
                        if lines:
                            self.acknowledged = int(lines[-1].removeprefix(b"OK "))
                            break
            except OSError:
                return


@pytest.mark.server
@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path, ministack_bucket: Bucket) -> None:
    """Every acknowledged event is in the store exactly once, by its id."""
    chance = random.Random(7)
    flags = ("--acknowledge",)
    limits = {"MAX_FILE_SIZE": "30000", "ROTATION_INTERVAL": "1"}
    acknowledged: set[int] = set()
    first = 0
    for _ in range(KILLS):
        with serving(tmp_path, ministack_bucket, *flags, **limits) as service:
            senders = [Sender(service, first + n * 1_000_000) for n in range(3)]
            first += 3_000_000
            for sender in senders:
                sender.start()
            threading.Event().wait(chance.uniform(0.0, 0.6))
            service.end(signal.SIGKILL)
            for sender in senders:
                sender.join(10)
                acknowledged |= set(range(sender._first, sender._first + sender.acknowledged))
    with serving(tmp_path, ministack_bucket, "--flush-on-stop", **limits) as service:
        assert service.end() == 0
    stored: list[int] = []
    # A kill may also leave what trying out the store had put there.
    for key in filter(re.compile(r"xml-events/\d{8}_").match, ministack_bucket.keys()):
        text = ministack_bucket.raw_get(key) or b""
        stored += [int(one.findtext("id") or "") for one in ET.fromstring(text)]
    assert len(acknowledged) > 20 * KILLS
    assert acknowledged - set(stored) == set()
    assert len(stored) == len(set(stored))
