"""Examines a configuration against the real world: folders, disk, credentials, stores, clock."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from sealift.assembly import presigned_destination
from sealift.config import Config, RouteConfig
from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_credentials import Credentials, source_for
from sealift.destinations.s3_options import S3Options
from sealift.destinations.s3_probe import Finding, probe_bucket
from sealift.errors import AgentRunningError, PausedError, SealiftError
from sealift.ledger.database import AgentLock, make_state_dir
from sealift.ledger.desk import Desk
from sealift.sources.folder import FolderSource
from sealift.sources.settling import Action, After

Level = Literal["pass", "warn", "fail"]

LOW_BYTES: Final = 1 << 30
"""With less disk left, the ledger may soon be in want."""

TOO_LOW_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was examined."""

    place: str
    """What it belongs to, such as `agent` or `routes.a.destination s3`."""

    name: str
    level: Level
    message: str
    hint: str = ""
    """What to do, or empty."""

    exit_code: int = 0
    """What the command line ends with because of it."""


def examine(config: Config, *, clock: Callable[[], float] = time.time) -> Iterator[Diagnosis]:
    """
    Examine everything that a run needs, one thing after the other.

    No item is sent. Of each presigner one URL is asked for, and not used. In each bucket
    one small object, in each destination folder one empty file, is made and deleted
    again; the object stays, and a diagnosis says so, where deleting is not allowed. The
    state directory with its lock, and the folder of `after = move:DIR`, are made if they
    are not there.

    Args:
        config: A configuration that was loaded without errors.

        clock: Wall clock, seconds since 1970, compared with the stores'.
    """
    yield Diagnosis(
        place="configuration",
        name="file",
        level="pass",
        message=f"{config.file} is valid; routes: {', '.join(r.name for r in config.routes)}.",
    )
    yield from _state(config.agent.state_dir, config.routes)
    for route in config.routes:
        if route.listener is None:
            yield from _folder(route, config.file.absolute().parent)
        for destination in route.destinations:
            place = f"routes.{route.name}.destination {destination.options.name}"
            if isinstance(destination.options, S3Options):
                yield from _bucket(destination.options, place, clock)
            elif isinstance(destination.options, PresignedOptions):
                yield from _presigner(destination.options, place)
            else:
                yield _directory(destination.options, place)


def worst(exit_codes: list[int]) -> int:
    """Choose among exit codes the one that must be mended first: 2, then 1, 4 and 3."""
    return next((code for code in (2, 1, 4, 3) if code in exit_codes), 0)


def _failure(place: str, name: str, error: SealiftError) -> Diagnosis:
    return Diagnosis(
        place=place,
        name=name,
        level="fail",
        message=error.message,
        hint=error.hint,
        exit_code=error.exit_code,
    )


def _state(state_dir: Path, routes: Iterable[RouteConfig]) -> Iterator[Diagnosis]:
    """Examine the state directory: the right to write, the lock, the ledger, the disk."""
    try:
        make_state_dir(state_dir)
        AgentLock(state_dir).release()
        yield Diagnosis(
            place="agent", name="state_dir", level="pass", message=f"{state_dir} is free to use."
        )
    except AgentRunningError as error:
        hint = "That is right if it is yours."
        yield Diagnosis(
            place="agent", name="state_dir", level="warn", message=error.message, hint=hint
        )
    except SealiftError as error:
        yield _failure("agent", "state_dir", error)
        return
    try:
        with Desk(state_dir, check=True) as desk:
            yield Diagnosis(
                place="agent", name="ledger", level="pass", message="The ledger is sound."
            )
            yield from _strangers(desk, routes)
    except SealiftError as error:
        yield _failure("agent", "ledger", error)
    yield _disk(state_dir, shutil.disk_usage(state_dir).free)


def _strangers(desk: Desk, routes: Iterable[RouteConfig]) -> Iterator[Diagnosis]:
    """Find deliveries that wait for a destination which the configuration no longer has."""
    for route in routes:
        names = [one.options.name for one in route.destinations]
        for stranger in desk.strangers(route.name, names):
            yield Diagnosis(
                place=f"routes.{route.name}",
                name="waiting",
                level="warn",
                message=f"Deliveries wait for {stranger}, which the route no longer has.",
                hint=f'Give one of the route\'s destinations name = "{stranger}" again.',
            )


def _disk(state_dir: Path, free: int) -> Diagnosis:
    level: Level = "pass"
    if free < LOW_BYTES:
        level = "fail" if free < TOO_LOW_BYTES else "warn"
    return Diagnosis(
        place="agent",
        name="disk",
        level=level,
        message=f"{free / (1 << 20):.0f} MiB are free on the disk of {state_dir}.",
        hint="" if level == "pass" else "Free some space; the ledger grows by 0.5 KiB an item.",
        exit_code=1 if level == "fail" else 0,
    )


def _folder(route: RouteConfig, base: Path) -> Iterator[Diagnosis]:
    """Examine a watched folder: is it there, may it be read and changed, does anything fit."""
    place = f"routes.{route.name}.source"
    path = route.source.path
    after = After.parse(route.options.after, base)
    needed = os.R_OK | os.X_OK | (0 if after.action is Action.KEEP else os.W_OK)
    if not os.access(path, needed):
        doing = (
            "read" if after.action is Action.KEEP else f"read and changed (after = {after.action})"
        )
        yield Diagnosis(
            place=place,
            name="folder",
            level="fail",
            message=f"The folder {path} cannot be {doing} by this user.",
            hint="Give this user the rights, or set after = keep.",
            exit_code=PausedError.exit_code,
        )
        return
    yield Diagnosis(place=place, name="folder", level="pass", message=f"{path} can be used.")
    try:
        source = FolderSource(replace(route.source, settle_seconds=0.0), after)
        found = list(islice(source.sweep(), 1))
    except SealiftError as error:
        yield _failure(place, "pattern", error)
        return
    wanted = ", ".join((route.source.pattern, *route.source.include))
    yield Diagnosis(
        place=place,
        name="pattern",
        level="pass" if found else "warn",
        message=f"Files fit {wanted}." if found else f"No file there fits {wanted} now.",
        hint="" if found else "Check pattern, include, exclude and recursive if files should.",
    )


def _directory(options: DirectoryOptions, place: str) -> Diagnosis:
    try:
        DirectoryDestination(options).probe()
    except SealiftError as error:
        return _failure(place, "directory", error)
    return Diagnosis(
        place=place, name="directory", level="pass", message=f"{options.path} takes files."
    )


def _bucket(options: S3Options, place: str, clock: Callable[[], float]) -> Iterator[Diagnosis]:
    """Examine credentials, then what the bucket and its store really do."""
    try:
        credential = Credentials(source_for(options), clock=clock).current()
    except SealiftError as error:
        yield _failure(place, "credentials", error)
        return
    yield Diagnosis(
        place=place,
        name="credentials",
        level="pass",
        message=f"There are credentials: access key ...{credential.access_key_id[-4:]}.",
    )
    destination = S3Destination(options, clock=clock)
    try:
        for finding in probe_bucket(destination.eyes):
            yield _diagnosis(place, finding)
    finally:
        destination.close()


def _presigner(options: PresignedOptions, place: str) -> Iterator[Diagnosis]:
    """Examine the way to a presigner and back, and what it promises."""
    try:
        destination = presigned_destination(options)
    except SealiftError as error:
        yield _failure(place, "presigner", error)
        return
    from sealift.destinations.presigned_probe import probe_presigner  # noqa: PLC0415 - an extra

    try:
        for finding in probe_presigner(destination):
            yield _diagnosis(place, finding)
    except SealiftError as error:
        yield _failure(place, "presigner", error)
    finally:
        destination.close()


def _diagnosis(place: str, finding: Finding) -> Diagnosis:
    return Diagnosis(
        place=place,
        name=finding.name,
        level=finding.level,
        message=finding.message,
        hint=finding.hint,
        exit_code=PausedError.exit_code if finding.level == "fail" else 0,
    )
