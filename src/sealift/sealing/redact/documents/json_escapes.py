"""JSON's backslash escapes: decoded for the search, and traced back for the changes."""

from collections.abc import Iterable, Iterator
from typing import Final

QUOTE: Final = b"\x02"
"""Stands for an escaped quotation mark, so that `"` is always one around a string."""

_SIMPLE: Final = {
    ord("n"): b"\n",
    ord('"'): QUOTE,
    ord("t"): b"\t",
    ord("/"): b"/",
    ord("r"): b"\r",
    ord("b"): b"\b",
    ord("f"): b"\f",
}
"""The most frequent first."""

_PLAIN: Final = tuple((b"\\%c" % letter, meant) for letter, meant in _SIMPLE.items())
_U: Final = ord("u")
_QUOTE: Final = ord('"')


def softened(data: bytes) -> bytes:
    """Hide the escaped quotes and backslashes of well-formed JSON, without moving anything.

    So `"` is one around a string, and all positions are those of *data*.
    """
    if b"\\" not in data:
        return data
    # From the left: the first two backslashes of a run are one that is escaped.
    return data.replace(b"\\\\", b"\x01\x01").replace(b'\\"', QUOTE + QUOTE)


def unescaped(data: bytes) -> tuple[bytes, bool]:
    """
    Decode the escapes of well-formed JSON; an escaped `"` becomes `QUOTE`.

    Args:
        data: Part of a JSON text, no escape cut.

    Returns:
        What is meant, the very same object if there is no escape; and whether it may
        hold characters that *data* only spells.
    """
    if b"\\" not in data:
        return data, False
    if b"\\\\" not in data:
        meant = data
        for written, one in _PLAIN:
            meant = meant.replace(written, one)
            if b"\\" not in meant:
                return meant, False
    head, *parts = data.split(b"\\")
    pieces = [head]
    for decoded, _, rest in _decoded(parts):
        pieces += (decoded, rest)
    return b"".join(pieces), b"\\u" in data


def written_positions(data: bytes, positions: Iterable[int]) -> Iterator[int]:
    """
    Turn positions in `unescaped(data)` into positions in *data*.

    Args:
        data: Part of a well-formed JSON text, no escape cut.

        positions: In ascending order, by turns where something starts and where it ends:
            before the character at the one, behind the character before the other.
    """
    units = _units(data)
    meant, written, is_escape = next(units)
    meant_at = written_at = 0
    for number, position in enumerate(positions):
        is_end = number & 1
        while position - is_end >= meant_at + meant:
            meant_at += meant
            written_at += written
            meant, written, is_escape = next(units)
        if not is_escape:
            yield written_at + position - meant_at
        else:
            yield written_at + written if is_end else written_at


def _units(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield the stretches without an escape, and the escapes: their lengths, meant and written."""
    head, *parts = data.split(b"\\")
    yield len(head), len(head), False
    for decoded, written, rest in _decoded(parts):
        yield len(decoded), written, True
        yield len(rest), len(rest), False


def _decoded(parts: list[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield for each escape what it means, how long it is as written, and what follows it.

    Args:
        parts: What stands between the backslashes, from the first one on.
    """
    numbered = iter(parts)
    for part in numbered:
        if not part:  # an escaped backslash: the next part begins with no escape
            yield b"\\", 2, next(numbered)
        elif part[0] != _U:
            yield _SIMPLE[part[0]], 2, part[1:]
        else:
            unit = int(part[1:5], 16)
            if 0xD800 <= unit < 0xDC00:
                low = next(numbered)
                unit = 0x10000 + ((unit - 0xD800) << 10) + (int(low[1:5], 16) - 0xDC00)
                yield chr(unit).encode(), 12, low[5:]
            else:
                yield QUOTE if unit == _QUOTE else chr(unit).encode(), 6, part[5:]
