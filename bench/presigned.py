"""Measure the presigned route beside the direct one: `python -m bench.presigned`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.files import copy_folder, make_conversations
from bench.measure import BenchError, Cost, Stopwatch, stop, tail
from bench.servers import BUCKET, PREFIX, Server, null_server
from bench.tools import Job, environment, sealift
from sealift.presigner.auth_hmac import device_secret

_MASTER = "m" * 32
_DEVICE = "bench"
_WANTED_RATIO = 1.5
_PROGRAM = str(Path(sys.executable).with_name("sealift"))
_TOML = """\
[agent]
state_dir = "state"
device_id = "bench"

[routes.bench.source]
kind = "folder"
path = "{folder}"
pattern = "*.json"

[routes.bench.destination]
kind = "presigned"
url = "{url}"
secret = {{ env = "BENCH_SECRET" }}
"""


def main(arguments: list[str] | None = None) -> int:
    """Run both in turn; 1 if the presigned route costs more than it should."""
    options = _options(arguments)
    best: dict[str, Cost] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="sealift-bench-") as name:
            work = Path(name)
            original = work / "original"
            make_conversations(original, options.files)
            stopwatch = Stopwatch(work)
            with null_server(work) as store, _presigner(work, store) as url:
                for _ in range(options.rounds):
                    for route in ("direct", "presigned"):
                        presigner = url if route == "presigned" else ""
                        cost = _run(work, store, stopwatch, options.files, presigner=presigner)
                        if route not in best or cost.cpu_seconds < best[route].cpu_seconds:
                            best[route] = cost
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return _report(best, options.files)


def _report(best: dict[str, Cost], files: int) -> int:
    for route, cost in best.items():
        each = cost.cpu_seconds / files * 1e6
        print(
            f"{route:10} {cost.cpu_seconds:6.2f} s CPU ({each:.0f} µs a file), "
            f"{cost.wall_seconds:.2f} s, {cost.max_rss_kib / 1024:.0f} MB"
        )
    ratio = best["presigned"].cpu_seconds / best["direct"].cpu_seconds
    print(f"presigned / direct: {ratio:.2f} (wanted: {_WANTED_RATIO} or less)")
    return int(ratio > _WANTED_RATIO)


def _run(work: Path, store: Server, stopwatch: Stopwatch, files: int, *, presigner: str) -> Cost:
    """Deliver the files, by *presigner* if it is given; what the server counted must be them."""
    folder, scratch = work / "files", work / "scratch"
    try:
        scratch.mkdir()
        copy_folder(work / "original", folder)
        store.clear()
        job = Job(folder=folder, scratch=scratch, access=store.access)
        log = scratch / "output.txt"
        if not presigner:
            cost = stopwatch.run(sealift([_PROGRAM]).command(job), environment(job), log)
        else:
            (scratch / "sealift.toml").write_text(_TOML.format(folder=folder, url=presigner))
            # No key of AWS is in it.
            given = {
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(scratch),
                "LANG": "C.UTF-8",
                "BENCH_SECRET": device_secret(_MASTER, _DEVICE),
            }
            cost = stopwatch.run([_PROGRAM, "run", "--once"], given, log)
        stored = store.tally()
        if cost.exit_code != 0 or stored.keys != files or stored.repeated:
            raise BenchError(f"{stored.keys} keys for {files} files. {tail(log)}")
        return cost
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _presigner(work: Path, store: Server) -> Iterator[str]:
    """Run the presigner for the null server's bucket until the block ends; give its URL."""
    access = store.access
    wanted = {
        "BUCKET": BUCKET,
        "PREFIX": PREFIX,
        "REGION": access.region,
        "ENDPOINT_URL": access.endpoint_url,
        "ACCESS_KEY_ID": access.access_key_id,
        "SECRET_ACCESS_KEY": access.secret_access_key,
        "MASTER_KEY": _MASTER,
        "RATE_PER_SECOND": "0",
    }
    process = subprocess.Popen(
        [_PROGRAM, "presigner", "serve", "--port", "0", "--audit", str(work / "audit.log")],
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            **{f"SEALIFT_PRESIGNER__{name}": value for name, value in wanted.items()},
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        said = process.stderr.readline().decode() if process.stderr else ""
        if not said.startswith("Presigner ready at "):
            raise BenchError(f"The presigner did not start: {said}")
        yield f"{said.split()[-1]}/ingest/new"
    finally:
        stop(process)
        if process.stderr:
            process.stderr.close()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.presigned", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="how many files of 10 KB")
    parser.add_argument("--rounds", type=int, default=3, help="how often each route runs (3)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
