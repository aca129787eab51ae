"""A source whose items are files of events that came over the network."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from sealift.errors import SourceFolderError
from sealift.events import Observer, ignore
from sealift.ledger.records import Identity
from sealift.sealing.compress import Compression
from sealift.sealing.parcel import LargeBody
from sealift.sources.base import Candidate
from sealift.sources.folder import FolderSource
from sealift.sources.listener.closing import Closed
from sealift.sources.listener.formats import Form, OutputFormat
from sealift.sources.listener.happenings import FileClosed, OldParser
from sealift.sources.listener.intake import Intake
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.place import folder_of
from sealift.sources.listener.rolling import Rotation
from sealift.sources.listener.server import Server
from sealift.sources.listener.spool import Hooks, Spool
from sealift.sources.settling import Action, After

SAFE_EXPAT: Final = (2, 7, 2)
"""The first expat in which large tokens cost neither much time nor much memory.
https://docs.python.org/3/library/xml.html#xml-security"""

_DELETE = After(Action.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerPlace:
    """Where a listener lives, and what it is given from outside."""

    route: str
    folder: Path
    """Its spool: `STATE_DIR/spool/ROUTE`."""

    compression: Compression = Compression.NONE
    """What the route's seal does to closed files."""

    redacts: bool = False
    """Whether the route's seal redacts."""

    notify: Observer = ignore
    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = field(default=time.monotonic)


class ListenerSource:
    """Takes events, keeps them durably, and offers closed files as a folder does.

    It listens from `watch` on, not before: a run that only delivers what is ready
    takes nothing new.

    Args:
        options: Where it listens, what it takes, and when it closes a file.
        place: Where its spool is.
    """

    def __init__(self, options: ListenerOptions, place: ListenerPlace) -> None:
        self._options = options
        self._place = place
        self._wake: Callable[[], None] = _nobody
        self._news = False
        self._recovered = False
        self._server: Server | None = None
        self._intake: Intake | None = None
        form = Form(
            output=options.output,
            root=options.root,
            pretty=options.pretty,
            compression=place.compression,
        )
        self._spool = self._new_spool("events", form, options.rotation(), self._closed)
        self._rejects = self._new_spool(
            "rejects",
            Form(output=OutputFormat.NDJSON),
            Rotation(max_bytes=options.max_file_bytes, seconds=options.rotation_seconds),
            _nothing,
        )
        self._folder = FolderSource(
            folder_of(options, self._spool.closed),
            _DELETE,
            wall=place.wall,
            monotonic=place.monotonic,
        )

    @property
    def description(self) -> str:
        """Name the source for people."""
        options = self._options
        ports = [str(port) for port in (options.port, options.http_port) if port >= 0]
        return f"{options.host} port {' and '.join(ports)}"

    @property
    def not_ready(self) -> int:
        """Count what is not in a closed file yet as one item."""
        return self._folder.not_ready + int(self._spool.has_open_records)

    @property
    def ports(self) -> dict[str, int]:
        """The port of each protocol, while it listens."""
        return dict(self._server.ports) if self._server else {}

    def facts(self, name: bytes) -> dict[str, str]:
        """Tell what is known of a closed file: its events, and when the first and last came."""
        return self._spool.closing.facts(name)

    def rotate(self) -> None:
        """Close the file that is open now, if it has events. From any thread."""
        self._spool.rotate()
        self._rejects.rotate()

    # As every source ----------------------------------------------------------------------------

    def sweep(self) -> Iterator[Candidate]:
        """Offer every closed file. See `Source.sweep`."""
        self._recover()
        yield from self._folder.sweep()

    def ripe(self) -> Iterator[Candidate]:
        """Offer what was to be looked at again."""
        return self._folder.ripe()

    def next_ripe_seconds(self) -> float | None:
        """Tell in how many seconds `ripe` may have something."""
        return self._folder.next_ripe_seconds()

    def later(self, candidate: Candidate, seconds: float) -> None:
        """Offer *candidate* again after so many seconds."""
        self._folder.later(candidate, seconds)

    def sweep_wanted(self) -> bool:
        """Tell whether a file was closed since."""
        news, self._news = self._news, False
        return self._folder.sweep_wanted() or news

    def look(self, path: bytes, device: int) -> Candidate | None:
        """Give the file at *path* as it is now. See `Source.look`."""
        return self._folder.look(path, device)

    def read(self, candidate: Candidate) -> bytes | LargeBody:
        """Read exactly what *candidate* is. See `Source.read`."""
        return self._folder.read(candidate)

    def settle(self, path: bytes, identity: Identity, item_id: str) -> bytes:
        """Delete a delivered file. See `Source.settle`."""
        settled = self._folder.settle(path, identity, item_id)
        with suppress(OSError):
            self._spool.closing.forget(path)
        return settled

    def watch(self, wake: Callable[[], None]) -> None:
        """Begin to listen; a second call only replaces *wake*.

        Raises:
            ConfigError: An address or a certificate cannot be had.
            SourceFolderError: The spool cannot be used.
        """
        self._wake = wake
        if self._server is not None:
            return
        self._recover()
        place = self._place
        if expat.version_info < SAFE_EXPAT:
            version, wanted = (".".join(map(str, v)) for v in (expat.version_info, SAFE_EXPAT))
            place.notify(OldParser(route=place.route, version=version, wanted=wanted))
        self._intake = intake = Intake(
            place.route,
            self._spool,
            self._rejects,
            takes_json=self._options.output is not OutputFormat.XML,
            max_buffered_bytes=self._options.max_buffered_bytes,
            max_spool_bytes=self._options.max_spool_bytes,
            max_rejects_bytes=self._options.max_rejects_bytes,
            redacts=place.redacts,
            wall=place.wall,
            notify=place.notify,
        )
        self._server = Server(
            place.route, self._options, intake, notify=place.notify, monotonic=place.monotonic
        )
        self._spool.start()
        self._rejects.start()
        self._server.start()

    def stop_accepting(self) -> None:
        """Accept no more connections; those that are open go on. From any thread."""
        if self._server is not None:
            self._server.stop_accepting()

    def close(self) -> None:
        """Stop listening; what came whole is on disk when it returns.

        With `flush_on_stop` it is in closed files, which the next run delivers.
        """
        if self._server is not None:
            self._server.close()
            self._server = None
            self._spool.stop(flush=self._options.flush_on_stop)
            self._rejects.stop(flush=self._options.flush_on_stop)
            if self._intake is not None:
                self._intake.tell_written()
        self._folder.close()

    # ----------------------------------------------------------------------------------------------

    def _recover(self) -> None:
        if self._recovered:
            return
        try:
            self._spool.recover()
            self._rejects.recover()
        except OSError as error:
            raise SourceFolderError(
                f"The spool {self._place.folder} cannot be used: {error.strerror}.",
                hint="Nothing is lost; it goes on by itself when the disk is usable again.",
            ) from error
        self._recovered = True

    def _new_spool(
        self, name: str, form: Form, rotation: Rotation, closed: Callable[[Closed], None]
    ) -> Spool:
        place = self._place
        try:
            return Spool(
                place.folder / name,
                form,
                rotation,
                Hooks(wall=place.wall, monotonic=place.monotonic, closed=closed),
            )
        except OSError as error:
            raise SourceFolderError(
                f"The spool {place.folder} cannot be made: {error.strerror}.",
                hint="Let this user write the state directory.",
            ) from error

    def _closed(self, closed: Closed) -> None:
        self._place.notify(
            FileClosed(
                route=self._place.route,
                name=closed.name,
                events=closed.events,
                size=closed.size,
                unconverted=closed.unconverted,
            )
        )
        self._news = True
        self._wake()


def _nobody() -> None:
    """Wake nobody: nobody watches."""


def _nothing(_closed: Closed) -> None:
    """Rejects that stay here are no news."""
