"""Where positions in a text stand in its bytes."""

from collections.abc import Iterable


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
