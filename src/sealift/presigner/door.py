"""Lets in only connections whose requests begin as they should: briefly, and without delay."""

from asyncio import Transport
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES: Final = 64 * 1024
"""Longest request line and headers; a device's have less than 2 KB."""

HEAD_SECONDS: Final = 10.0
"""How long they may take to come."""


class DoorKeeper(HttpToolsProtocol):
    """One connection, closed when the head of a request is too long or too slow.

    uvicorn itself waits without end for a head and takes one of any length: a few
    strangers could use up the memory, or the open files. Bodies have limits elsewhere.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._in_head = True
        self._has_ended = False
        self._head_bytes = 0
        self._since = self.loop.time()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to look at it now and then."""
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._look)

    def on_headers_complete(self) -> None:
        """Take note that the head is whole."""
        super().on_headers_complete()
        self._in_head = False
        self._head_bytes = 0
        self._since = self.loop.time()

    def on_message_complete(self) -> None:
        """Expect the next request's head."""
        super().on_message_complete()
        self._in_head = self._has_ended = True

    def on_response_complete(self) -> None:
        """Give the next request its time from now on."""
        self._since = self.loop.time()
        super().on_response_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has become too long."""
        self._has_ended = False
        super().data_received(data)
        if self._in_head and not self._has_ended:  # all of it was of this head
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self.transport.close()

    def _look(self) -> None:
        """Close it if it has neither asked nor been answered for too long."""
        if self.transport.is_closing():
            return
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if not is_answering and self.loop.time() - self._since >= HEAD_SECONDS:
            self.transport.close()
        else:
            self.loop.call_later(HEAD_SECONDS, self._look)
