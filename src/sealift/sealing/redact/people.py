"""Tells names and streets from other capitalised words."""

import functools
import re
from importlib import resources
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*\.?")
_PARTICLES: Final = frozenset(
    [
        "al",
        "ap",
        "af",
        "av",
        "ben",
        "bin",
        "bint",
        "da",
        "das",
        "de",
        "degli",
        "dei",
        "del",
        "della",
        "den",
        "der",
        "des",
        "di",
        "dos",
        "du",
        "e",
        "el",
        "ibn",
        "la",
        "le",
        "los",
        "mac",
        "san",
        "st",
        "ten",
        "ter",
        "van",
        "vom",
        "von",
        "vande",
        "y",
        "zu",
        "zum",
        "zur",
        "'t",
    ],
)

_GERMAN_PREPOSITIONS: Final = frozenset(("am", "an", "im", "in", "auf", "alte", "zum", "zur"))


@functools.cache
def _words(name: str) -> frozenset[str]:
    text = resources.files(__package__).joinpath("packs").joinpath(name).read_text(encoding="utf-8")
    return frozenset(
        word for line in text.splitlines() if not line.startswith("#") for word in line.split()
    )


def person(text: str) -> bool:
    """Return whether *text* is a name: no word of it begins sentences instead of naming people."""
    written = _WORD.findall(text)
    words = [word.rstrip(".").casefold() for word in written]
    if not words or written[-1] in _PARTICLES:
        return False
    if len(words) == 1 and ((text.isupper() and len(text) > 2) or words[0].endswith("ing")):
        return words[0] in _words("given_names.txt")
    common, given = _words("common_words.txt"), _words("given_names.txt")
    unusual = [
        word
        for word in words
        if (word in common or word.partition("'")[0] in common) and (len(word) > 1 or word == "i")
    ]
    if not unusual:
        return True
    if len(words) < 2 or words[0] not in given:
        return False
    family = _words("surnames.txt")
    return all(word == words[0] or word in family for word in unusual)


def given_name(text: str) -> bool:
    """Return whether *text* begins with a given name and has no common word in it."""
    first = text.casefold().split(maxsplit=1)[0].rstrip(".") if text.strip() else ""
    names = _words("given_names.txt")
    return (first in names or first.partition("-")[0] in names) and person(text)


def street(text: str) -> bool:
    """Return whether no word of *text* is one of distances and times: "5 minutes down the road"."""
    words = {word.casefold().rstrip(".") for word in _WORD.findall(text) if len(word) > 1}
    return words.isdisjoint(_words("not_streets.txt"))


def romance_street(text: str) -> bool:
    """Return whether *text* is a street with its type first, and no "via port 8080"."""
    words = [word.casefold().rstrip(".") for word in _WORD.findall(text)]
    return street(text) and _words("not_addresses.txt").isdisjoint(words[1:])


def germanic_street(text: str) -> bool:
    """Return whether *text* is no sentence part such as "Im Jahr 2020" nor a word like Brigade."""
    words = [word.casefold().rstrip(".") for word in _WORD.findall(text)]
    first = words[0] if words else ""
    if first in _words("common_words.txt") and first not in _GERMAN_PREPOSITIONS:
        return False
    return street(text) and _words("not_german_streets.txt").isdisjoint(words)


def street_announced(text: str) -> bool:
    """Return whether *text*, said to be an address, is no "3 people" and no "Area 51"."""
    words = {word.casefold().rstrip(".") for word in _WORD.findall(text)} - {"the", "of"}
    common = _words("common_words.txt")
    return bool(words) and not words <= common and words.isdisjoint(_words("not_addresses.txt"))
