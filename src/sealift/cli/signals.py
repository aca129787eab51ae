"""What the signals of the system do to a running agent."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

_END: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK: Final = (signal.SIGHUP, signal.SIGUSR1)


class Worker(Protocol):
    """Somebody who works until told to stop."""

    def scan_now(self) -> object:
        """Look for work now."""
        ...

    def drain(self) -> None:
        """Finish what is in flight, and stop."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...


class Orders:
    """Carries out what signals say, from a thread of its own.

    Args:
        agent: Whom they are for.
        pipe: Gives the number of each signal that comes, one byte each, until its end.
    """

    def __init__(self, agent: Worker, pipe: int) -> None:
        self.stop = False
        """A second signal said not to wait for what is in flight."""

        self._agent = agent
        self._pipe = pipe
        self._told = 0

    def run(self) -> None:
        """Carry out signals until there are no more."""
        while number := os.read(self._pipe, 1):
            if number[0] in _LOOK:
                self._agent.scan_now()
            elif number[0] in _END:
                self._end()

    def _end(self) -> None:
        self._told += 1
        if self._told == 1:
            self._agent.drain()
        else:
            self.stop = True
            self._agent.stop()


@contextmanager
def obeying(agent: Worker) -> Iterator[Orders]:
    """Drain at the first signal to end, stop at the second; look for files when told to."""
    # Python runs handlers in the main thread, which waits for the agent: a signal that the
    # system gives to another thread would not wake it. The wakeup descriptor is always told.
    # https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    orders = Orders(agent, reader)
    thread = threading.Thread(target=orders.run, name="sealift-signals", daemon=True)
    thread.start()
    before_fd = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _leave_to_orders) for number in (*_END, *_LOOK)}
    try:
        yield orders
    finally:
        for number, handler in before.items():
            # Who asked for a scan just before must not end the process now.
            late = number in _LOOK and handler is signal.SIG_DFL
            signal.signal(number, signal.SIG_IGN if late else handler)
        signal.set_wakeup_fd(before_fd)
        os.close(writer)
        thread.join()
        os.close(reader)


def _leave_to_orders(_number: int, _frame: object) -> None:
    """Do nothing here; without a handler the system would end the process."""
