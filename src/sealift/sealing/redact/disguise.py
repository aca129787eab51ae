"""Texts as the rules see them, with every position traceable to the text as it was written."""

import functools
import html
import re
import unicodedata
from bisect import bisect_right
from typing import Any, Final

import re2

_FOLDED_RANGES: Final = (
    (0x80, 0x3400),
    (0xA000, 0xAC00),
    (0xF900, 0x10000),
    (0x10400, 0x10500),
    (0x11000, 0x12000),
    (0x16A00, 0x16C00),
    (0x1D000, 0x1D800),
    (0x1E000, 0x1E960),
    (0x1F100, 0x1F200),
    (0x1FBF0, 0x1FBFA),
    (0xE0000, 0xE0200),
)
"""The blocks that hold digits, spaces, format characters or compatibility forms."""

_LAST_OF_BMP: Final = 0xFFFF
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_APOSTROPHES: Final = "\u2018\u2019\u201b\u02bc\u2032\u00b4\uff07"
_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033\uff02"
_DOTS: Final = "\u3002\uff61\u2024\uff0e"
_INVISIBLE: Final = "\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0"
_TYPOGRAPHY: Final = tuple(
    zip("\u201c\u201d\u2019\u2018\u2013\u2014\xa0", "\"\"''-- ", strict=True)
)
"""What word processors make of plain characters; nearly every disguise in honest texts."""

_ESCAPE: Final = r"""\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf"'/])"""
_ENTITY: Final = (
    r"&(?:amp;){0,8}(?:\#[0-9]{1,7};?|\#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)"
)
_CONTROL: Final = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}


class Offsets:
    """Where each position of a folded text stands in the text as it was written."""

    __slots__ = ("_lengths", "_origins", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._origins: list[int] = []
        self._lengths: list[int] = []

    def add(self, *, start: int, origin: int, length: int) -> None:
        """
        Say that the folded text from *start* on stems from *origin*.

        Args:
            start: Position in the folded text, not below the last one given.
            origin: Position in the written text.
            length: Characters of the written text that one replacement came
                from, or -1 when what follows is as it was written.
        """
        self._starts.append(start)
        self._origins.append(origin)
        self._lengths.append(length)

    def start(self, position: int) -> int:
        """Return where the written character begins that gave the folded one at *position*."""
        piece = bisect_right(self._starts, position) - 1
        if self._lengths[piece] >= 0:
            return self._origins[piece]
        return self._origins[piece] + position - self._starts[piece]

    def end(self, position: int) -> int:
        """Return where the written character ends that gave the folded one before *position*."""
        piece = bisect_right(self._starts, position - 1) - 1
        if self._lengths[piece] >= 0:
            return self._origins[piece] + self._lengths[piece]
        return self._origins[piece] + position - self._starts[piece]


def plain(text: str) -> tuple[str, Offsets | None]:
    """
    Return *text* without its disguises, and the way back to its positions.

    Full-width and other foreign digits and letters become the plain ones,
    spaces, hyphens, quotes and dots of every kind their ASCII forms; characters
    that show nothing are dropped; HTML entities and backslash escapes are
    decoded once. Takes time in proportion to the length.

    Returns:
        What the rules see, and how its positions are found in *text*; `None` where they
        are the same.

    Source: https://unicode.org/reports/tr15/ (NFKC),
        https://unicode.org/reports/tr44/ (general categories)
    """
    if text.isascii():
        if "&" not in text and "\\" not in text:
            return text, None
        odd = _ascii_disguise()
    else:
        data = text.encode("utf-8", "surrogatepass")
        simple = untypeset(data)
        if simple is not data:
            text = simple.decode("utf-8", "surrogatepass")
        if _first_look().Match(simple) is None:
            return text, None
        odd = _any_disguise()
    match = odd.search(text)
    if match is None:
        return text, None
    return _without(text, odd, match)


def untypeset(data: bytes) -> bytes:
    """Put the plain form of the usual typography in its place, one character for one."""
    if data.isascii():
        return data
    # Single characters of a text are searched several times faster than pieces of bytes.
    text = written = data.decode("utf-8", "surrogatepass")
    for fine, simple in _TYPOGRAPHY:
        text = text.replace(fine, simple)
    return data if text is written else text.encode("utf-8", "surrogatepass")


def _without(text: str, odd: re.Pattern[str], first: re.Match[str]) -> tuple[str, Offsets]:
    pieces: list[str] = []
    offsets = Offsets()
    offsets.add(start=0, origin=0, length=-1)
    seen = length = 0
    for match in odd.finditer(text, first.start()):
        start, end = match.span()
        kept, folded = text[seen:start], _folded(match[0])
        pieces += (kept, folded)
        length += len(kept)
        if folded:
            offsets.add(start=length, origin=start, length=end - start)
            length += len(folded)
        offsets.add(start=length, origin=end, length=-1)
        seen = end
    pieces.append(text[seen:])
    return "".join(pieces), offsets


def _folded(written: str) -> str:
    if written[0] == "\\":
        rest = written[1:]
        if rest[0] in "ux" and len(rest) > 1:
            return _folded_text(chr(int(rest[1:], 16)))
        return _CONTROL.get(rest, rest)
    if written[0] == "&":
        entity = "&" + written[1:].replace("amp;", "")
        decoded = html.unescape(entity if len(entity) > 1 else written)
        return _folded_text(decoded)
    return fold(written)


def _folded_text(decoded: str) -> str:
    return "".join(map(fold, decoded))


@functools.lru_cache(maxsize=4096)
def fold(character: str) -> str:
    """Return the plain form of one *character*: itself, another, several, or nothing."""
    if character < "\x80":
        return character
    if (special := _SPECIAL.get(character)) is not None:
        return special
    category = unicodedata.category(character)
    if category in _CATEGORIES:
        return _CATEGORIES[category]
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "".join(_SPECIAL.get(one, one) for one in unicodedata.normalize("NFKC", character))


_SPECIAL: Final = (
    dict.fromkeys(_HYPHENS, "-")
    | dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_QUOTES, '"')
    | dict.fromkeys(_DOTS, ".")
    | dict.fromkeys(_INVISIBLE, "")
    | dict.fromkeys(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))), "")
    # In honest texts it ends half a sentence; no identifier has three dots in a row.
    | {"\u2026": "\u2026", "\u2044": "/", "\u2215": "/", "\u0085": "\n"}
)
_CATEGORIES: Final = {"Cf": "", "Zs": " ", "Zl": "\n", "Zp": "\n"}


@functools.cache
def _ascii_disguise() -> re.Pattern[str]:
    return re.compile(f"{_ENTITY}|{_ESCAPE}")


@functools.cache
def _folded_ranges() -> list[tuple[int, int]]:
    """Return the characters that have a plain form, as ranges from first to last."""
    ranges: list[tuple[int, int]] = []
    for first, end in _FOLDED_RANGES:
        for code in range(first, end):
            if fold(chr(code)) == chr(code):
                continue
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    return ranges


@functools.cache
def disguised() -> bytes:
    """Return the RE2 pattern of texts that `plain` may change; it may be wrong about entities."""
    folded = "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in _folded_ranges())
    return rf"[{folded}]|&[#A-Za-z]|\\[uxnrtbf\"'/]".encode()


@functools.cache
def _first_look() -> Any:
    # A set of one answers yes or no, and is far cheaper to ask than a pattern for its match.
    look = re2.Set.SearchSet()
    look.Add(disguised())
    look.Compile()
    return look


@functools.cache
def _any_disguise() -> re.Pattern[str]:
    """Return the exact pattern; a class with astral characters is slow, so few get to it."""
    wide = [pair for pair in _folded_ranges() if pair[0] > _LAST_OF_BMP]
    narrow = [pair for pair in _folded_ranges() if pair[0] <= _LAST_OF_BMP]
    classes = "|".join(
        f"[{''.join(f'{re.escape(chr(a))}-{re.escape(chr(b))}' for a, b in pairs)}]"
        for pairs in (narrow, wide)
    )
    return re.compile(rf"(?=[^\0-%'-\[\]-\x7f])(?:{classes}|{_ENTITY}|{_ESCAPE})")
