"""A folder, its destinations and an agent, put together and looked into."""

import contextlib
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealift.agent.agent import Agent, Outcome
from sealift.agent.route import Conflict, Route
from sealift.agent.surroundings import Surroundings
from sealift.destinations.base import Destination
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import S3Options
from sealift.events import Event
from sealift.ledger.desk import Desk
from sealift.ledger.records import Delivery, Item
from sealift.naming import KeyTemplate
from sealift.sealing.seal import Sealer, SealOptions
from sealift.sources.folder import FolderOptions, FolderSource
from sealift.sources.settling import After
from sealift.testing.fault_server import FaultServer


@dataclass
class Rig:
    """A route `r` from a folder; each `run` is a new agent on the same state directory."""

    home: Path
    destinations: tuple[Destination, ...]
    template: str = "{id}_{name}"
    after: str = "rename"
    on_conflict: Conflict = Conflict.QUARANTINE
    settle_seconds: float = 0.0
    growth_seconds: float = 0.0
    scan_interval_seconds: float = 60.0
    probe_seconds: float = 60.0
    large_bytes: int = 16 << 20
    concurrency: int = 512
    watch: bool = False
    seal: SealOptions = field(default_factory=SealOptions)
    wall: Callable[[], float] = time.time
    random: Callable[[], float] = lambda: 0.1
    events: list[Event] = field(default_factory=list)
    told: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    @property
    def folder(self) -> Path:
        return self.home / "in"

    @property
    def state_dir(self) -> Path:
        return self.home / "state"

    def write(self, name: str, value: object) -> Path:
        """Let a complete file appear."""
        path = self.folder / name
        whole = self.home / "whole"
        whole.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        whole.rename(path)
        return path

    def fill(self, count: int, name: str = "f{}.json") -> dict[str, bytes]:
        """Write files, each of its own content."""
        bodies = {
            name.format(i): json.dumps({"n": i, "x": "y" * 50}).encode() for i in range(count)
        }
        for file, body in bodies.items():
            self.folder.joinpath(file).write_bytes(body)
        return bodies

    def route(self) -> Route:
        options = FolderOptions(
            path=self.folder,
            settle_seconds=self.settle_seconds,
            watch=self.watch,
            large_bytes=self.large_bytes,
        )
        after = After.parse(self.after, self.home)
        return Route(
            name="r",
            source=FolderSource(options, after, wall=self.wall),
            sealer=Sealer(self.seal),
            template=KeyTemplate.parse(self.template),
            destinations=self.destinations,
            on_conflict=self.on_conflict,
            concurrency=self.concurrency,
            settle_seconds=self.settle_seconds,
            growth_seconds=self.growth_seconds,
            scan_interval_seconds=self.scan_interval_seconds,
            probe_seconds=self.probe_seconds,
        )

    def agent(self, route: Route | None = None) -> Agent:
        surroundings = Surroundings(notify=self._note, wall=self.wall, random=self.random)
        return Agent([route or self.route()], self.state_dir, surroundings)

    def run(self) -> Outcome:
        """Run once, to the end."""
        with self.agent() as agent:
            return agent.run(once=True)

    @contextlib.contextmanager
    def running(self, route: Route | None = None) -> Iterator[Agent]:
        """Let an agent run beside the block; drain it afterwards."""
        with self.agent(route) as agent:
            raised: list[BaseException] = []

            def run() -> None:
                try:
                    agent.run()
                except BaseException as error:  # noqa: BLE001  raised again below
                    raised.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            try:
                yield agent
            finally:
                agent.drain()
                thread.join(30)
            assert not thread.is_alive(), "the agent does not drain"
            if raised:
                raise raised[0]

    def _note(self, event: Event) -> None:
        with self.told:
            self.events.append(event)
            self.told.notify_all()

    def told_of(self, kind: type[Event], **fields: object) -> list[Any]:
        """Events of a kind, with these fields."""
        return [
            event
            for event in self.events
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items())
        ]

    def wait_for(
        self, kind: type[Event], count: int = 1, seconds: float = 20, **fields: object
    ) -> None:
        """Wait until so many such events were told."""
        with self.told:
            came = self.told.wait_for(lambda: len(self.told_of(kind, **fields)) >= count, seconds)
        assert came, f"no {count} of {kind.__name__} {fields} in {self.events[-20:]}"

    def items(self) -> list[Item]:
        """All items, oldest first."""
        with Desk(self.state_dir) as desk:
            return desk.history(limit=1_000_000)[::-1]

    def states(self) -> dict[str, int]:
        return dict(Counter(item.state.value for item in self.items()))

    def deliveries(self, item: Item) -> dict[str, Delivery]:
        with Desk(self.state_dir) as desk:
            return {one.destination: one for one in desk.deliveries(item.seq)}

    def release(self) -> None:
        """Release all that is in quarantine."""
        with Desk(self.state_dir) as desk:
            desk.release(desk.quarantined("r"), now=time.time())

    def names(self) -> list[str]:
        """What is in the folder now."""
        return sorted(os.listdir(self.folder))  # noqa: PTH208


def s3(where: FaultServer, **changes: Any) -> S3Destination:
    """A destination at the fault server, or at a proxy before it."""
    given: dict[str, Any] = {
        "bucket": where.bucket.name,
        "endpoint_url": where.endpoint_url,
        "access_key_id": "key",
        "secret_access_key": "secret",
        "region": "us-east-1",
        "trust_conditions": True,
        "timeout_seconds": 5.0,
        "connect_timeout_seconds": 2.0,
    }
    return S3Destination(S3Options(**(given | changes)))


def check_server(server: FaultServer, rig: Rig, bodies: dict[str, bytes]) -> None:
    """Every file is at exactly one key with its bytes, each put id went to one key, all are done.

    Invariants I1, I2, I3, I5 and I6 of the faults that Sealift survives.
    """
    assert server.put_ids_with_second_keys() == {}
    assert server.keys_stored_twice() == set()
    stored = {key.partition("_")[2]: found.body for key, found in server.objects.items()}
    assert len(stored) == len(server.objects), "a file has two keys"
    assert stored == bodies
    items = rig.items()
    assert {os.fsdecode(item.path) for item in items if item.state == "done"} == set(bodies)
    assert {item.state for item in items} == {"done"}
    for item in items:
        key = rig.deliveries(item)["s3"].key
        assert server.objects[key].headers["x-amz-meta-sha256"] == item.sha256
