"""How a redaction is shown: as changed lines, as a report, as one sentence."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console
from rich.text import Text

from sealift import Parcel, Redacted
from sealift.cli.showing import shown
from sealift.errors import UsageError
from sealift.naming.names import text_of
from sealift.sealing.redact.sweep import Edit

_AROUND: Final = 60
"""So many characters of an unchanged stretch are shown beside a change."""


def write(path: Path, parcel: Parcel) -> None:
    """Write the sealed bytes to a file, whole or not at all; readable for its owner alone.

    Raises:
        UsageError: The file cannot be written; what was there is untouched.
    """
    pieces = [parcel.body] if isinstance(parcel.body, bytes) else parcel.body.chunks()
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                file.writelines(pieces)
                file.flush()
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", hint="Name another file."
        ) from None


def as_report(name: bytes, size: int, parcel: Parcel, policy: str) -> str:
    """Write what was done as one JSON object; nothing of what was removed is in it."""
    return orjson.dumps(
        {
            "file": shown(text_of(name)),
            "redactions": dict(sorted(parcel.redactions.items())),
            "policy": policy,
            "size": size,
            "sealed_size": parcel.size,
            "sha256": parcel.sha256,
        }
    ).decode()


def summary(done: Redacted[bytes]) -> str:
    """Say in one line what was removed, by rule."""
    if not done.counts:
        return "Nothing to remove was found."
    counts = ", ".join(f"{rule} {count}" for rule, count in sorted(done.counts.items()))
    return f"Removed: {counts}."


def show_diff(data: bytes, done: Redacted[bytes]) -> None:
    """Show the changed lines, in colour on a terminal."""
    console = Console(highlight=False, soft_wrap=True)
    for line in diff(data, done.edits):
        console.print(line)


def diff(data: bytes, edits: Sequence[Edit]) -> Iterator[Text]:
    """Yield the lines that change, before and after."""
    for block in _blocks(data, edits):
        start = data.rfind(b"\n", 0, block[0].start) + 1
        end = data.find(b"\n", block[-1].end)
        end = len(data) if end < 0 else end
        number = data.count(b"\n", 0, start) + 1
        yield Text(f"@@ line {number} @@", style="cyan")
        before, after = Text("- ", style="red"), Text("+ ", style="green")
        position = start
        for edit in block:
            _add_kept(before, after, data[position : edit.start], first=position == start)
            before.append(_printable(data[edit.start : edit.end]), style="bold reverse")
            after.append(_printable(edit.new), style="bold reverse")
            position = edit.end
        _add_kept(before, after, data[position:end], last=True)
        yield before
        yield after


def _blocks(data: bytes, edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Yield the changes that share a line."""
    block: list[Edit] = []
    for edit in edits:
        if block and data.find(b"\n", block[-1].end, edit.start) >= 0:
            yield block
            block = []
        block.append(edit)
    if block:
        yield block


def _add_kept(
    before: Text, after: Text, kept: bytes, *, first: bool = False, last: bool = False
) -> None:
    text = _printable(kept)
    if len(text) > 2 * _AROUND:
        head = "" if first else text[:_AROUND]
        tail = "" if last else text[-_AROUND:]
        text = f"{head}…{tail}"
    before.append(text)
    after.append(text)


def _printable(data: bytes) -> str:
    return shown(data.decode(errors="replace"))
