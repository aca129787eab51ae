"""Tells names from other capitalised words."""

import re
from typing import Final

from sealift.sealing.redact.checks.given_names import (
    is_declined,
    is_family,
    is_family_first,
    is_given,
)
from sealift.sealing.redact.checks.word_lists import WORD, listed, words_of

_MARKED_WORD: Final = re.compile(
    r"(?:[^\W\d_][\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093a-\u094f]*)+(?:['-][^\W\d_]+)*\.?",
)
"""`WORD`, with marks that belong to letters, such as the vowels of Hindi."""

_BETWEEN_NAMES: Final = re.compile(r",? (?:and|und|y|et|e|en|i|og|och|&) |, ?")
_CAMEL_CASE: Final = re.compile(
    r"(?!Ma?c|Fitz|[DLO]['ei]|[DLJ][aeiou]|[DO]'|Mary|Anna|Lee|Van|Von|Ben|Abd|[AE]l)[^\W\d_]*[a-z][A-Z]",
)
"""A product's name, "MediaWiki", and none of those that people write so."""

_AT_THE: Final = re.compile(r"\b(?:in|op|aan) 't ")
"""What Dutch family names begin with that are words of sentences, too: "in 't Veld"."""

_THE: Final = "\u0627\u0644"
"""The Arabic article."""

_OF_FAMILIES: Final = frozenset(
    ("\u0628\u0646", "\u0627\u0628\u0646", "\u05d1\u05df", "\u05d1\u05e8")
)
"""What means "son of" in Arabic and Hebrew names."""

_NICKNAMES: Final = frozenset(("big", "little", "lil", "old", "young", "baby"))
_AND_THE: Final = "\u0648\u0627\u0644"
"""How an Arabic noun begins that "and the" stands before: it goes on behind a name."""

_DEGREES: Final = frozenset(("dr", "dra", "prof", "profa", "professor", "doctor", "doktor"))
_PARTICLES_ALONE: Final = frozenset(
    ("de", "den", "der", "van", "von", "di", "da", "du", "del", "della", "la", "le", "ter", "ten")
)
"""What begins family names, and is none by itself even with a capital: "mevr. De"."""

_TITLES: Final = _DEGREES.union(
    (
        *("mr", "mrs", "ms", "miss", "sir", "madam"),
        *("herr", "frau", "monsieur", "madame", "mme", "mlle", "docteur"),
        *("señor", "señora", "señorita", "sr", "sra", "srta", "doña", "senhor", "senhora"),
        *("signor", "signora", "signorina", "sig", "dott", "dottor", "dottoressa"),
        *("heer", "mevrouw", "mw", "dhr", "pani", "panie", "państwo", "pane", "paní"),
        *("herra", "rouva", "fru", "hr", "domnule", "doamnă", "doamna", "m"),
        *("aunt", "auntie", "uncle", "grandma", "grandpa", "tante", "onkel", "oma", "opa"),
        *("tía", "tío", "abuela", "abuelo", "zio", "nonna", "nonno"),
    )
)
"""What stands before a name."""

_SHORT: Final = 4
"""So many letters a word may have that only begins as if an article stood there."""

_NO_NAME_ENDS: Final = ("ing", "ed", "ly", "able", "ible", "tion")


def person(text: str) -> bool:
    """Return whether *text* is a name: no word of it begins sentences instead of naming people."""
    text = _AT_THE.sub("", text)
    written = (WORD if text.isascii() else _MARKED_WORD).findall(text)
    if (
        not written
        or written[-1] in listed("particles.txt")
        or (len(text) < 2 and text.isascii())
        or any(map(_CAMEL_CASE.match, written))
    ):
        return False
    words = [word.rstrip(".").casefold() for word in written]
    common, given = listed("common_words.txt"), listed("given_names.txt")
    if len(words) == 1 and (words[0] in _DEGREES or words[0] in _PARTICLES_ALONE):
        return False
    if len(words) == 1 and _unlike_a_name(text, words[0]):
        return words[0] in given
    if len(words) > 1 and words[0] in _NICKNAMES and words[1] in given:
        return True
    unusual = [
        word
        for word in words
        if (word in common or word.partition("'")[0] in common or word.startswith(_AND_THE))
        and (len(word) > 1 or word == "i")
    ]
    if unusual and (len(words) < 2 or (words[0] in common and words[0] not in given)):
        return False
    family, particles = listed("surnames.txt"), listed("particles.txt")
    return all(word == words[0] or word in family or word in particles for word in unusual)


def greeted(text: str) -> bool:
    """Return whether *text*, behind "Dear", is a name, and not all of it titles: "Dear Dr."."""
    return not _TITLES.issuperset(words_of(text)) and person(text)


def _unlike_a_name(text: str, word: str) -> bool:
    """Return whether *text*, the one word *word*, looks like an abbreviation or a verb."""
    return (
        (text.isupper() and len(text) > 2)
        or word.endswith("ing")
        or (text.islower() and text.endswith(_NO_NAME_ENDS))
        or _joined_words(word)
    )


def people(text: str) -> bool:
    """Return whether *text* is a name, or several with commas or "and" between them."""
    return all(person(name) for name in _BETWEEN_NAMES.split(text))


def given_name(text: str) -> bool:
    """Return whether *text* begins with a given name, has no common word, and is in no novel."""
    first = text.casefold().split(maxsplit=1)[0].rstrip(".") if text.strip() else ""
    double = first.count("-") == 1 and is_given(first.partition("-")[0])
    if not (is_given(first) or double or is_family_first(text) or is_declined(first)):
        return False
    return person(text) and "-".join(words_of(text)) not in listed("figures.txt")


def known(text: str) -> bool:
    """Return whether *text*, of a script without capitals, is made of known names alone.

    Behind the first, a noun with its article is a family's name, too: "al-Mansouri".
    """
    first, *others = _marked_words(text) or ("",)
    return is_given(first) and all(
        word in listed("given_names.txt")
        or word in listed("family_names.txt")
        or word in _OF_FAMILIES
        or (word.startswith(_THE) and len(word) > _SHORT)
        for word in others
    )


def cut_short(text: str, name: str) -> bool:
    """Return whether *name*, which *text* begins with, is there part of what is no person's.

    "Maria Hilf Apotheke" is a chemist's, and "Ali Baba" is in a tale.
    """
    words, count = words_of(text), len(words_of(name))
    if words[count : count + 1] and words[count] in listed("premises.txt"):
        return True
    if words[:1] and words[0] in listed("also_things.txt") and any(map(_names_things, words[1:])):
        return True
    return any("-".join(words[:end]) in listed("figures.txt") for end in range(count + 1, 4))


def alone(text: str) -> bool:
    """Return whether *text*, with nothing around it that says what it is, is a person's full name.

    Things and places are called like people: "Crystal Reports", "Virginia Beach", "Rose Gold".
    """
    family, comma, given = text.partition(", ")
    if comma:
        text = f"{given} {family}"
    if not given_name(text):
        return False
    first, *others = words_of(text)
    if not others or any(map(_names_things, others)):
        return False
    doubtful = first in listed("also_things.txt") or text.upper() == text.lower()
    return not doubtful or is_family(others[-1])


def of_role(text: str) -> bool:
    """Return whether *text*, behind a role or relative, begins with a given name."""
    words = words_of(text)
    doubtful = words[:1] and words[0] in listed("also_things.txt")
    return (
        given_name(text)
        and (len(words) > 1 or not doubtful)
        and not any(map(_names_things, words[1:]))
    )


def spoken(text: str) -> bool:
    """Return whether *text*, in lower case, is a given name, also with other listed names behind.

    Who dictates writes no capitals, and any word may stand behind a name.
    """
    first, *others = words_of(text) or ("",)
    things = listed("also_things.txt")
    if not given_name(first) or (not others and first in things):
        return False
    family, given = listed("family_names.txt"), listed("given_names.txt")
    return all((word in family or word in given) and word not in things for word in others)


def _is_thing(words: list[str]) -> bool:
    """Return whether some words end as a thing's name does, and nobody is called so."""
    first, last = words[0], words[-1]
    if not _names_things(last) or last in listed("surnames.txt"):
        return False
    if last in listed("family_names.txt"):
        return False
    return not is_given(first) or first in listed("also_things.txt")


def _names_things(word: str) -> bool:
    """Return whether a word, or what it is the plural of, makes a thing of a name before it."""
    things = listed("things.txt")
    return word in things or word.removesuffix("s") in things


def introduced(text: str) -> bool:
    """Return whether *text*, behind "ich bin" or "je suis", is a name.

    What people are, too, is none: a Capricorn, a Breton or a joiner.
    """
    article, _, rest = text.partition(" ")
    if article == "der":  # "ich bin der Chef"
        return given_name(rest)
    words = set(words_of(text)) - listed("common_words.txt") - listed("particles.txt")
    called = bool(words) and words <= listed("callings.txt")
    return not called and person(text)


def announced(text: str) -> bool:
    """Return whether *text*, behind a label that things have, too, is a name.

    One word is none that is not listed: "Customer: Contoso". A thing is none by its last word,
    "Lychee Soda".
    """
    words = words_of(text)
    if len(words) < 2:
        return given_name(text)
    return person(text) and not _is_thing(words)


def labelled(text: str) -> bool:
    """Return whether *text*, said to be a person's name, is one: it may begin with any word."""
    if person(text) or not text[:1].isupper():
        return person(text)
    first, _, rest = text.partition(" ")
    first = first.casefold()
    common = first in listed("common_words.txt") and first not in listed("placeholders.txt")
    return common and person(rest)


def keyed(text: str) -> bool:
    """Return whether *text*, all that a field for part of a name holds, is one: "Hope", "Mate"."""
    words = words_of(text)
    if not words or _CAMEL_CASE.match(text):
        return False
    return listed("placeholders.txt").isdisjoint(words)


def titled(text: str) -> bool:
    """Return whether *text*, said behind a title, is a name: also one that is a common word."""
    written = text.title() if text.isupper() else text
    return person(written) or written.casefold() in listed("surnames.txt")


def _joined_words(word: str) -> bool:
    """Return whether *word* is as "old-fashioned" and "full-time" are."""
    first, hyphen, rest = word.partition("-")
    common = listed("common_words.txt")
    return bool(hyphen) and first in common and (rest in common or rest.endswith(_NO_NAME_ENDS))


def _marked_words(text: str) -> list[str]:
    return [word.casefold() for word in _MARKED_WORD.findall(text)]
