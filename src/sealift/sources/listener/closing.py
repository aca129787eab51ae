"""Closes segments: writes each in its format, and publishes it by one rename."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sealift.sources.listener.formats import CannotWriteError, Writer, is_xml
from sealift.sources.listener.names import moment_of
from sealift.sources.listener.records import read, sync_folder

CLOSING_SUFFIX = ".closing"
READY_SUFFIX = ".ready"
FACTS_SUFFIX = ".facts"
DAMAGED_SUFFIX = ".damaged"
"""A segment of which the disk has damaged a part; what was whole has been published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A file that was published."""

    name: str
    events: int
    size: int
    """Bytes, before compression."""

    unconverted: bool
    """It holds what could not be written in the format that was wanted."""


class Closing:
    """Turns closing segments into files in the folder *closed*, none lost and none doubled.

    A segment `STEM.closing` is what counts while it is there: files made from it are
    begun anew. When they are whole and durable it is removed, and from then on they
    count, until a rename publishes each.

    Args:
        folder: Where segments are.
        closed: Where files are published; on the same file system.
        writer: The format that is wanted.
        fallbacks: Formats for XML and for JSON that cannot be written in it.
    """

    def __init__(
        self, folder: Path, closed: Path, writer: Writer, fallbacks: tuple[Writer, Writer]
    ) -> None:
        self._folder = folder
        self._closed = closed
        self._writer = writer
        self._as_xml, self._as_json = fallbacks

    def waiting(self) -> list[Path]:
        """List the closing segments, the oldest first."""
        return sorted(self._folder.glob("*" + CLOSING_SUFFIX))

    def recover(self) -> list[Closed]:
        """Publish what a crash left whole, and remove what it left half made."""
        stems = {path.name.removesuffix(CLOSING_SUFFIX) for path in self.waiting()}
        found = []
        for path in sorted(self._folder.glob("*" + READY_SUFFIX)):
            if path.name.partition(".")[0] in stems:
                path.unlink()
            else:
                found.append(self._publish(path))
        for path in self._folder.glob("*" + FACTS_SUFFIX):
            path.unlink()
        self._forget_facts()
        return found

    def close(self, segment: Path) -> list[Closed]:
        """Write and publish one closing segment.

        Raises:
            OSError: It cannot be now. Nothing is lost; call it again.
        """
        stem = segment.name.removesuffix(CLOSING_SUFFIX)
        drafts: dict[str, _Draft] = {}
        whole = 0
        try:
            for record, end in read(segment):
                self._write(record.body, record.at_ns, stem, drafts)
                whole = end
            for draft in drafts.values():
                draft.finish(stem)
        except BaseException:
            for draft in drafts.values():
                draft.abandon()
            raise
        sync_folder(self._folder)
        if whole < segment.stat().st_size:  # the disk has damaged it: a person may rescue more
            segment.rename(segment.with_suffix(DAMAGED_SUFFIX))
        else:
            segment.unlink()
        sync_folder(self._folder)
        return [self._publish(draft.path) for draft in drafts.values()]

    def facts(self, name: bytes) -> dict[str, str]:
        """Tell what is known of a published file, by its name."""
        try:
            text = self._facts_of(os.fsdecode(name)).read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        found: dict[str, str] = json.loads(text)
        return found

    def forget(self, name: bytes) -> None:
        """Forget the facts of a file that is gone."""
        self._facts_of(os.fsdecode(name)).unlink(missing_ok=True)

    def _write(self, event: bytes, at_ns: int, stem: str, drafts: dict[str, "_Draft"]) -> None:
        writer = self._writer
        try:
            text = writer.event(event)
        except CannotWriteError:
            writer = self._as_xml if is_xml(event) else self._as_json
            text = writer.event(event)
        draft = drafts.get(writer.suffix)
        if draft is None:
            path = self._folder / f"{stem}{writer.suffix}{READY_SUFFIX}"
            drafts[writer.suffix] = draft = _Draft(path, writer)
        draft.add(text, at_ns)

    def _publish(self, ready: Path) -> Closed:
        name = ready.name.removesuffix(READY_SUFFIX)
        facts_beside = ready.with_name(name + FACTS_SUFFIX)
        if facts_beside.exists():
            facts_beside.replace(self._facts_of(name))
        facts = self.facts(name.encode())
        size = ready.stat().st_size
        ready.replace(self._closed / name)
        sync_folder(self._closed)
        sync_folder(self._folder)
        return Closed(
            name=name,
            events=int(facts.get("events", "0")),
            size=size,
            unconverted=not name.endswith(self._writer.suffix),
        )

    def _facts_of(self, name: str) -> Path:
        return self._closed / f".{name}{FACTS_SUFFIX}"

    def _forget_facts(self) -> None:
        """Remove the facts of files that are not there any more."""
        for path in self._closed.glob(".*" + FACTS_SUFFIX):
            if not (self._closed / path.name[1:].removesuffix(FACTS_SUFFIX)).exists():
                path.unlink()


class _Draft:
    """A file that is being written."""

    def __init__(self, path: Path, writer: Writer) -> None:
        self.path = path
        self._writer = writer
        self._events = 0
        self._first_ns = self._last_ns = 0
        self._facts = path.with_name(path.name.removesuffix(READY_SUFFIX) + FACTS_SUFFIX)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
        self._file.write(writer.head)

    def add(self, text: bytes, at_ns: int) -> None:
        if self._events:
            self._file.write(self._writer.between)
        else:
            self._first_ns = at_ns
        self._file.write(text)
        self._last_ns = at_ns
        self._events += 1

    def finish(self, stem: str) -> None:
        self._file.write(self._writer.tail)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        facts = {
            "events": str(self._events),
            "first_event_at": _utc(self._first_ns),
            "last_event_at": _utc(self._last_ns),
            # Of the name, not of the upload: sealing again after a crash gives the same.
            "uploaded_at": moment_of(stem).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        with self._facts.open("w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())

    def abandon(self) -> None:
        with suppress(OSError):  # what could not be written is not wanted any more
            self._file.close()
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)


def _utc(ns: int) -> str:
    moment = datetime.fromtimestamp(ns // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
