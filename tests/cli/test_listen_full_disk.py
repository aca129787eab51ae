"""A listener whose disk is really full: nothing acknowledged is lost, and it goes on by itself."""

import re
import shutil
import signal
import socket
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest

from sealift.testing.fault_server import FaultServer
from tests.cli.commands import PROGRAM, environment, read_until

DISK_BYTES = 40 << 20
EVENT = "<EVENT><ID>{}</ID><TEXT>" + "x" * 1000 + "</TEXT></EVENT>"
SILENCE_SECONDS = 3.0
_ID = re.compile(rb"<ID>(\d+)</ID>")


def can_mount() -> bool:
    """Whether this user may mount a small file system that only its process sees."""
    tool = shutil.which("unshare")
    return (
        bool(tool)
        and not subprocess.run(
            [tool, "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
        ).returncode
    )


class Sender:
    """Sends numbered events as fast as they are taken, and counts what is acknowledged."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(SILENCE_SECONDS)
        self.acknowledged = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def listen(self, until: int | None = None) -> None:
        """Read acknowledgements until so many came; without a number, until none comes."""
        rest = b""
        while until is None or self.acknowledged < until:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                if until is None:
                    return
                continue
            assert data, "the listener closed the connection"
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self.acknowledged = int(line.removeprefix(b"OK "))

    def end(self) -> None:
        self._ending.set()
        self._thread.join(10)
        self.socket.close()

    def _send(self) -> None:
        number = 0
        event, sent = b"", 0
        while not self._ending.is_set() or sent < len(event):
            if sent == len(event):
                event, sent = EVENT.format(number).encode(), 0
                number += 1
            try:
                sent += self.socket.send(event[sent:])
            except TimeoutError:
                continue


@pytest.mark.skipif(not can_mount(), reason="mounting a small file system is not allowed here")
def test_37_a_full_disk_stops_the_senders_and_loses_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    mount = f"mount -t tmpfs -o size={DISK_BYTES} none '{state}'"
    listen = f"'{PROGRAM}' listen --acknowledge --flush-on-stop --state-dir '{state}'"
    with FaultServer() as store:
        store.fail(operation="PutObject", status=503, code="ServiceUnavailable", times=None)
        environ = environment(
            tmp_path,
            BUCKET_NAME=store.bucket.name,
            AWS_ENDPOINT_URL=store.endpoint_url,
            AWS_ACCESS_KEY_ID="key",
            AWS_SECRET_ACCESS_KEY="secret",
            AWS_REGION="us-east-1",
            PORT="0",
            MAX_FILE_SIZE="2000000",
        )
        process = subprocess.Popen(
            ["unshare", "-Urm", "sh", "-c", f"{mount} && exec {listen}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=environ,
        )
        try:
            *_, listening = read_until(process, "listening")
            sender = Sender(int(listening.split()[-1]))
            sender.listen()
            full_at = sender.acknowledged
            assert full_at > 1000
            store.heal()
            sender.listen(until=2 * full_at)
            sender.end()
            # A drain tries each file once: the store has to be known as healed before it.
            waiting = (threading.Event().wait(0.05) for _ in range(600))
            while not store.objects and next(waiting, None) is not None:
                pass
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
        assert "No space left on device" in output
        found = Counter(
            int(number) for stored in store.objects.values() for number in _ID.findall(stored.body)
        )
    assert set(range(sender.acknowledged)) <= set(found), "an acknowledged event is lost"
    assert set(found.values()) == {1}
