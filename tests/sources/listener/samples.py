"""A listener on a free port of this machine, and senders for it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson

from sealift.events import Event
from sealift.sources.listener.listener import ListenerPlace, ListenerSource
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.records import read

FIXTURE = Path(__file__).parents[2] / "fixtures" / "events.xml"
STREAM = FIXTURE.read_bytes()
"""24 events as they come from the socket, with CDATA, comments and entities."""


class Listener:
    """A listening source, and what it told."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.events: list[Event] = []
        self.told = threading.Condition()
        self.woken = 0
        self.folder = folder
        given: dict[str, Any] = {"port": 0, "acknowledge": True, **options}
        self.source = ListenerSource(
            ListenerOptions(**given),
            ListenerPlace(route="r", folder=folder, notify=self._note),
        )
        self.source.watch(self._wake)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.source.ports["tcp"]), timeout=10)

    def send(self, data: bytes) -> list[str]:
        """Send a whole stream; give the lines of the answer."""
        with closing(self.connect()) as sender:
            sender.sendall(data)
            sender.shutdown(socket.SHUT_WR)
            return sender.makefile().read().splitlines()

    def wait_for(self, kind: type[Event], **fields: object) -> Any:
        with self.told:
            assert self.told.wait_for(lambda: self.told_of(kind, **fields), 10), self.events
        return self.told_of(kind, **fields)[-1]

    def told_of(self, kind: type[Event], **fields: object) -> list[Any]:
        return [
            event
            for event in self.events
            if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items())
        ]

    def kept(self) -> list[bytes]:
        """All events on disk, in open segments."""
        return records_in(self.folder / "events")

    def rejects(self) -> list[dict[str, Any]]:
        return [orjson.loads(one) for one in records_in(self.folder / "rejects")]

    def _note(self, event: Event) -> None:
        with self.told:
            self.events.append(event)
            self.told.notify_all()

    def _wake(self) -> None:
        with self.told:
            self.woken += 1
            self.told.notify_all()


@contextmanager
def listening(folder: Path, **options: Any) -> Iterator[Listener]:
    listener = Listener(folder, **options)
    try:
        yield listener
    finally:
        listener.source.close()


def records_in(spool: Path) -> list[bytes]:
    """The records of a spool's segments that are not closed."""
    return [
        record.body
        for path in sorted((spool / "segments").glob("*.open"))
        for record, _end in read(path)
    ]


def event(number: int, *, size: int = 100) -> bytes:
    """An event with a number and about so many bytes."""
    return b"<EVENT><id>%08d</id><text>%s</text></EVENT>" % (number, b"x" * max(0, size - 48))
