"""An agent in a process of its own, to be killed: by itself at a named step, or by the test.

`python -m tests.agent.killable run TASK` runs one agent once; with a step in TASK, it dies
there. `... serve TASK` forks a new agent for every line on standard input and writes its
process id; that is a start without the cost of a new interpreter.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sealift.agent.agent import Agent
from sealift.destinations.base import Destination, PartLog, Stored
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import S3Options
from sealift.destinations.wrapper import Wrapper
from sealift.ledger.records import Identity
from sealift.ledger.store import Store
from sealift.sealing.parcel import LargeBody, Parcel
from sealift.sources.base import Candidate
from sealift.sources.folder import FolderOptions, FolderSource
from sealift.sources.settling import After
from tests.agent.rig import Rig

STEPS = (
    *("before read", "after read", "before commit", "after commit"),
    *("before put", "after put", "before settle", "after settle"),
)


@dataclass
class Crash:
    """Ends the process at the n-th time that a step is reached, as SIGKILL would."""

    step: str = ""
    nth: int = 0

    def reached(self, step: str) -> None:
        if step == self.step:
            self.nth -= 1
            if self.nth == 0:
                os._exit(137)


class CrashingDestination(Wrapper):
    def __init__(self, destination: Destination, crash: Crash) -> None:
        super().__init__(destination)
        self.crash = crash

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        self.crash.reached("before put")
        stored = super().put(key, parcel, put_id=put_id, create=create, part_log=part_log)
        self.crash.reached("after put")
        return stored


class CrashingSource(FolderSource):
    crash: Crash

    def read(self, candidate: Candidate) -> bytes | LargeBody:
        self.crash.reached("before read")
        data = super().read(candidate)
        self.crash.reached("after read")
        return data

    def settle(self, path: bytes, identity: Identity, item_id: str) -> bytes:
        self.crash.reached("before settle")
        settled = super().settle(path, identity, item_id)
        self.crash.reached("after settle")
        return settled


def crash_in_commits(crash: Crash) -> None:
    whole = Store.commit

    @contextmanager
    def commit(self: Store) -> Iterator[Any]:
        outermost = not self._connection.in_transaction
        with whole(self) as connection:
            yield connection
            if outermost:
                crash.reached("before commit")
        if outermost:
            crash.reached("after commit")

    Store.commit = commit  # type: ignore[method-assign]


def crash_in_unlink(crash: Crash) -> None:
    unlink = os.unlink

    def crashing(path: Any, *arguments: Any, **options: Any) -> None:
        crash.reached("before unlink")
        unlink(path, *arguments, **options)

    os.unlink = crashing  # type: ignore[assignment]


def agent_of(task: dict[str, Any], crash: Crash) -> Agent:
    options = {"access_key_id": "k", "secret_access_key": "s", "region": "us-east-1"}
    destination = S3Destination(
        S3Options(bucket="bucket", trust_conditions=True, **options, **task["s3"])
    )
    home = Path(task["home"])
    rig = Rig(home, (CrashingDestination(destination, crash),), **task.get("options", {}))
    route = rig.route()
    folder = FolderOptions(
        path=rig.folder, settle_seconds=0.0, watch=False, large_bytes=rig.large_bytes
    )
    source = CrashingSource(folder, After.parse(rig.after, home))
    source.crash = crash
    crash_in_commits(crash)
    crash_in_unlink(crash)
    return rig.agent(replace(route, source=source))


def run(task: dict[str, Any], *, once: bool) -> int:
    with agent_of(task, Crash(task.get("step", ""), task.get("nth", 0))) as agent:
        code = agent.run(once=once).exit_code
    sys.stdout.write(json.dumps({"code": code, "peak_mib": peak_mib()}) + "\n")
    return 0


def peak_mib() -> int:
    """Most memory that this program held; getrusage would count what the forking test holds."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def serve(task: dict[str, Any]) -> int:
    import obstore  # noqa: PLC0415  loaded once for all children, used only in them
    import obstore.store  # noqa: F401, PLC0415

    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                run(task, once=False)
            finally:
                os._exit(1)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    sys.exit(serve(given) if sys.argv[1] == "serve" else run(given, once=True))
