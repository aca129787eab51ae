"""What may be set about a daily aggregate, and the check of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError

Merge = Literal["union", "latest", "append"]
MERGES: Final[tuple[Merge, ...]] = ("union", "latest", "append")

_SUFFIX = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateOptions:
    """Where a daily aggregate lives, and how it grows; each field's help says what it means."""

    s3: S3Options = field(metadata=_help("The bucket, the prefix, and how to get there."))
    journal: Path = field(
        metadata=_help("Folder on a local disk for what is accepted; processes may share it.")
    )
    suffix: str = field(
        default="_segments.json", metadata=_help("What follows the date in the file's name.")
    )
    merge: Merge = field(
        default="union",
        metadata=_help(
            "union: every segment seen that day; latest: the most recent set; "
            "append: one entry for each event."
        ),
    )
    time_zone: str = field(
        default="UTC", metadata=_help("Whose midnight ends a day, such as Europe/Berlin.")
    )
    single_writer: bool = field(
        default=False,
        metadata=_help(
            "Nobody else writes these files: allows a store that ignores conditions "
            "to be written to."
        ),
    )
    flush_seconds: float = field(
        default=0.1,
        metadata=_help(
            "Time between two writes of a day's file, on the average; more with company."
        ),
    )
    gather_seconds: float = field(
        default=0.01, metadata=_help("How long the first event waits for others, in seconds.")
    )
    answer_seconds: float = field(
        default=60.0,
        metadata=_help("After so many seconds without S3, callers are told; events stay."),
    )
    direct_bytes: int = field(
        default=2 * 1024 * 1024,
        metadata=_help("A larger file is no longer rewritten for each batch, but compacted."),
    )
    direct_writers: int = field(
        default=16, metadata=_help("With more writers at once, batches wait to be compacted.")
    )
    compact_seconds: float = field(
        default=15.0, metadata=_help("How often waiting batches are folded into the file.")
    )
    grace_seconds: float = field(
        default=60.0, metadata=_help("How long a folded batch is still kept, in seconds.")
    )
    max_waiting: int = field(
        default=200_000, metadata=_help("So many events may wait for S3; then none is accepted.")
    )

    def check(self) -> None:
        """Check that the options can be right.

        Raises:
            ConfigError: They cannot; the message names every problem.
        """
        self.s3.check()
        problems = [*_problems(self)]
        if problems:
            raise ConfigError(
                f"The options of the daily aggregate are wrong: {'; '.join(problems)}.",
                hint="Correct them and start again.",
            )


def _problems(options: AggregateOptions) -> Iterator[str]:
    if not _SUFFIX.fullmatch(options.suffix):
        yield f"suffix {options.suffix!r} must be 1 to 64 of A-Z, a-z, 0-9, ., - and _"
    if options.merge not in MERGES:
        yield f"merge {options.merge!r} is not union, latest or append"
    if not _is_zone(options.time_zone):
        yield f"time_zone {options.time_zone!r} is not known here, as UTC or Europe/Berlin are"
    for name in ("flush_seconds", "gather_seconds", "grace_seconds"):
        if not 0 <= getattr(options, name) < float("inf"):
            yield f"{name} must be 0 or more"
    for name in ("answer_seconds", "compact_seconds", "direct_bytes", "direct_writers"):
        if not getattr(options, name) > 0:
            yield f"{name} must be over 0"
    if options.max_waiting < 1:
        yield "max_waiting must be 1 or more"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
