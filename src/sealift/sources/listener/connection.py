"""One sender's connection: bytes in and out, with or without TLS, never waiting."""

import selectors
import socket
import ssl
from collections.abc import Callable

from sealift.sources.listener.loop import Loop

RECEIVE_BYTES = 256 * 1024
LINGER_SECONDS = 2.0
"""How long a last answer may take to be read; closing at once could take it back."""

MOST_UNSENT_BYTES = 1 << 20
"""A sender that does not take its answers is closed when so much waits."""

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Connection:
    """Moves bytes between a socket and those who derive from it.

    Args:
        sock: The socket; with TLS, an `SSLSocket` whose handshake is to come.
        peer: The other side's address.
        loop: What serves it.
        left: Called once when it is closed.
    """

    def __init__(
        self, sock: socket.socket, peer: str, loop: Loop, left: Callable[[], None]
    ) -> None:
        self.socket = sock
        self.peer = peer
        self._loop = loop
        self._left = left
        self._unsent = bytearray()
        self._handshaking = isinstance(sock, ssl.SSLSocket)
        self._tls_wants_write = False
        self._ended = False
        """The other side sends no more."""

        self._finishing = False
        self._lingers_since: float | None = None
        self.closed = False

    # For those who derive from it -------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Take what came."""
        raise NotImplementedError

    def ended(self) -> None:
        """Take note that nothing more comes."""
        raise NotImplementedError

    def may_read(self) -> bool:
        """Tell whether more may come now."""
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """Send *data* as soon as the other side takes it."""
        if not self.closed:
            self._unsent += data
            self._flush()
            self._loop.update(self)

    def failed(self, reason: str) -> None:
        """Tell of an error of ours."""
        raise NotImplementedError

    def check_deadlines(self, now: float) -> None:
        """Look at deadlines."""
        raise NotImplementedError

    def finish(self) -> None:
        """Take nothing more; close when all is sent, and the other side has taken it."""
        self._finishing = True
        if not self._unsent:
            self._linger()

    def close(self) -> None:
        """Close at once."""
        if not self.closed:
            self.closed = True
            self._loop.drop(self)
            self._left()

    # For the loop -----------------------------------------------------------------------------

    def interest(self) -> int:
        """Tell which of reading and writing is wanted."""
        if self._handshaking:
            return _WRITE if self._tls_wants_write else _READ
        if self._lingers_since is not None:
            return _READ
        reads = not self._ended and not self._finishing and self.may_read()
        writes = bool(self._unsent) or self._tls_wants_write
        return (_READ if reads else 0) | (_WRITE if writes else 0)

    def ready(self, mask: int) -> None:
        """Read or write what can be now."""
        try:
            if self._handshaking and not self._shake_hands():
                return
            if self._lingers_since is not None:
                if not self.socket.recv(RECEIVE_BYTES):
                    self.close()
                return
            if mask & _WRITE:
                self._flush()
            if mask & _READ or self._tls_wants_write:
                self._receive()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass  # nothing there after all
        except (OSError, ValueError):
            self._lose()

    def tick(self, now: float) -> None:
        """Look at deadlines."""
        if self._lingers_since is None:
            if not self._finishing:
                self.check_deadlines(now)
        elif not self._lingers_since:
            self._lingers_since = now
        elif now - self._lingers_since > LINGER_SECONDS:
            self.close()

    def fail(self, error: Exception) -> None:
        """Take note of an error of ours, and close."""
        self.failed(f"unexpected {type(error).__name__}")
        self.close()

    def shut(self) -> None:
        """Take note that the listener ends."""
        if not self.closed:
            self.closed = True
            self._left()

    # ------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        while not self.closed and not self._ended and self.may_read():
            try:
                data = self.socket.recv(RECEIVE_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._tls_wants_write = False
                return
            except ssl.SSLWantWriteError:
                self._tls_wants_write = True
                return
            if not data:
                self._ended = True
                self.ended()
                return
            self.received(data)
            if not isinstance(self.socket, ssl.SSLSocket) or not self.socket.pending():
                return  # the others have their turn

    def _flush(self) -> None:
        try:
            while self._unsent:
                sent = self.socket.send(self._unsent)
                del self._unsent[:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if len(self._unsent) > MOST_UNSENT_BYTES:
                self._lose()
        except OSError:
            self._lose()
        else:
            if self._finishing:
                self._linger()

    def _linger(self) -> None:
        """Say that nothing more comes from here, and wait a little for the other side."""
        if self._ended or self.closed:
            self.close()
        elif self._lingers_since is None:
            self._lingers_since = 0.0  # the next look at deadlines sets the time
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.close()
            else:
                self._loop.update(self)

    def _shake_hands(self) -> bool:
        assert isinstance(self.socket, ssl.SSLSocket)  # noqa: S101
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self._tls_wants_write = False
            return False
        except ssl.SSLWantWriteError:
            self._tls_wants_write = True
            return False
        self._handshaking = self._tls_wants_write = False
        return True

    def _lose(self) -> None:
        """Take note that the connection broke."""
        if not self.closed:
            if not self._ended and not self._finishing:
                self._ended = True
                self.ended()
            self.close()
