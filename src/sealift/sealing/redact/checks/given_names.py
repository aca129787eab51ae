"""Knows given names and family names, by lists and by their forms."""

import functools
import re
import unicodedata
from typing import Final

from sealift.sealing.redact.checks.word_lists import WORD, listed, words_of

_VIETNAMESE: Final = frozenset(
    (
        *("nguyễn", "trần", "lê", "phạm", "huỳnh", "hoàng", "phan", "vũ", "võ", "đặng", "bùi"),
        *("đỗ", "hồ", "ngô", "dương", "lý", "đinh", "đoàn", "trịnh", "trương", "lâm", "mai"),
        *("đào", "tạ", "vương", "nguyen", "huynh", "cao", "lương", "hà", "tô", "châu", "quách"),
        *("phùng", "thái", "triệu", "kiều", "tôn", "từ", "nghiêm", "chu", "đàm", "lưu"),
    )
)
"""Families of Vietnam, whose given names are more than a list can hold."""

_SHORT: Final = 4
"""A word of fewer letters is another one without its accent."""

_LONGEST_ENDING: Final = 4
_GAP: Final = re.compile("[.,/-]+")
_FAMILY: Final = re.compile(
    r"(?:(?:mc|o'|d'|fitz)[^\W\d_]{3,}|[^\W\d_]{2,}(?:sson|sen|sdóttir|ez|ski|ska|sky|skaya|cki|cka|wicz|"
    r"czyk|enko|chuk|czuk|ová|ova|eva|ev|ov|oğlu|yan|ian|dze|shvili|vić|vič|ović|escu|eanu|inen|berg|stein|mann|meier|meyer|"
    r"baum|feld|quist|qvist|ström|lund|gren|stad|sma|stra|inga|poulos|opoulou|idis|akis|ello|elli|etti|ini|ucci|"
    r"ов|ова|ев|ева|ин|ина|ский|ская|енко|чук|юк|ук|όπουλος|οπούλου|ίδης|άκης))"
)
"""How family names begin or end that are no words."""


def is_family_first(text: str) -> bool:
    """Return whether *text* is a name whose family's part stands first: "Nguyễn Văn Nam"."""
    word = WORD.search(text)
    if word is None or word[0].casefold().rstrip(".") not in listed("families_first.txt"):
        return False
    first, *others = words_of(text)
    return bool(others) and (first in _VIETNAMESE or is_given(others[-1]))


def begins_with_given(text: str) -> bool:
    """Return whether the first word of *text* or what it begins with is a given name.

    If not, no beginning of *text* that ends before a gap is a name that is known by that word.
    """
    first = text.split(maxsplit=1)[0].casefold() if text.strip() else ""
    cut_short = (first[: gap.start()] for gap in _GAP.finditer(first))
    for part in (first, *cut_short, *words_of(text)[:1]):
        word = part.rstrip(".")
        if is_given(word) or is_declined(word) or word in listed("families_first.txt"):
            return True
    return False


def is_declined(word: str) -> bool:
    """Return whether a word is a given name as Slavic languages decline it: "Otakarem"."""
    if len(word) <= _SHORT:
        return False
    endings = _endings()
    for cut in range(max(len(word) - _LONGEST_ENDING, _SHORT - 1), len(word)):
        for nominative in endings.get(word[cut:], ()):
            if word[:cut] + nominative in _declinable():
                return True
    return False


@functools.cache
def _endings() -> dict[str, list[str]]:
    """Return for each ending of another case those of the nominative."""
    endings: dict[str, list[str]] = {}
    for one in listed("declined.txt"):
        end, _, nominative = one.partition(">")
        endings.setdefault(end, []).append(nominative)
    return endings


@functools.cache
def _declinable() -> frozenset[str]:
    return listed("given_names.txt") - listed("also_things.txt")


def is_given(word: str) -> bool:
    """Return whether a word is a given name, also with an accent that the list does not have."""
    names = listed("given_names.txt")
    if word in names or word.partition("'")[0] in names:  # "Ayşe'nin"
        return True
    if word.isascii() or len(word) < _SHORT or word in listed("common_words.txt"):
        return False
    return _plain(word) in _plain_given_names()


def is_family(word: str) -> bool:
    """Return whether a word is a family name by its form, or because many have it."""
    return (
        word in listed("family_names.txt")
        or (word in listed("given_names.txt") and word not in listed("also_things.txt"))
        or _FAMILY.fullmatch(word) is not None
    )


@functools.cache
def _plain_given_names() -> frozenset[str]:
    return frozenset(map(_plain, listed("given_names.txt")))


def _plain(word: str) -> str:
    """Return a word without its accents."""
    apart = unicodedata.normalize("NFD", word)
    return "".join(one for one in apart if not unicodedata.combining(one))
