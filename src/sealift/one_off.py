"""Delivers given files once, with the same promises as an agent's routes."""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import unquote

from sealift.agent.agent import Agent, Outcome
from sealift.agent.route import Conflict, Route
from sealift.agent.surroundings import Surroundings
from sealift.assembly import build_destination
from sealift.config import AgentOptions, Config, DestinationConfig
from sealift.destinations.directory import DirectoryOptions
from sealift.destinations.s3_options import S3Options
from sealift.errors import AgentRunningError, UsageError
from sealift.events import Observer, ignore
from sealift.ledger.database import FILE_NAME
from sealift.ledger.desk import Desk
from sealift.naming import KeyTemplate, encode_name, new_id, prefixed
from sealift.reports import ItemRecord, history
from sealift.sealing.seal import Sealer, SealOptions
from sealift.sources.files_given import FilesGiven, name_of
from sealift.spooling import how_to_put, spool

_LOOK_SECONDS = 0.2
SLOTS = 16
"""So many puts of one user can be under way at once; each has a ledger of its own."""

STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOptions:
    """How `put` delivers."""

    overwrite: bool = field(
        default=False, metadata={"help": "Replace what is at the key instead of refusing."}
    )
    format: Literal["auto", "json", "ndjson", "xml", "any"] = field(
        default="auto",
        metadata={"help": "What the content must be; auto goes by the file's suffix."},
    )
    s3: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"help": "Settings of the S3 destination, such as region or endpoint_url."},
    )
    state_dir: Path | None = field(
        default=None, metadata={"help": "Where the ledgers are; by default the user's state home."}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResult:
    """How a put ended."""

    outcome: Outcome
    spooled: Path | None = None
    """The content of standard input that could not be delivered yet; None if there is none."""


def put(
    files: Sequence[Path | str],
    target: str,
    options: PutOptions | None = None,
    *,
    stdin: BinaryIO | None = None,
    notify: Observer = ignore,
) -> PutResult:
    """
    Deliver *files* to *target*; they stay where they are.

    Each key is reserved before the first byte is sent, and another's object is
    never replaced unless that is asked for. After a crash or an outage the same
    call goes on where the first one stopped, in the middle of a large file too.

    Args:
        files: Plain files; `-` for *stdin*.

        target: `s3://BUCKET/KEY`, or `s3://BUCKET/PREFIX/` for keys that end in the
            files' names; `file:///FOLDER/` in the same way.

        options: How.

        stdin: Where `-` is read from.

        notify: Who is told what happens.

    Returns:
        What came of it; exit code 0 if everything is delivered.

    Raises:
        UsageError: The target or a file is not possible. Nothing was sent.
        ConfigError: An option is wrong. Nothing was sent.
        StateError: The ledger cannot be used. Nothing was sent.

    After any error the content of standard input is kept; a note on the error
    says where (PEP 678), because it cannot be read twice.
    """
    options = options or PutOptions()
    place = _place(target, options.s3)
    base = options.state_dir or default_state_dir(os.environ)
    spooled = None
    paths = [Path(file) for file in files if str(file) != STDIN]
    if len(paths) < len(files):
        spooled = _spool(base, place, files, stdin)
        paths = [spooled]
    _refuse_same_keys(paths, place)
    source = FilesGiven(paths)
    command = _command(target, files if spooled else paths)

    def route(name: str) -> Route:
        return _route(name, source, place, options, notify)

    try:
        outcome = _run(lambda: _agent(base, command, route, notify))
    except BaseException as error:
        if spooled is not None:
            error.add_note(how_to_put(spooled))
        raise
    if spooled is not None and outcome.exit_code == 0:
        shutil.rmtree(spooled.parent)
        spooled = None
    return PutResult(outcome=outcome, spooled=spooled)


def history_of_puts(
    name: str = "", *, limit: int = 20, state_dir: Path | None = None
) -> list[ItemRecord]:
    """Tell what became of files that were put, the newest first; see `history`.

    Raises:
        StateError: A ledger cannot be read.
    """
    base = state_dir or default_state_dir(os.environ)
    items: list[ItemRecord] = []
    for number in range(SLOTS):
        slot = Config(file=base, agent=AgentOptions(state_dir=base / str(number)))
        items += history(slot, name, limit=limit)
    return sorted(items, key=lambda item: item.created_at, reverse=True)[:limit]


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Give the folder of the ledgers of one user's puts.

    Source: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home else Path.home() / ".local" / "state") / "sealift" / "put"


@dataclass(frozen=True, slots=True)
class _Place:
    """A parsed target."""

    options: S3Options | DirectoryOptions
    key: str
    """The whole key; empty if each file's name ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PutRoute(Route):
    """A route whose keys are as the target says, without any template."""

    key: str = ""

    def keys(
        self,
        name: bytes,
        *,
        item_id: str,  # noqa: ARG002
        sha256: str,  # noqa: ARG002
        mtime_ns: int,  # noqa: ARG002
        now: float,  # noqa: ARG002
    ) -> Mapping[str, str]:
        """Make an item's full key for the one destination."""
        key = self.key or _key_of(name)
        return {d.name: prefixed(d.prefix, key) for d in self.destinations}


def _place(target: str, s3: Mapping[str, str]) -> _Place:
    scheme, _, rest = target.partition("://")
    if scheme == "s3" and rest:
        bucket, _, key = rest.partition("/")
        whole = bool(key) and not key.endswith("/")
        options = S3Options(bucket=bucket, prefix="" if whole else key, **s3)  # type: ignore[arg-type]
        options.check()
        return _Place(options, key if whole else "")
    if scheme == "file" and rest.startswith("/"):
        folder, _, name = unquote(rest).rpartition("/")
        return _Place(DirectoryOptions(path=Path(folder or "/")), name)
    raise UsageError(
        f"The target {target} is not known.",
        hint="Use s3://BUCKET/KEY, s3://BUCKET/PREFIX/ or file:///FOLDER/.",
    )


def _key_of(path: bytes) -> str:
    return encode_name(path.rpartition(b"/")[2])


def _refuse_same_keys(paths: Sequence[Path], place: _Place) -> None:
    if place.key and len(paths) > 1:
        raise UsageError(
            f"{len(paths)} files cannot all have the key {place.key}.",
            hint="End the target with a slash, so that their names follow it.",
        )
    taken: dict[str, Path] = {}
    for path in paths:
        key = _key_of(os.fsencode(path))
        other = taken.setdefault(key, path)
        if other is not path:
            raise UsageError(
                f"{other} and {path} would have the same key.", hint="Send them separately."
            )


def _route(
    name: str, source: FilesGiven, place: _Place, options: PutOptions, notify: Observer
) -> Route:
    return _PutRoute(
        name=name,
        source=source,
        sealer=Sealer(SealOptions(format=options.format, allow_empty=True)),
        template=KeyTemplate.parse("{name}"),
        destinations=(
            build_destination(DestinationConfig(options=place.options), route=name, notify=notify),
        ),
        on_conflict=Conflict.OVERWRITE if options.overwrite else Conflict.QUARANTINE,
        settle_seconds=0.0,
        growth_seconds=0.0,
        key=place.key,
    )


def _command(target: str, files: Sequence[Path | str]) -> str:
    """Name a command, so that the same one is known again."""
    words = [target, *(str(name_of(Path(file))) for file in files)]
    text = "\0".join(words).encode("utf-8", "surrogateescape")
    return f"put-{hashlib.sha256(text).hexdigest()[:12]}-"


def _agent(base: Path, command: str, route: Callable[[str], Route], notify: Observer) -> Agent:
    """Take the ledger where this very command was interrupted, or else a free one."""
    fresh = command + new_id(time.time(), os.urandom)[-12:]
    slots = [base / str(number) for number in range(SLOTS)]
    unfinished = {slot: _unfinished(slot, command) for slot in slots}
    for slot in sorted(slots, key=lambda slot: not unfinished[slot]):
        try:
            return Agent([route(unfinished[slot] or fresh)], slot, Surroundings(notify=notify))
        except AgentRunningError:
            continue
    raise UsageError(
        f"{SLOTS} puts are under way already.", hint="Wait for one, or give another --state-dir."
    )


def _run(make: Callable[[], Agent]) -> Outcome:
    """Run an agent in a thread, so that Ctrl-C can stop it."""
    with make() as agent, ThreadPoolExecutor(1) as pool:
        running = pool.submit(agent.run, once=True)
        try:
            # The system may give the signal to any thread, and that wakes up nobody here.
            while not wait((running,), timeout=_LOOK_SECONDS).done:
                pass
            return running.result()
        except BaseException:
            agent.stop()
            raise


def _unfinished(state_dir: Path, command: str) -> str:
    """Give the route of this command that has something waiting; empty if none has."""
    if not (state_dir / FILE_NAME).exists():
        return ""
    with Desk(state_dir) as desk:
        for one in desk.backlog():
            if one.route.startswith(command) and one.states.get("reserved"):
                # Somebody repeats the command: what was refused is to be tried again.
                desk.release(desk.quarantined(one.route), now=time.time())
                return one.route
    return ""


def _spool(base: Path, place: _Place, files: Sequence[Path | str], stdin: BinaryIO | None) -> Path:
    if not place.key or len(files) > 1 or stdin is None:
        raise UsageError(
            "Standard input has no name and must be the only file.",
            hint="Give the whole key: sealift put - s3://BUCKET/KEY.",
        )
    return spool(base, place.key.rpartition("/")[2], stdin)
