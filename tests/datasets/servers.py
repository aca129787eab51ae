"""A server that speaks MongoDB's wire protocol, as a process of its own."""

import itertools
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo

_READY_SECONDS = 30.0
_numbers = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoServer:
    """A running server, and a client that bypasses Sealift."""

    uri: str
    client: Any
    process: "subprocess.Popen[bytes]"

    def new_database(self) -> Any:
        """An empty database of its own for one test."""
        return self.client[f"test_{next(_numbers)}"]

    def fail(self, commands: list[str], *, times: int = 1, skip: int = 0, **how: object) -> None:
        """Let commands fail: `errorCode=13`, `closeConnection=True` ..."""
        self.client.admin.command(
            "configureFailPoint",
            "failCommand",
            mode={"times": times} if not skip else {"skip": skip},
            data={"failCommands": commands, **how},
        )

    def heal(self) -> None:
        self.client.admin.command("configureFailPoint", "failCommand", mode="off")


@contextmanager
def secantus(*arguments: str) -> Iterator[MongoServer]:
    """Run secantusd-py until the block ends."""
    port = free_port()
    program = shutil.which("secantusd-py", path=str(Path(sys.executable).parent))
    assert program, "secantusdb is not installed"
    process = subprocess.Popen(
        [
            *(program, "--host", "127.0.0.1", "--port", str(port), "--storage-path", ":memory:"),
            *("--log-level", "ERROR", *arguments),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        # So that a client which lost its server looks again at once.
        quick = "heartbeatFrequencyMS=500&serverMonitoringMode=poll"
        uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&{quick}"
        with pymongo.MongoClient(uri, serverSelectionTimeoutMS=20_000) as client:
            yield MongoServer(uri=uri, client=client, process=process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(port: int) -> None:
    end = time.monotonic() + _READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)
        else:
            return
