"""Positions in a text and in its UTF-8 bytes, each turned into the other."""

from collections.abc import Iterable, Iterator


def byte_positions(text: str, positions: Iterable[int]) -> list[int]:
    """Turn positions in *text*, in ascending order, into positions in its UTF-8 bytes."""
    if text.isascii():
        return list(positions)
    found: list[int] = []
    character = byte = 0
    for position in positions:
        byte += len(text[character:position].encode("utf-8", "surrogatepass"))
        character = position
        found.append(byte)
    return found


def character_positions(data: bytes, positions: Iterable[int]) -> Iterator[int]:
    """Turn positions in UTF-8 *data*, in ascending order, into positions in its characters."""
    character = byte = 0
    for position in positions:
        character += len(data[byte:position].decode("utf-8", "surrogatepass"))
        byte = position
        yield character
