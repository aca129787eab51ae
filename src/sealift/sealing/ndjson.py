"""Cuts NDJSON into pieces of whole lines, so that a file of any size is handled in pieces."""

from collections.abc import Iterable, Iterator


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """
    Cut what comes into pieces that end where a line ends.

    Args:
        chunks: Pieces of any size. A line is held until it is whole, so whoever
            makes them limits the length of a line.

    Yields:
        One piece for each chunk in which a line ends; the last may lack its line break.
    """
    held: list[bytes] = []
    for chunk in chunks:
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            held.append(chunk)
            continue
        yield b"".join((*held, head, newline))
        held = [tail]
    last = b"".join(held)
    if last:
        yield last
