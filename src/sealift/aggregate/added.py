"""What callers are told of the days they add to."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """An event is in S3."""

    date: str
    """The day it was accepted, such as `2026-11-22`."""

    key: str
    """Of the day's file."""

    etag: str
    """Of the object that holds it: the day's file, or a part beside it."""

    rev: int
    """Number of the day's version that holds it; 0 while it is in a part."""

    merged: bool
    """It is in the day's file; else in a part that a compactor folds into it."""

    reason: str = ""
    """Why it is in a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A day as S3 has it: its file, with what waits in parts folded in."""

    date: str
    key: str
    url: str
    etag: str
    """Of the day's file; empty if there is none."""

    rev: int
    writers: int
    """How many writers' events are in the file."""

    parts: int
    """How many parts wait to be folded."""

    waiting: int
    """How many events wait in this journal, and are not in the body."""

    problem: str = ""
    """Why nobody may add to the file; then the body holds the parts alone."""

    body: bytes = field(default=b"", repr=False)
    """The JSON document; empty if there is neither file nor part."""
