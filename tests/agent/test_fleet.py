"""A fleet of devices behind a bad network, with URLs that end soon and a presigner that restarts.

Row 29 to 31 of the faults that Sealift survives, all at once; checked from the store's side.
FLEET_DEVICES and FLEET_FILES make it larger.
"""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sealift.agent.agent import Agent
from sealift.agent.route import Route
from sealift.agent.schedule import Schedule
from sealift.agent.surroundings import Surroundings
from sealift.destinations.presigned import PresignedDestination
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.retrying import Retrying, RetryPolicy
from sealift.naming import KeyTemplate
from sealift.presigner.auth_hmac import device_secret
from sealift.sealing.seal import Sealer, SealOptions
from sealift.sources.folder import FolderOptions, FolderSource
from sealift.sources.settling import After
from sealift.testing.proxy import Proxy, Weather
from tests.cli.commands import environment
from tests.presigner.rig import MASTER
from tests.presigner.running import settings
from tests.servers import Bucket

pytestmark = [pytest.mark.server, pytest.mark.slow]

DEVICES = int(os.environ.get("FLEET_DEVICES", "200"))
FILES = int(os.environ.get("FLEET_FILES", "2"))
AT_ONCE = 24
LIFE_SECONDS = 1
DROP_EVERY = 5

# The real command, which takes no life as short as this test wants it.
_SERVE = (
    "import sealift.presigner.options as options\n"
    "options.MIN_LIFE_SECONDS = 1\n"
    "from sealift.cli import main\n"
    "main()\n"
)


@dataclass
class Service:
    """The presigner as a process on one port, to be ended and begun again."""

    home: Path
    environ: dict[str, str]
    port: int = 0
    begun: int = 0
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        arguments = ("presigner", "serve", "--port", str(self.port), "--audit", "audit.log")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=environment(self.home, **self.environ),
        )
        assert self.process.stderr
        said = self.process.stderr.readline()
        assert said.startswith("Presigner ready at "), said + self.process.stderr.read()
        self.begun += 1

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate(timeout=20)


@dataclass
class Device:
    """One laptop: its folder, its ledger, its secret."""

    name: str
    home: Path
    bodies: dict[str, bytes] = field(default_factory=dict)

    def fill(self) -> None:
        (self.home / "in").mkdir(parents=True)
        for number in range(FILES):
            body = json.dumps({"device": self.name, "n": number}).encode()
            self.bodies[f"f{number}.json"] = body
            (self.home / "in" / f"f{number}.json").write_bytes(body)

    @property
    def left(self) -> list[Path]:
        return list((self.home / "in").glob("*.json"))

    def run(self, url: str) -> None:
        """Run once, as many times as it takes; each time is a restart of the device."""
        while self.left:
            with Agent([self.route(url)], self.home / "state", Surroundings()) as agent:
                agent.run(once=True)

    def route(self, url: str) -> Route:
        options = FolderOptions(path=self.home / "in", settle_seconds=0.0, watch=False)
        destination = PresignedDestination(
            PresignedOptions(
                url=url,
                device_id=self.name,
                secret=device_secret(MASTER, self.name),
                timeout_seconds=10.0,
            )
        )
        return Route(
            name="r",
            source=FolderSource(options, After.parse("rename", self.home)),
            sealer=Sealer(SealOptions()),
            template=KeyTemplate.parse("{id}_{name}"),
            destinations=(Retrying(destination, RetryPolicy(attempts=3, base_seconds=0.1)),),
            concurrency=2,
            settle_seconds=0.0,
            growth_seconds=0.0,
            schedule=Schedule(base_seconds=0.1),
        )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    service.start()
    try:
        yield service
    finally:
        service.stop()


def work(devices: Iterator[Device], url: str, lock: threading.Lock) -> None:
    while True:
        with lock:
            device = next(devices, None)
        if device is None:
            return
        device.run(url)


def restart_midway(service: Service, devices: list[Device], ended: threading.Event) -> None:
    """Kill and start the service when a third, and when two thirds of the files are there."""
    for third in (1, 2):
        while sum(len(device.left) for device in devices) > DEVICES * FILES * (3 - third) // 3:
            if ended.wait(0.05):
                return
        service.stop()
        ended.wait(0.3)
        service.start()


def test_every_file_arrives_once_under_its_own_device(
    tmp_path: Path, ministack_bucket: Bucket
) -> None:
    bucket = ministack_bucket
    bucket.client.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    devices = [Device(f"dev{n:03}", tmp_path / f"dev{n:03}") for n in range(DEVICES)]
    for device in devices:
        device.fill()
    bad = Weather(drop_reply_every=DROP_EVERY)
    with Proxy(bucket.server.endpoint_url, bad) as store:
        port = free_port()
        environ = settings(
            bucket.name,
            bucket.server,
            endpoint_url=store.endpoint_url,
            life_seconds=str(LIFE_SECONDS),
        )
        service = Service(home=tmp_path, environ=environ, port=port)
        with running(service), Proxy(f"http://127.0.0.1:{port}", bad) as way:
            ended, lock, waiting = threading.Event(), threading.Lock(), iter(devices)
            url = f"{way.endpoint_url}/ingest/new"
            threads = [
                threading.Thread(target=work, args=(waiting, url, lock)) for _ in range(AT_ONCE)
            ]
            threads.append(threading.Thread(target=restart_midway, args=(service, devices, ended)))
            for thread in threads:
                thread.start()
            for thread in threads[:-1]:
                thread.join(100)
            ended.set()
            threads[-1].join(20)
        dropped = (way.replies_dropped, store.replies_dropped)
    assert [device.name for device in devices if device.left] == []
    assert service.begun == 3
    assert min(dropped) > DEVICES * FILES // 50, "the network was not bad"
    check_store(bucket, devices)


def check_store(bucket: Bucket, devices: list[Device]) -> None:
    """Every file once, one key each, no key written twice, none under another device."""
    pages = bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name)
    versions = [one["Key"] for page in pages for one in page.get("Versions", [])]
    assert len(versions) == len(set(versions)) == DEVICES * FILES
    arrived: dict[tuple[str, str], str] = {}
    for key in versions:
        body = bucket.raw_get(key)
        assert body
        prefix, owner, name = key.split("/")
        filename = name.rpartition("_")[2]
        assert prefix == "uploads"
        assert json.loads(body)["device"] == owner
        assert (owner, filename) not in arrived, "a file has two keys"
        arrived[owner, filename] = hashlib.sha256(body).hexdigest()
    assert arrived == {
        (device.name, name): hashlib.sha256(body).hexdigest()
        for device in devices
        for name, body in device.bodies.items()
    }
