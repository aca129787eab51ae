"""Runs the installed command as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("sealift"))


def environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of the user's, and no colour."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state-home"),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **more,
    }


def run(
    *arguments: str | Path, home: Path, stdin: bytes = b"", **more: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=home,
        env=environment(home, **more),
        timeout=60,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def start(*arguments: str | Path, home: Path, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",  # what is left after some lines were read may begin within a character
        cwd=home,
        env=environment(home, **more),
    )


def read_until(process: "subprocess.Popen[str]", word: str) -> list[str]:
    """Read the process's output up to the line with *word*; the test's time limit guards it."""
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if word in line:
            return seen
    raise AssertionError(f"{word} never came: {seen} {process.stderr and process.stderr.read()}")


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def write_config(home: Path, *, destination: str = "", source: str = "", route: str = "") -> Path:
    """A folder `in` that goes to a folder `out`, or elsewhere."""
    (home / "in").mkdir(exist_ok=True)
    (home / "out").mkdir(exist_ok=True)
    config = home / "sealift.toml"
    config.write_text(
        f"""
[agent]
device_id = "dev"
[routes.a]
{route}
[routes.a.source]
kind = "folder"
path = "in"
settle_seconds = 0.0
growth_seconds = 0.0
{source}
[routes.a.destination]
{destination or 'kind = "directory"' + chr(10) + 'path = "out"'}
"""
    )
    return config


def stored(home: Path) -> list[Path]:
    return sorted(path for path in (home / "out").rglob("*") if path.is_file())
