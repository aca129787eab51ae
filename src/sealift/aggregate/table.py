"""The bookkeeping of a day's file, in its metadata: whose events it holds, up to which."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sealift.aggregate.options import Merge
from sealift.destinations.s3_options import MAX_METADATA_BYTES, encode_metadata, metadata_bytes

NAME: Final = "segments"
"""Name of the user metadata that holds it."""

_FORM: Final = "1"
_LETTERS: Final = {"union": "u", "latest": "l", "append": "a"}
_MERGES: Final[dict[str, Merge]] = {"u": "union", "l": "latest", "a": "append"}
_TEXT: Final = re.compile(r"1;(\d+);([ula]);(?:@([\w-]+)|((?:[\w-]+:[0-9a-f]+,?)*))", re.ASCII)
_OWN_BYTES: Final = 256
"""What Sealift keeps for itself of S3's 2 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Which events are in a day's file: those of each writer up to its number."""

    rev: int = 0
    """Number of the version; 0 for a file that has no bookkeeping, or is not there."""

    merge: Merge | None = None
    """How the version was merged; None if nobody knows."""

    writers: Mapping[str, int] = field(default_factory=dict)
    record: str = ""
    """Where the writers are written down, if they are too many for metadata; else empty."""

    @property
    def distinct(self) -> bool:
        """Whether the file has one entry for each uid at most."""
        return self.merge in {"union", "latest"}

    def holds(self, writer: str, seq: int) -> bool:
        """Whether an event is in the file."""
        return seq <= self.writers.get(writer, 0)

    def text(self) -> str:
        """Write it as metadata: visible ASCII."""
        letter = _LETTERS[self.merge or "union"]
        writers = ",".join(f"{name}:{seq:x}" for name, seq in self.writers.items())
        return f"{_FORM};{self.rev};{letter};" + (f"@{self.record}" if self.record else writers)


def read_table(metadata: Mapping[str, str]) -> Table:
    """Read the bookkeeping of an object; an empty one if it has none.

    With a record, the writers are still to be read from there.

    Raises:
        ValueError: It is of another form, perhaps of a newer version.
    """
    text = metadata.get(NAME, "")
    if not text:
        return Table()
    match = _TEXT.fullmatch(text)
    if not match:
        raise ValueError(text)
    rev, letter, record, writers = match.groups()
    pairs = (pair.split(":") for pair in (writers or "").split(",") if pair)
    return Table(
        rev=int(rev),
        merge=_MERGES[letter],
        writers={name: int(seq, 16) for name, seq in pairs},
        record=record or "",
    )


def room_for_table(metadata: Mapping[str, str]) -> int:
    """Give the longest text that fits into an object's metadata beside *metadata*, in bytes."""
    taken = metadata_bytes({name: encode_metadata(value) for name, value in metadata.items()})
    return MAX_METADATA_BYTES - _OWN_BYTES - taken - len(NAME)
