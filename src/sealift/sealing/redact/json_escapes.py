"""JSON's backslash escapes: decoded for the search, and traced back for the changes."""

from collections.abc import Iterator
from typing import Final

from sealift.sealing.redact.disguise import Offsets

QUOTE: Final = b"\x02"
"""Stands for an escaped quotation mark, so that `"` is always one around a string."""

_SIMPLE: Final = {
    ord('"'): QUOTE,
    ord("/"): b"/",
    ord("b"): b"\b",
    ord("f"): b"\f",
    ord("n"): b"\n",
    ord("r"): b"\r",
    ord("t"): b"\t",
}
_U: Final = ord("u")
_QUOTE: Final = ord('"')


def unescaped(data: bytes) -> bytes:
    """Decode the escapes of well-formed JSON; an escaped `"` becomes `QUOTE`."""
    head, *parts = data.split(b"\\")
    pieces = [head]
    for decoded, _, rest in _decoded(parts):
        pieces += (decoded, rest)
    return b"".join(pieces)


def origins(data: bytes) -> Offsets:
    """Tell for each position in `unescaped(data)` where it stands in *data*."""
    head, *parts = data.split(b"\\")
    offsets = Offsets()
    offsets.add(start=0, origin=0, length=-1)
    position = origin = len(head)
    for decoded, length, rest in _decoded(parts):
        if decoded:
            offsets.add(start=position, origin=origin, length=length)
        position += len(decoded)
        origin += length
        offsets.add(start=position, origin=origin, length=-1)
        position += len(rest)
        origin += len(rest)
    return offsets


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
