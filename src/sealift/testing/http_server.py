"""HTTP/1.1 on threads, with the ways to misbehave that a fault server needs."""

import contextlib
import io
import socket
import socketserver
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from http.client import responses
from http.server import BaseHTTPRequestHandler
from typing import Any, BinaryIO, cast

from sealift.testing.bucket import Answer

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_BODILESS = {204, 304}
_SLICES_PER_SECOND = 20


class HttpServer(socketserver.ThreadingTCPServer):
    """
    Serves each connection of 127.0.0.1 on a thread, and cuts them all when it stops.

    Args:
        serve: Called with every request that arrives, on its connection's thread.
        tls: Serve HTTPS with this context.
    """

    request_queue_size = 1024

    def __init__(
        self, serve: Callable[["Exchange"], None], *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.serve = serve
        self.ending = threading.Event()
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._bugs: list[BaseException] = []
        super().__init__(("127.0.0.1", 0), Exchange)
        self.port: int = self.socket.getsockname()[1]

    def start(self) -> None:
        """Take connections."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Cut every connection, wait for its thread, and report what failed in one."""
        self.ending.set()
        self.shutdown()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # its client may have been quicker
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        assert not self._bugs, f"the test's own server failed: {self._bugs!r}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be cut."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that is done."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Keep what a thread raised; that a client went away is no error."""
        raised = sys.exception()
        if raised and not isinstance(raised, OSError):
            self._bugs.append(raised)

    def secure(self, connection: socket.socket) -> socket.socket:
        """Wrap a new connection in TLS if the server speaks it."""
        if not self._tls:
            return connection
        self._connections.discard(connection)
        secured = self._tls.wrap_socket(connection, server_side=True)
        self._connections.add(secured)
        return secured


class Exchange(BaseHTTPRequestHandler):
    """One connection: its requests, and the ways to answer them well or badly."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def _room(self) -> HttpServer:
        return cast("HttpServer", self.server)

    def setup(self) -> None:
        """Begin the connection."""
        self.request = self._room.secure(self.request)
        super().setup()

    def finish(self) -> None:
        """End the connection; a TLS one is ours to close."""
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self._room.shutdown_request(self.request)

    def handle_one_request(self) -> None:
        """Read a request's head and pass it on."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self._room.serve(self)

    def handle_expect_100(self) -> bool:
        """Wait with `100 Continue` until the body is wanted."""
        return True

    def read_body(self) -> bytes:
        """
        Read the body, whichever way its length is told.

        Raises:
            ConnectionError: The client went away before its end. Nothing must be stored.
        """
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = _join_chunks(self.rfile)
        else:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionAbortedError
        if self.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            body = _join_chunks(io.BytesIO(body))
        return body

    def send(self, answer: Answer, *, half: bool = False, bytes_per_second: float = 0.0) -> None:
        """Send *answer*, or only the first half of its bytes."""
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Scripted')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines.append("x-amz-request-id: FAULT0000000000")
        if answer.status not in _BODILESS:
            lines.append(f"Content-Length: {len(answer.body)}")
        message = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if self.command != "HEAD" and answer.status not in _BODILESS:
            message += answer.body
        if half:
            message = message[: len(message) // 2]
        slice_bytes = int(bytes_per_second / _SLICES_PER_SECOND) or len(message)
        for start in range(0, len(message), slice_bytes):
            self.wfile.write(message[start : start + slice_bytes])
            if bytes_per_second and self._room.ending.wait(1 / _SLICES_PER_SECOND):
                break

    def give_up(self, *, reset: bool) -> None:
        """Close the connection, politely or by a reset."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.connection.close()
        self.close_connection = True


def _join_chunks(stream: BinaryIO | io.BufferedIOBase) -> bytes:
    """Read chunks of `SIZE[;signature]` until the empty one, and the trailers after it."""
    body = bytearray()
    while size := int(stream.readline().partition(b";")[0].strip() or b"-1", 16):
        piece = stream.read(max(0, size))
        if len(piece) != size:
            raise ConnectionAbortedError
        body += piece
        stream.readline()
    while stream.readline().strip():
        pass
    return bytes(body)
