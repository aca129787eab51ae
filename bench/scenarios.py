"""What is measured: which server, how many files, which tools, and each run of them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.files import copy_folder
from bench.measure import Cost, Stopwatch, tail
from bench.servers import Server, Tally, null_server, real_server
from bench.tools import Job, Tool, environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of world to send files into."""

    name: str
    what: str
    """One line for the reader of the table."""

    server: Callable[[Path], AbstractContextManager[Server]]
    files: int
    """How many, unless asked otherwise."""

    tools: tuple[str, ...]
    """Which, unless asked otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One tool, once."""

    round: int
    """From 1."""

    tool: str
    cost: Cost
    problem: str
    """Why the run does not count; empty if every file was stored exactly once."""


_PEERS = ("s5cmd", "s5cmd-32", "rclone", "rclone-32")
_SEALIFT = ("sealift",)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="null",
            what="a server that answers each request at once",
            server=null_server,
            files=10_000,
            tools=(*_SEALIFT, "sealift-redact", *_PEERS),
        ),
        Scenario(
            name="far",
            what="the same server, each answer 50 ms later",
            server=partial(null_server, delay_ms=50),
            files=10_000,
            # With four or 32 at a time a tool mostly waits: minutes that tell nothing new.
            tools=(*_SEALIFT, "s5cmd", "rclone-256"),
        ),
        Scenario(
            name="real",
            what="ministack, which checks signatures and keeps the objects",
            server=real_server,
            files=2_000,
            tools=(*_SEALIFT, *_PEERS),
        ),
        Scenario(
            name="memory",
            what="a folder of tiny files, for the peak memory",
            server=null_server,
            files=1_000_000,
            tools=("sealift",),
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The files that every run gets a copy of."""

    folder: Path
    files: int
    bytes: int


def run_rounds(
    tools: Sequence[Tool], original: Original, server: Server, work: Path, *, rounds: int
) -> Iterator[Run]:
    """Run all the tools in turn, *rounds* times over, each on its own copy of the files."""
    stopwatch = Stopwatch(work)
    for number in range(1, rounds + 1):
        for tool in tools:
            folder, scratch = work / "files", work / "scratch"
            try:
                scratch.mkdir()
                copy_folder(original.folder, folder)
                server.clear()
                job = Job(folder=folder, scratch=scratch, access=server.access)
                log = scratch / "output.txt"
                cost = stopwatch.run(tool.command(job), environment(job), log)
                problem = _problem(tool, original, cost, server.tally(), folder)
                if problem:
                    problem = f"{problem}. {tail(log)}".rstrip(". ")
                yield Run(round=number, tool=tool.name, cost=cost, problem=problem)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                shutil.rmtree(scratch, ignore_errors=True)


def _problem(tool: Tool, original: Original, cost: Cost, stored: Tally, folder: Path) -> str:
    """Say why a run does not count, by what the server counted; empty if it does."""
    if cost.exit_code != 0:
        return f"exit code {cost.exit_code}, {stored.keys} of {original.files} files stored"
    if stored.keys != original.files:
        return f"{stored.keys} keys stored for {original.files} files"
    if stored.repeated:
        return f"{stored.repeated} keys were stored more than once"
    if tool.keeps_bytes and stored.bytes != original.bytes:
        return f"{stored.bytes} bytes stored of {original.bytes}"
    if tool.renames and any(folder.glob("*.json")):
        return "files are left that were not renamed"
    return ""
