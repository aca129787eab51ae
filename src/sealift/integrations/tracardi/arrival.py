"""Waits in an event loop for what threads bring about."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from sealift.errors import StateError

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")


async def arrival(future: "Future[T]", timeout_seconds: float) -> T:
    """Wait for *future* without ever cancelling it.

    `asyncio.wrap_future` would carry a cancelled task, or the end of the loop, over to
    the thread that is still to say how the event ended; that thread serves others too.

    Raises:
        TimeoutError: It took longer; *future* goes on.
        StateError: *future* was cancelled: the process ends.
        Exception: What the future ended with.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[T] = loop.create_future()

    def settle(done: "Future[T]") -> None:
        if arrived.done():
            return
        if done.cancelled():
            arrived.set_exception(StateError("This process ended before it was in S3."))
        elif error := done.exception():
            arrived.set_exception(error)
        else:
            arrived.set_result(done.result())

    def tell(done: "Future[T]") -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, done)

    future.add_done_callback(tell)
    async with asyncio.timeout(timeout_seconds):
        return await arrived
