"""One thread that serves all sockets: none of them can hold up the others."""

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

TICK_SECONDS = 0.25
"""Time between two looks at deadlines."""


class Served(Protocol):
    """A connection, as the loop sees it."""

    socket: socket.socket

    def ready(self, mask: int) -> None:
        """Read or write what can be now."""
        ...

    def interest(self) -> int:
        """Tell which of reading and writing is wanted."""
        ...

    def tick(self, now: float) -> None:
        """Look at deadlines."""
        ...

    def fail(self, error: Exception) -> None:
        """Take note of an error of ours, and close."""
        ...

    def shut(self) -> None:
        """Take note that the loop ends; the loop closes the socket."""
        ...


Accept = Callable[[socket.socket, str], Served | None]
"""Makes a connection of a socket and its peer's address; None if it is refused and closed."""


class Loop:
    """Serves sockets until it is stopped.

    Args:
        monotonic: Seconds that never go back.
        tick: Called about every `TICK_SECONDS`.
    """

    def __init__(self, monotonic: Callable[[], float], tick: Callable[[], None]) -> None:
        self._monotonic = monotonic
        self._tick = tick
        self._selector = selectors.DefaultSelector()
        self._served: dict[int, tuple[Served, int]] = {}
        self._listeners: list[socket.socket] = []
        self._resting: list[tuple[socket.socket, Accept]] = []
        self._posted: deque[Callable[[], None]] = deque()
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sealift-listen", daemon=True)

    def listen(self, listener: socket.socket, accept: Accept) -> None:
        """Accept connections on a listening socket, before `start`."""
        listener.setblocking(False)
        self._listeners.append(listener)
        self._selector.register(listener, selectors.EVENT_READ, accept)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def post(self, call: Callable[[], None]) -> None:
        """Let the loop's thread call *call* soon. From any thread."""
        self._posted.append(call)
        if len(self._posted) == 1 or self._stopping:
            self._wake()

    def stop_accepting(self) -> None:
        """Close the listening sockets; connections go on. From any thread."""
        self.post(self._close_listeners)

    def stop(self) -> None:
        """End: close all sockets and wait for the thread."""
        self._stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        else:
            self._end()

    # The loop's thread ------------------------------------------------------------------------

    def refresh(self) -> None:
        """Ask all connections anew what they want."""
        for served, _mask in list(self._served.values()):
            self.update(served)

    def update(self, served: Served) -> None:
        """Ask a connection anew what it wants; forget it if its socket is closed."""
        descriptor = served.socket.fileno()
        if descriptor < 0:
            return
        known = self._served.get(descriptor)
        if known is None:
            return
        mask = served.interest()
        if mask == known[1]:
            return
        if not known[1]:
            self._selector.register(descriptor, mask, served)
        elif mask:
            self._selector.modify(descriptor, mask, served)
        else:
            self._selector.unregister(descriptor)
        self._served[descriptor] = (served, mask)

    def drop(self, served: Served) -> None:
        """Close a connection's socket and forget it."""
        descriptor = served.socket.fileno()
        known = self._served.pop(descriptor, None)
        if known is not None and known[1]:
            self._selector.unregister(descriptor)
        served.socket.close()

    def _run(self) -> None:
        next_tick = self._monotonic() + TICK_SECONDS
        while not self._stopping:
            for key, mask in self._selector.select(TICK_SECONDS):
                if key.data is None:
                    with suppress(BlockingIOError):
                        self._woken.recv(4096)
                elif callable(key.data):
                    self._accept(key.fileobj, key.data)
                elif key.fd in self._served and self._served[key.fd][0] is key.data:
                    self._guarded(key.data, partial(key.data.ready, mask))
            for _ in range(len(self._posted)):
                self._posted.popleft()()
            now = self._monotonic()
            if now >= next_tick:
                next_tick = now + TICK_SECONDS
                self._tick()
                self._accept_again()
                for served, _mask in list(self._served.values()):
                    self._guarded(served, partial(served.tick, now))
        self._end()

    def _guarded(self, served: Served, action: Callable[[], None]) -> None:
        """Let a connection act; what goes wrong there must end no other."""
        try:
            action()
            self.update(served)
        except Exception as error:  # noqa: BLE001  whatever it is, this connection is over
            served.fail(error)

    def _accept(self, listener: object, accept: Accept) -> None:
        assert isinstance(listener, socket.socket)  # noqa: S101
        for _ in range(64):
            try:
                connection, address = listener.accept()
            except BlockingIOError:
                return
            except OSError:
                # No files left, most likely: this would come again at once.
                self._selector.unregister(listener)
                self._resting.append((listener, accept))
                return
            connection.setblocking(False)
            served = accept(connection, str(address[0]))
            if served is not None:
                self._served[served.socket.fileno()] = (served, 0)
                self.update(served)

    def _accept_again(self) -> None:
        resting, self._resting = self._resting, []
        for listener, accept in resting:
            self._selector.register(listener, selectors.EVENT_READ, accept)

    def _close_listeners(self) -> None:
        self._accept_again()
        for listener in self._listeners:
            self._selector.unregister(listener)
            listener.close()
        self._listeners.clear()

    def _end(self) -> None:
        self._close_listeners()
        for served, _mask in list(self._served.values()):
            served.shut()
            self.drop(served)
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")
