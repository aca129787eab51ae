"""What the signals of the system do to a running agent."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from sealift import Agent


class Orders:
    """Signals that came."""

    def __init__(self) -> None:
        self.stop = False
        """A second signal said not to wait for what is in flight."""


@contextmanager
def obeying(agent: "Agent") -> Iterator[Orders]:
    """Drain at the first signal to end, stop at the second; look for files when told to."""
    orders = Orders()
    told = 0

    def end(_number: int, _frame: "FrameType | None") -> None:
        nonlocal told
        told += 1
        if told == 1:
            agent.drain()
        else:
            orders.stop = True
            agent.stop()

    def look(_number: int, _frame: "FrameType | None") -> None:
        agent.scan_now()

    handlers = {
        signal.SIGTERM: end,
        signal.SIGINT: end,
        signal.SIGHUP: look,
        signal.SIGUSR1: look,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield orders
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
