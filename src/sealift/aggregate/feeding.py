"""Adds a stream of payloads, and shows or compacts a day without opening a journal."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import date as calendar
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from sealift.aggregate.added import Added, Shown
from sealift.aggregate.aggregate import DailyAggregate
from sealift.aggregate.compactor import Compacted, Compactor
from sealift.aggregate.days import Days
from sealift.aggregate.options import AggregateOptions
from sealift.aggregate.parts import Parts
from sealift.aggregate.payload import check_payload
from sealift.aggregate.rereading import Rereading
from sealift.aggregate.showing import shown
from sealift.destinations.s3_options import S3Options
from sealift.destinations.s3_versions import S3Versions
from sealift.errors import InvalidContentError, ItemError, SealiftError, UsageError
from sealift.events import Observer, ignore
from sealift.sealing.strict_json import check_json

_TOGETHER: Final = 500
_AHEAD: Final = 20_000
_MAX_BYTES: Final = 64 << 20
_MAX_DEPTH: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What became of one payload of a stream."""

    line: int
    """The line on which it begins, from 1."""

    added: Added | None = None
    error: SealiftError | None = None
    """Why it was refused, or is not in S3 yet."""


def segments_at(
    target: str, s3: Mapping[str, str] | None = None, **settings: Any
) -> AggregateOptions:
    """Make the options of the aggregate at `s3://BUCKET/PREFIX`.

    Args:
        target: What the names of the files follow on, a slash included if it is a folder.
        s3: More settings of the bucket, such as `region` or `endpoint_url`.
        settings: More options. The journal is in the user's state home if none is given.

    Raises:
        UsageError: There is no such target.
        ConfigError: An option is wrong.
    """
    scheme, _, rest = target.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise UsageError(f"The target {target} is not known.", hint="Use s3://BUCKET/PREFIX/.")
    place = S3Options(bucket=bucket, prefix=prefix, **(s3 or {}))  # type: ignore[arg-type]
    journal = settings.pop("journal", None) or default_journal(os.environ)
    options = AggregateOptions(s3=place, journal=journal, **settings)
    options.check()
    return options


def default_journal(environ: Mapping[str, str]) -> Path:
    """Give the folder of one user's journals.

    Source: https://specifications.freedesktop.org/basedir-spec/latest/
    """
    home = environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home else Path.home() / ".local" / "state") / "sealift" / "segments"


def add_segments(
    options: AggregateOptions, stream: BinaryIO, *, notify: Observer = ignore
) -> Iterator[Fed]:
    """Add every payload of a stream, and tell of each, in order, what became of it.

    Args:
        options: Where.
        stream: One payload a line; or a single payload, over as many lines as it likes.
        notify: Who is told of outages.

    Raises:
        ConfigError, StateError: Nothing was added.
        LedgerWaitsError, ThrottledError: What was not told of yet may be kept.
    """
    with DailyAggregate(options, notify=notify) as aggregate:
        waiting: deque[tuple[int, Future[Added] | ItemError]] = deque()
        for batch in _batches(_payloads(stream)):
            waiting.extend(_submitted(aggregate, batch))
            while len(waiting) > _AHEAD:
                yield _outcome(*waiting.popleft())
        while waiting:
            yield _outcome(*waiting.popleft())


def show_segments(options: AggregateOptions, date: str = "") -> Shown:
    """Give a day as S3 has it; see `DailyAggregate.show`. No journal is opened."""
    with closing(Rereading(S3Versions(options.s3))) as store:
        days = Days(store, options)
        return shown(days, Parts(days), _day(options, date), waiting=0)


def compact_segments(options: AggregateOptions, date: str = "", *, anew: bool = False) -> Compacted:
    """Fold the parts of a day; see `DailyAggregate.compact`. No journal is opened."""
    with closing(Rereading(S3Versions(options.s3))) as store:
        days = Days(store, options)
        compactor = Compactor(
            days,
            Parts(days),
            single_writer=options.single_writer,
            grace_seconds=options.grace_seconds,
        )
        return compactor.compact(_day(options, date), anew=anew)


def _day(options: AggregateOptions, date: str) -> str:
    if not date:
        return datetime.fromtimestamp(time.time(), ZoneInfo(options.time_zone)).date().isoformat()
    try:
        return calendar.fromisoformat(date).isoformat()
    except ValueError:
        raise UsageError(f"{date!r} is no date.", hint="Use YYYY-MM-DD.") from None


def _payloads(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Give payloads with their lines; an error in place of what is no JSON."""
    first = stream.readline()
    value = _parsed(first.rstrip(b"\r\n"), 1)
    if isinstance(value, ItemError):
        rest = stream.read()
        whole = _parsed(first + rest, 1)
        if not isinstance(whole, ItemError):
            yield 1, whole
            return
        lines: Iterable[bytes] = rest.splitlines(keepends=True)
    else:
        lines = stream
    if first.strip():
        yield 1, value
    for number, line in enumerate(lines, 2):
        if line.strip():
            yield number, _parsed(line.rstrip(b"\r\n"), number)


def _parsed(text: bytes, line: int) -> Any:
    try:
        return check_json(text, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH, first_line=line)
    except ItemError as error:
        return InvalidContentError(error.message)


def _batches(payloads: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    batch = []
    for one in payloads:
        batch.append(one)
        if len(batch) >= _TOGETHER:
            yield batch
            batch = []
    yield batch


def _submitted(
    aggregate: DailyAggregate, batch: list[tuple[int, Any]]
) -> Iterator[tuple[int, Future[Added] | ItemError]]:
    checked = [(line, _refused(payload), payload) for line, payload in batch]
    futures = iter(aggregate.submit_many([payload for _, error, payload in checked if not error]))
    for line, error, _ in checked:
        yield line, error or next(futures)


def _refused(payload: Any) -> ItemError | None:
    if isinstance(payload, ItemError):
        return payload
    try:
        check_payload(payload)
    except ItemError as error:
        return error
    return None


def _outcome(line: int, outcome: Future[Added] | ItemError) -> Fed:
    if isinstance(outcome, ItemError):
        return Fed(line=line, error=outcome)
    try:
        return Fed(line=line, added=outcome.result())
    except SealiftError as error:
        return Fed(line=line, error=error)
