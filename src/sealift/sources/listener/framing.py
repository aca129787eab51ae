"""What every framing is: bytes as they come in; whole records, and what is refused, out."""

from typing import NamedTuple, Protocol


class Bad(NamedTuple):
    """Something that came and is no event."""

    raw: bytes
    """What came, as it came."""

    reason: str
    """Why it was refused, without a word of its text."""


class Framing(Protocol):
    """Cuts the bytes of one connection into records.

    However the bytes are split, the same records come out.
    """

    bad: list[Bad]
    """What was refused since the caller last emptied the list."""

    lost: str
    """Why it cannot be known where the next record begins; empty while it can.

    Once set, nothing more is taken: the connection must be closed."""

    ended: int
    """How many records, good or bad, were whole so far."""

    @property
    def held(self) -> int:
        """Bytes of a record that is not whole yet."""
        ...

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; give the good records that are whole now."""
        ...

    def end(self, reason: str) -> None:
        """Take note that nothing more comes: what is held is refused for *reason*."""
        ...
