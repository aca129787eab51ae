"""Tells streets from other capitalised words."""

import re
from typing import Final

from sealift.sealing.redact.checks.word_lists import WORD, listed, words_of

_UNIT: Final = re.compile(r"^[A-Z][a-z]+\.? ?\d{1,4}[A-Za-z]? ?[,/] ?")
_YEAR: Final = re.compile(r"(?:19[5-9]|20[0-4])\d ")
_NUMBER_ON: Final = re.compile(r"\d.*", re.DOTALL)
_YEARS: Final = re.compile(r"(?:19|20)\d\d-(?:19|20)?\d\d\b")
_GERMAN_ARTICLES: Final = frozenset(("der", "den", "dem", "des", "die"))
_OF_STREETS: Final = frozenset(("station", "port", "channel", "point", "round", "foot", "button"))
"""Measures that as a capitalised word begin the names of streets, too: "64 Station Road"."""

_SWEDISH_VERBAL_NOUN: Final = "eringen"
"""What ends as a ring road does, and is an updating or invoicing: "Uppdateringen 12"."""

_GERMAN_PREPOSITIONS: Final = frozenset(("am", "an", "im", "in", "auf", "alte", "zum", "zur"))


def street(text: str) -> bool:
    """Return whether no word of *text* is one of distances and times: "5 minutes down the road".

    Nor does it begin as "2 way" and "5 star" do.
    """
    if _YEARS.match(text):
        return False
    words = words_of(_UNIT.sub("", text))
    written = WORD.findall(text)
    named = {word for word in _OF_STREETS if word.title() in written}
    if len(words) > 1 and words[0] in listed("measures.txt") and words[0] not in named:
        return False
    if len(words) == 2 and "The " in text:
        words = words[1:]
    doubtful = {word for word in words if len(word) > 1}
    return listed("not_streets.txt").isdisjoint(doubtful - named)


def street_of_name(text: str) -> bool:
    """Return whether *text* is a street whose first word is somebody's name: "54 Janice Plain".

    "2011 Timothy Wall" is whose copyright it is since when.
    """
    words = words_of(text)
    return (
        bool(words)
        and not _YEAR.match(text)
        and street(text)
        and words[0] not in listed("common_words.txt")
    )


def romance_street(text: str) -> bool:
    """Return whether *text* is a street with its type first, and no "via port 8080"."""
    first, *others = words_of(text) or ("",)
    others = [word for word in others if len(word) > 1]  # "41/A"
    if first == "via":
        named = words_of(_NUMBER_ON.sub("", text))[1:]  # without "int. 5, scala B"
        if not listed("common_words.txt").isdisjoint(word for word in named if len(word) > 1):
            return False
    return bool(first) and street(text) and listed("not_addresses.txt").isdisjoint(others)


def germanic_street(text: str) -> bool:
    """Return whether *text* is no sentence part such as "Im Jahr 2020" nor a word like Brigade."""
    words = words_of(text)
    first = words[0] if words else ""
    if first.endswith(_SWEDISH_VERBAL_NOUN):
        return False
    common = first in listed("common_words.txt") and not first.endswith("er")  # "Berliner Str."
    if common and first not in _GERMAN_PREPOSITIONS:
        return False
    if first in _GERMAN_PREPOSITIONS and words[1:2] and words[1] in _GERMAN_ARTICLES:
        words = words[2:]  # "an" is English, too; "an der" is not
    return listed("not_streets.txt").isdisjoint(word for word in words if len(word) > 1) and listed(
        "not_german_streets.txt"
    ).isdisjoint(words)


def street_announced(text: str) -> bool:
    """Return whether *text*, said to be an address, is no "3 people" and no "Area 51"."""
    words = set(words_of(text)) - {"the", "of"}
    return (
        bool(words)
        and not words <= listed("common_words.txt")
        and listed("not_addresses.txt").isdisjoint(words)
    )
