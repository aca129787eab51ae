"""A bad network: a TCP proxy in front of a real server that cuts, slows, swallows and damages."""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_READ_BYTES = 1 << 16
_SLICES_PER_SECOND = 20


@dataclass(slots=True, kw_only=True)
class Weather:
    """How the network behaves; it may be changed at any time."""

    latency_seconds: float = 0.0
    """Added once to each request."""

    bytes_per_second: float = 0.0
    """Speed of each direction of each connection; 0 for full speed."""

    cut_after_bytes: int | None = None
    """Reset a connection that has sent so many bytes to the server."""

    drop_reply_every: int = 0
    """Of all answers, lose every so manieth and reset its connection; 0 for none."""

    black_hole: bool = False
    """Take everything, and pass nothing on in either direction."""

    flip_byte_at: int | None = None
    """Damage the byte at this place of what a connection sends; then None again."""


class Proxy:
    """
    Passes TCP connections of a free port on 127.0.0.1 to a server, through some weather.

    Args:
        endpoint_url: The server, `http://HOST:PORT`.
        weather: How the network behaves from the start.
    """

    def __init__(self, endpoint_url: str, weather: Weather | None = None) -> None:
        target = urlsplit(endpoint_url)
        self.weather = weather or Weather()
        self.connections = 0
        self.replies_dropped = 0
        self.ending = threading.Event()
        self._replies = 0
        self._target = (target.hostname or "127.0.0.1", target.port or 80)
        self._open: set[_Connection] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.settimeout(0.05)
        self.endpoint_url = f"{target.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending.set()
        self._accepting.join(10)
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join(10)

    def cut_all(self) -> None:
        """Reset every connection that is open now."""
        with self._lock:
            for connection in self._open:
                connection.cut()

    def loses_reply(self) -> bool:
        """Count an answer, and say whether it is one of those that get lost."""
        with self._lock:
            self._replies += 1
            every = self.weather.drop_reply_every
            lost = every > 0 and self._replies % every == 0
            self.replies_dropped += lost
            return lost

    def damage(self, piece: bytes, sent: int) -> bytes:
        """Flip the byte that is to be damaged, if it is in this piece."""
        with self._lock:
            at = self.weather.flip_byte_at
            if at is None or not sent <= at < sent + len(piece):
                return piece
            self.weather.flip_byte_at = None
        at -= sent
        return piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]

    def _accept(self) -> None:
        while not self.ending.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        connection = _Connection(self, client, server)
        with self._lock:
            self._open.add(connection)
        if self.ending.is_set():
            connection.cut()
        try:
            connection.run()
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


class _Connection:
    """Two sockets, and a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._asked = False
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        """Pass everything on until both ends are done or the connection is cut."""
        back = threading.Thread(target=self._pass_answers, daemon=True)
        back.start()
        self._pass_requests()
        back.join()

    def cut(self) -> None:
        """End both directions; the client gets a reset when the sockets are closed."""
        with suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        for end, how in ((self._client, socket.SHUT_RD), (self._server, socket.SHUT_RDWR)):
            with suppress(OSError):  # it may be gone already
                end.shutdown(how)

    def close(self) -> None:
        """Close both ends."""
        self._client.close()
        self._server.close()

    def _pass_requests(self) -> None:
        sent = 0
        with suppress(OSError):
            while piece := self._read(self._client):
                weather = self._proxy.weather
                if weather.black_hole:
                    continue
                if not self._asked:
                    self._proxy.ending.wait(weather.latency_seconds)
                piece = self._proxy.damage(piece, sent)
                limit = weather.cut_after_bytes
                if limit is not None and sent + len(piece) >= limit:
                    self._server.sendall(piece[: max(0, limit - sent)])
                    self.cut()
                    return
                self._asked = True
                self._server.sendall(piece)
                sent += len(piece)
                self._slow_down(len(piece))
            self._server.shutdown(socket.SHUT_WR)

    def _pass_answers(self) -> None:
        with suppress(OSError):
            while piece := self._read(self._server):
                if self._proxy.weather.black_hole:
                    continue
                interim = piece.startswith(b"HTTP/1.1 100")
                if self._asked and not interim:
                    self._asked = False
                    if self._proxy.loses_reply():
                        self.cut()
                        return
                self._client.sendall(piece)
                self._slow_down(len(piece))
            self._client.shutdown(socket.SHUT_WR)

    def _read(self, end: socket.socket) -> bytes:
        rate = self._proxy.weather.bytes_per_second
        return end.recv(max(1, int(rate / _SLICES_PER_SECOND)) if rate else _READ_BYTES)

    def _slow_down(self, passed: int) -> None:
        rate = self._proxy.weather.bytes_per_second
        if rate:
            self._proxy.ending.wait(passed / rate)
