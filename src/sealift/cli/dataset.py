"""`sealift dataset`: documents that are published in S3 and synced to MongoDB."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.dataset_lines import copy_line, run_lines, verified_lines
from sealift.cli.flags import ConfigFlag, Flag, StateDir, overriding
from sealift.cli.showing import as_json
from sealift.cli.signals import obeying
from sealift.errors import UsageError

app = App(
    name="dataset",
    help="Publish checked documents in S3, and keep MongoDB the same.",
    help_epilogue="""\
Examples:
  sealift dataset push tow-and-go links.json --name tow-and-go.json
  sealift dataset sync tow-and-go""",
)

Name = Annotated[str, Parameter(show_default=False)]
CONFIG = Path("sealift.toml")


@app.command(
    help_epilogue="""\
Examples:
  sealift dataset push tow-and-go links.json --name tow-and-go.json
  make-links | sealift dataset push tow-and-go - --json""",
)
def push(
    dataset: str,
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    name: Name = "",
    force: Flag = False,
    config: ConfigFlag = CONFIG,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Check a document, publish it in S3, and read it back.

    An older document than the published one is refused, and the same one is not
    sent again. Two publishers cannot cross: only the version that was read is
    replaced.

    Parameters
    ----------
    dataset
        The dataset's name, such as tow-and-go.
    file
        The JSON document; - for standard input.
    name
        Name of the object under the prefix; the dataset's own if not given.
    force
        Also over a newer document, and over what is no such document.
    json
        Write what happened as JSON lines to standard output.
    """
    text = sys.stdin.buffer.read() if file == "-" else _read(file)
    with _opened(dataset, config, state_dir, json=json) as service:
        service.push(text, name, force=force)
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift dataset sync tow-and-go
  sealift dataset sync tow-and-go --watch --json""",
)
def sync(
    dataset: str,
    *,
    name: Name = "",
    watch: Flag = False,
    again: Flag = False,
    force: Flag = False,
    config: ConfigFlag = CONFIG,
    metrics_port: Annotated[int, Parameter()] = 0,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Bring MongoDB to what the published document says.

    Only what differs is written, and readers never see a half. An object that was
    synced before is not even downloaded. Killed and run again, it comes out right.

    Parameters
    ----------
    dataset
        The dataset's name, such as tow-and-go.
    name
        Name of the object under the prefix; the dataset's own if not given.
    watch
        Keep syncing until stopped, by poll_seconds and queue_url.
    again
        Compare all records although the object is the one that was synced last.
    force
        Also an older document, and also over documents that no sync has written.
    metrics_port
        With --watch: port where Prometheus finds metrics; 0 for none.
    json
        Write what happened as JSON lines to standard output.
    """
    if watch and (again or force):
        raise UsageError("--watch goes with neither --again nor --force.", hint="Sync once first.")
    with _opened(dataset, config, state_dir, json=json, metrics_port=metrics_port) as service:
        if watch:
            watching = service.watch(name)
            with obeying(watching):
                watching.run()
        else:
            service.sync(name, sealift.SyncWishes(force=force, again=again))
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift dataset verify tow-and-go
  sealift dataset verify tow-and-go --json""",
)
def verify(
    dataset: str,
    *,
    name: Name = "",
    config: ConfigFlag = CONFIG,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Compare MongoDB with the published document, record by record.

    Nothing is changed. The exit code is 3 if they differ.

    Parameters
    ----------
    dataset
        The dataset's name, such as tow-and-go.
    name
        Name of the object under the prefix; the dataset's own if not given.
    json
        Write the result as one JSON object.
    """
    with _opened(dataset, config, state_dir) as service:
        found = service.verify(name)
    print(as_json(found) if json else "\n".join(verified_lines(found)))
    return 0 if found.agree else 3


@app.command(
    help_epilogue="""\
Examples:
  sealift dataset history tow-and-go
  sealift dataset history tow-and-go --copies --json""",
)
def history(
    dataset: str,
    *,
    copies: Flag = False,
    name: Name = "",
    limit: Annotated[int, Parameter()] = 20,
    config: ConfigFlag = CONFIG,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Show what was pushed and synced, when, by whom, with which checksum.

    Parameters
    ----------
    dataset
        The dataset's name, such as tow-and-go.
    copies
        Show the dated copies in S3 instead, to which rollback can go.
    name
        With --copies: name of the object, if it is not the dataset's own.
    limit
        Show at most so many, the newest first.
    json
        Write one JSON object for each.
    """
    with _opened(dataset, config, state_dir) as service:
        if copies:
            for copy in reversed(service.copies(name)[-limit:]):
                print(as_json(copy) if json else copy_line(copy))
            return 0
        runs = service.runs(limit)
    for run in runs:
        print(as_json(run) if json else "\n".join(run_lines(run)))
    if not runs:
        print(f"Nothing was pushed or synced from here yet: {dataset}.", file=sys.stderr)
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift dataset rollback tow-and-go
  sealift dataset rollback tow-and-go --to 2026-11-22""",
)
def rollback(
    dataset: str,
    *,
    to: Name = "",
    name: Name = "",
    config: ConfigFlag = CONFIG,
    json: Flag = False,
    state_dir: StateDir = None,
) -> int:
    """
    Publish an earlier document again, from its dated copy.

    The next sync brings MongoDB back to it, although it is older.

    Parameters
    ----------
    dataset
        The dataset's name, such as tow-and-go.
    to
        The copy: its version, its day or its key; the one before if not given.
    name
        Name of the object under the prefix; the dataset's own if not given.
    json
        Write what happened as JSON lines to standard output.
    """
    with _opened(dataset, config, state_dir, json=json) as service:
        service.rollback(to, name)
    return 0


@contextmanager
def _opened(
    dataset: str, config: Path, state_dir: Path | None, *, json: bool = False, metrics_port: int = 0
) -> Iterator[sealift.DatasetService]:
    """Open a dataset, and show what happens to it."""
    settings = sealift.Config.load(config, overrides=overriding(state_dir))
    # The port of the section agent is the agent's, which may be running.
    options = replace(settings.agent, metrics_port=metrics_port)
    with (
        sealift.showing(options, json=json) as show,
        sealift.open_dataset(
            settings.datasets, dataset, settings.agent.state_dir, notify=show.notify
        ) as service,
    ):
        yield service


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(
            f"The file {file} cannot be read: {error.strerror}.", hint="Correct the path."
        ) from None
