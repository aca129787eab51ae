"""Texts as the rules see them, with every position traceable to the text as it was written."""

import functools
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

from sealift.sealing.redact.rules.typography import FINE, plainly
from sealift.sealing.redact.search.offsets import Offsets, respelled

_ASCII: Final = bytes(range(0x80))
_HYPHENS: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_APOSTROPHES: Final = "\u2018\u2019\u201b\u02bc\u2032\u00b4\uff07"
_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033\uff02"
_DOTS: Final = "\u3002\uff61\u2024\uff0e"
_INVISIBLE: Final = "\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0"
_ESCAPE: Final = r"""\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrtbf"'/])"""
_ENTITY: Final = (
    r"&(?:amp;){0,8}(?:\#[0-9]{1,7};?|\#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)"
)
_CODED: Final = {"&": re.compile(_ENTITY), "\\": re.compile(_ESCAPE)}
"""One by one: a pattern that begins with a fixed character skips to it."""

_CONTROL: Final = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}


def odd_characters(data: bytes) -> frozenset[str]:
    """
    Return the characters of the UTF-8 text *data* that have a plain form.

    Not those of usual typography: the patterns know them.
    """
    if data.isascii():
        return frozenset()
    others = data.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    return frozenset(one for one in set(others) - FINE.keys() if fold(one) != one)


def plain(text: str, odd: frozenset[str] | None = None) -> tuple[str, Offsets | None]:
    """
    Return *text* without its disguises, and the way back to its positions.

    Full-width and other foreign digits and letters become the plain ones,
    spaces, hyphens, quotes and dots of every kind their ASCII forms; characters
    that show nothing are dropped; HTML entities and backslash escapes are
    decoded once. Takes time in proportion to the length.

    Args:
        text: What is to be seen through.

        odd: Its `odd_characters`, or those of a text around it, if they are known.

    Returns:
        What the rules see, and how its positions are found in *text*; `None` where they
        are the same.

    Source: https://unicode.org/reports/tr15/ (NFKC),
        https://unicode.org/reports/tr44/ (general categories)
    """
    if odd is None:
        odd = odd_characters(text.encode("utf-8", "surrogatepass"))
    simple = plainly(text)
    spelled = sorted(_spelled(simple, odd))
    return respelled(simple, spelled) if spelled else (simple, None)


def _spelled(text: str, odd: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """Yield what is spelled in another way: where it starts and ends, and the plain form."""
    for one in odd:
        at = text.find(one)
        while at >= 0:
            yield at, at + 1, fold(one)
            at = text.find(one, at + 1)
    for sign, pattern in _CODED.items():
        if sign in text:
            for match in pattern.finditer(text):
                yield *match.span(), _folded(match[0])


def _folded(written: str) -> str:
    """Decode an escape or an entity."""
    if written[0] == "\\":
        rest = written[1:]
        if rest[0] in "ux" and len(rest) > 1:
            return _folded_text(chr(int(rest[1:], 16)))
        return _CONTROL.get(rest, rest)
    entity = "&" + written[1:].replace("amp;", "")
    return _folded_text(html.unescape(entity if len(entity) > 1 else written))


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
    # The sign "No", which stands before its number without a blank.
    | {"\u2116": "No "}
)
_CATEGORIES: Final = {"Cf": "", "Zs": " ", "Zl": "\n", "Zp": "\n"}
