"""A sender that pushes events over a plain stream."""

import socket
from collections.abc import Callable

from sealift.sources.listener.connection import Connection
from sealift.sources.listener.framing import Framing
from sealift.sources.listener.intake import Intake
from sealift.sources.listener.limits import Admission, Limits
from sealift.sources.listener.loop import Loop

MOST_UNWRITTEN_BYTES = 1 << 20
"""A sender is not read from while so much of what it sent is not on disk."""


class EventStream(Connection):
    """Frames a stream, hands events over, and acknowledges them if that is wanted.

    Args:
        sock: The socket.
        peer: The sender's address.
        loop: What serves it.
        framing: Cuts the stream; its own.
        intake: Takes events and rejects.
        admission: Counts the address's events.
        limits: Deadlines.
        acknowledge: Write `OK n` when n events are on disk, and `REJECTED reason`.
        monotonic: Seconds that never go back.
        left: Called with the reason when it is closed; empty if the sender did it.
    """

    def __init__(
        self,
        sock: socket.socket,
        peer: str,
        loop: Loop,
        *,
        framing: Framing,
        intake: Intake,
        admission: Admission,
        limits: Limits,
        acknowledge: bool,
        monotonic: Callable[[], float],
        left: Callable[[], None],
    ) -> None:
        super().__init__(sock, peer, loop, left)
        self._framing = framing
        self._intake = intake
        self._admission = admission
        self._limits = limits
        self._acknowledge = acknowledge
        self._heard_at = self._begun_at = monotonic()
        self._monotonic = monotonic
        self._unwritten = 0
        self._durable = 0

    def received(self, data: bytes) -> None:
        """Cut out what is whole, and hand it over."""
        self._heard_at = self._monotonic()
        framing = self._framing
        ended, idle = framing.ended, not framing.held
        good = framing.feed(data)
        if idle or framing.ended != ended:
            self._begun_at = self._heard_at
        self._intake.buffered(self, framing.held)
        self._admission.charge(self.peer, framing.ended - ended)
        self._hand_over(good)
        if framing.lost:
            self._end_for(framing.lost)

    def ended(self) -> None:
        """Refuse half an event; close when all is acknowledged."""
        self._framing.end("the connection ended in the middle of it")
        self._hand_over([])
        if not (self._acknowledge and self._unwritten):
            self.finish()

    def may_read(self) -> bool:
        """Tell whether the sender may send more now."""
        return (
            self._unwritten < MOST_UNWRITTEN_BYTES
            and not self._intake.why_not(self.peer)
            and self._admission.wait_seconds(self.peer) == 0
        )

    def failed(self, reason: str) -> None:
        """Tell of an error of ours."""
        self._intake.closed(self.peer, reason)

    def check_deadlines(self, now: float) -> None:
        """Close it if an event takes too long, or nothing comes for too long."""
        if not self.may_read():
            # It is us who do not read: its time does not run.
            self._heard_at = self._begun_at = now
        elif self._framing.held and now - self._begun_at > self._limits.frame_seconds:
            self._end_for(f"an event took longer than {self._limits.frame_seconds:g} s")
        elif 0 < self._limits.idle_seconds < now - self._heard_at:
            self._end_for(f"nothing came for {self._limits.idle_seconds:g} s")

    def close(self) -> None:
        """Close at once."""
        self._intake.buffered(self, 0)
        super().close()

    def shut(self) -> None:
        """Keep half an event as a reject when the listener ends."""
        if not self.closed and not self._ended:
            self._framing.end("the listener ended in the middle of it")
            self._hand_over([])
        super().shut()

    def _hand_over(self, good: list[bytes]) -> None:
        bad, self._framing.bad = self._framing.bad, []
        good = self._intake.sort_out(good, bad)
        if bad:
            self._intake.refuse(bad, self.peer)
            if self._acknowledge:
                self.send(b"".join(b"REJECTED %s\n" % one.reason.encode() for one in bad))
        if good:
            size = sum(map(len, good))
            self._unwritten += size
            count = len(good)
            self._intake.accept(good, lambda: self._loop.post(lambda: self._written(count, size)))

    def _written(self, count: int, size: int) -> None:
        self._unwritten -= size
        self._durable += count
        if self.closed:
            return
        if self._acknowledge:
            self.send(b"OK %d\n" % self._durable)
        if self._ended and not self._unwritten:
            self.finish()
        else:
            self._loop.update(self)

    def _end_for(self, reason: str) -> None:
        self._framing.end(reason)
        self._hand_over([])
        self._intake.closed(self.peer, reason)
        self.finish()
