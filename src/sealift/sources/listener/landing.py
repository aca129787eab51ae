"""Estimates how many bytes a segment will have when it lands: in its format, and compressed."""

from sealift.sealing.compress import Compression, compress
from sealift.sources.listener.formats import CannotWriteError, Writer

SAMPLE_BYTES = 256 * 1024
SAMPLE_EVERY_BYTES = 4 << 20


class Landing:
    """Tells what will land from what came.

    XML without compression is exact. Otherwise the ratio is measured by writing and
    compressing a sample of the events, anew for each 4 MiB that come: within some
    percent where events are alike.

    Args:
        writer: The format.
        how: How the route compresses.
    """

    def __init__(self, writer: Writer, how: Compression) -> None:
        self._writer = writer
        self._how = how
        self._between = len(writer.between)
        self._around = len(writer.head) + len(writer.tail)
        self._is_exact = writer.as_it_came and how is Compression.NONE
        self._ratio = 1.0
        self._sample: list[bytes] = []
        self._sampled = 0
        self._until_next = 0

    def saw(self, records: list[bytes], size: int) -> None:
        """Learn from records that came, *size* bytes in all."""
        if self._is_exact:
            return
        self._until_next -= size
        if self._until_next > 0:
            return
        self._sample += records
        self._sampled += size
        if self._sampled >= SAMPLE_BYTES or self._ratio == 1.0:
            self._measure()

    def bytes_of(self, size: int, count: int) -> float:
        """Give how many bytes *count* records of *size* bytes will have."""
        if not count:
            return 0.0
        if self._is_exact:
            return size + (count - 1) * self._between + self._around
        return size * self._ratio

    def room(self, size: int, count: int, most: int) -> float:
        """Give how many bytes of records fit in a file of *most* bytes beside those."""
        if self._is_exact:
            return most - size - count * self._between - self._around
        return most / self._ratio - size

    @property
    def cost_of_one(self) -> int:
        """Bytes that a record costs beside its own."""
        return self._between if self._is_exact else 0

    def _measure(self) -> None:
        written = []
        for event in self._sample:
            try:
                written.append(self._writer.event(event))
            except CannotWriteError:
                continue  # it goes into a file of its own
        text = self._writer.between.join(written)
        if written:
            landed = len(compress(text, self._how)) + self._around
            self._ratio = max(0.001, landed / self._sampled)
        if self._sampled >= SAMPLE_BYTES:
            self._sample = []
            self._sampled = 0
            self._until_next = SAMPLE_EVERY_BYTES
