"""Tells names and streets from other capitalised words."""

import functools
import re
import unicodedata
from typing import Final

from sealift.sealing.redact.word_lists import listed

_WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*\.?")
_MARKED_WORD: Final = re.compile(
    r"(?:[^\W\d_][\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093a-\u094f]*)+(?:['-][^\W\d_]+)*\.?",
)
"""The same with marks that belong to letters, such as the vowels of Hindi."""

_BETWEEN_NAMES: Final = re.compile(r",? (?:and|und|y|et|e|en|i|og|och|&) |, ?")
_UNIT: Final = re.compile(r"^[A-Z][a-z]+\.? ?\d{1,4}[A-Za-z]? ?[,/] ?")
_CAMEL_CASE: Final = re.compile(
    r"(?!Ma?c|Fitz|[DLO]['ei]|[DLJ][aeiou]|[DO]'|Mary|Anna|Lee|Van|Von|Ben|Abd|[AE]l)[^\W\d_]*[a-z][A-Z]",
)
"""A product's name, "MediaWiki", and none of those that people write so."""
_YEAR: Final = re.compile(r"(?:19[5-9]|20[0-4])\d ")
_NUMBER_ON: Final = re.compile(r"\d.*", re.DOTALL)
_YEARS: Final = re.compile(r"(?:19|20)\d\d-(?:19|20)?\d\d\b")
_AT_THE: Final = re.compile(r"\b(?:in|op|aan) 't ")
"""What Dutch family names begin with that are words of sentences, too: "in 't Veld"."""
_THE: Final = "\u0627\u0644"
"""The Arabic article."""

_OF_FAMILIES: Final = frozenset(
    ("\u0628\u0646", "\u0627\u0628\u0646", "\u05d1\u05df", "\u05d1\u05e8")
)
"""What means "son of" in Arabic and Hebrew names."""

_VIETNAMESE: Final = frozenset(
    (
        *("nguyễn", "trần", "lê", "phạm", "huỳnh", "hoàng", "phan", "vũ", "võ", "đặng", "bùi"),
        *("đỗ", "hồ", "ngô", "dương", "lý", "đinh", "đoàn", "trịnh", "trương", "lâm", "mai"),
        *("đào", "tạ", "vương", "nguyen", "huynh", "cao", "lương", "hà", "tô", "châu", "quách"),
        *("phùng", "thái", "triệu", "kiều", "tôn", "từ", "nghiêm", "chu", "đàm", "lưu"),
    )
)
"""Families of Vietnam, whose given names are more than a list can hold."""

_NICKNAMES: Final = frozenset(("big", "little", "lil", "old", "young", "baby"))
_AND_THE: Final = "\u0648\u0627\u0644"
"""How an Arabic noun begins that "and the" stands before: it goes on behind a name."""

_DEGREES: Final = frozenset(("dr", "prof", "professor", "doctor", "doktor"))
_TITLES: Final = _DEGREES.union(
    (
        *("mr", "mrs", "ms", "miss", "sir", "madam"),
        *("herr", "frau", "monsieur", "madame", "mme", "mlle", "docteur"),
        *("señor", "señora", "señorita", "sr", "sra", "srta", "doña", "senhor", "senhora"),
        *("signor", "signora", "signorina", "sig", "dott", "dottor", "dottoressa"),
        *("heer", "mevrouw", "mw", "dhr", "pani", "panie", "państwo", "pane", "paní"),
        *("herra", "rouva", "fru", "hr", "domnule", "doamnă", "doamna"),
    )
)
"""What stands before a name."""

_SHORT: Final = 4
"""A word of fewer letters is another one without its accent."""

_LONGEST_ENDING: Final = 4
_FAMILY: Final = re.compile(
    r"(?:(?:mc|o'|d'|fitz)[^\W\d_]{3,}|[^\W\d_]{2,}(?:sson|sen|sdóttir|ez|ski|ska|sky|skaya|cki|cka|wicz|"
    r"czyk|enko|chuk|czuk|ová|ova|eva|ev|ov|oğlu|yan|ian|dze|shvili|vić|vič|ović|escu|eanu|inen|berg|stein|mann|meier|meyer|"
    r"baum|feld|quist|qvist|ström|lund|gren|stad|sma|stra|inga|poulos|opoulou|idis|akis|ello|elli|etti|ini|ucci|"
    r"ов|ова|ев|ева|ин|ина|ский|ская|енко|чук|юк|ук|όπουλος|οπούλου|ίδης|άκης))"
)
"""How family names begin or end that are no words."""

_NO_NAME_ENDS: Final = ("ing", "ed", "ly", "able", "ible", "tion")
_GERMAN_ARTICLES: Final = frozenset(("der", "den", "dem", "des", "die"))
_OF_STREETS: Final = frozenset(("station", "port", "channel", "point", "round", "foot", "button"))
"""Measures that as a capitalised word begin the names of streets, too: "64 Station Road"."""

_GERMAN_PREPOSITIONS: Final = frozenset(("am", "an", "im", "in", "auf", "alte", "zum", "zur"))


def person(text: str) -> bool:
    """Return whether *text* is a name: no word of it begins sentences instead of naming people."""
    text = _AT_THE.sub("", text)
    written = (_WORD if text.isascii() else _MARKED_WORD).findall(text)
    if (
        not written
        or written[-1] in listed("particles.txt")
        or (len(text) < 2 and text.isascii())
        or any(map(_CAMEL_CASE.match, written))
    ):
        return False
    words = [word.rstrip(".").casefold() for word in written]
    common, given = listed("common_words.txt"), listed("given_names.txt")
    if len(words) == 1 and words[0] in _DEGREES:
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
    return not _TITLES.issuperset(_words(text)) and person(text)


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
    double = first.count("-") == 1 and _is_given(first.partition("-")[0])
    if not (_is_given(first) or double or _family_first(text) or _is_declined(first)):
        return False
    return person(text) and "-".join(_words(text)) not in listed("figures.txt")


def known(text: str) -> bool:
    """Return whether *text*, of a script without capitals, is made of known names alone.

    Behind the first, a noun with its article is a family's name, too: "al-Mansouri".
    """
    first, *others = _marked_words(text) or ("",)
    return _is_given(first) and all(
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
    words, count = _words(text), len(_words(name))
    if words[count : count + 1] and words[count] in listed("premises.txt"):
        return True
    if words[:1] and words[0] in listed("also_things.txt") and any(map(_names_things, words[1:])):
        return True
    return any("-".join(words[:end]) in listed("figures.txt") for end in range(count + 1, 4))


def _family_first(text: str) -> bool:
    """Return whether *text* is a name whose family's part stands first: "Nguyễn Văn Nam"."""
    first, *others = _words(text) or ("",)
    if not others or first not in listed("families_first.txt"):
        return False
    return first in _VIETNAMESE or _is_given(others[-1])


def _is_declined(word: str) -> bool:
    """Return whether a word is a given name as Slavic languages decline it: "Otakarem"."""
    if len(word) <= _SHORT:
        return False
    endings, names = _endings(), _declinable()
    return any(
        word[:cut] + nominative in names
        for cut in range(max(len(word) - _LONGEST_ENDING, _SHORT - 1), len(word))
        for nominative in endings.get(word[cut:], ())
    )


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


def alone(text: str) -> bool:
    """Return whether *text*, with nothing around it that says what it is, is a person's full name.

    Things and places are called like people: "Crystal Reports", "Virginia Beach", "Rose Gold".
    """
    family, comma, given = text.partition(", ")
    if comma:
        text = f"{given} {family}"
    if not given_name(text):
        return False
    first, *others = _words(text)
    if not others or any(map(_names_things, others)):
        return False
    doubtful = first in listed("also_things.txt") or text.upper() == text.lower()
    return not doubtful or _is_family(others[-1])


def of_role(text: str) -> bool:
    """Return whether *text*, behind a role or relative, begins with a given name."""
    words = _words(text)
    doubtful = words[:1] and words[0] in listed("also_things.txt")
    return (
        given_name(text)
        and (len(words) > 1 or not doubtful)
        and not any(map(_names_things, words[1:]))
    )


def _is_thing(words: list[str]) -> bool:
    """Return whether some words end as a thing's name does, and nobody is called so."""
    first, last = words[0], words[-1]
    if not _names_things(last) or last in listed("surnames.txt"):
        return False
    if last in listed("family_names.txt"):
        return False
    return not _is_given(first) or first in listed("also_things.txt")


def _names_things(word: str) -> bool:
    """Return whether a word, or what it is the plural of, makes a thing of a name before it."""
    things = listed("things.txt")
    return word in things or word.removesuffix("s") in things


def _is_given(word: str) -> bool:
    """Return whether a word is a given name, also with an accent that the list does not have."""
    names = listed("given_names.txt")
    if word in names or word.partition("'")[0] in names:  # "Ayşe'nin"
        return True
    if word.isascii() or len(word) < _SHORT or word in listed("common_words.txt"):
        return False
    return _plain(word) in _plain_given_names()


def _is_family(word: str) -> bool:
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


def street(text: str) -> bool:
    """Return whether no word of *text* is one of distances and times: "5 minutes down the road".

    Nor does it begin as "2 way" and "5 star" do.
    """
    if _YEARS.match(text):
        return False
    words = _words(_UNIT.sub("", text))
    if len(words) > 1 and words[0] in listed("measures.txt"):
        named = words[0] in _OF_STREETS and words[0].title() in text
        if not named:
            return False
    if len(words) == 2 and "The " in text:
        words = words[1:]
    return listed("not_streets.txt").isdisjoint(word for word in words if len(word) > 1)


def street_of_name(text: str) -> bool:
    """Return whether *text* is a street whose first word is somebody's name: "54 Janice Plain".

    "2011 Timothy Wall" is whose copyright it is since when.
    """
    words = _words(text)
    return (
        bool(words)
        and not _YEAR.match(text)
        and street(text)
        and words[0] not in listed("common_words.txt")
    )


def introduced(text: str) -> bool:
    """Return whether *text*, behind "ich bin" or "je suis", is a name.

    What people are, too, is none: a Capricorn, a Breton or a joiner.
    """
    article, _, rest = text.partition(" ")
    if article == "der":  # "ich bin der Chef"
        return given_name(rest)
    words = set(_words(text)) - listed("common_words.txt") - listed("particles.txt")
    called = bool(words) and words <= listed("callings.txt")
    return not called and person(text)


def announced(text: str) -> bool:
    """Return whether *text*, behind a label that things have, too, is a name.

    One word is none that is not listed: "Customer: Contoso". A thing is none by its last word,
    "Lychee Soda".
    """
    words = _words(text)
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
    words = _words(text)
    if not words or _CAMEL_CASE.match(text):
        return False
    return listed("placeholders.txt").isdisjoint(words)


def titled(text: str) -> bool:
    """Return whether *text*, said behind a title, is a name: also one that is a common word."""
    written = text.title() if text.isupper() else text
    return person(written) or written.casefold() in listed("surnames.txt")


def romance_street(text: str) -> bool:
    """Return whether *text* is a street with its type first, and no "via port 8080"."""
    first, *others = _words(text) or ("",)
    others = [word for word in others if len(word) > 1]  # "41/A"
    if first == "via":
        named = _words(_NUMBER_ON.sub("", text))[1:]  # without "int. 5, scala B"
        if not listed("common_words.txt").isdisjoint(word for word in named if len(word) > 1):
            return False
    return bool(first) and street(text) and listed("not_addresses.txt").isdisjoint(others)


def germanic_street(text: str) -> bool:
    """Return whether *text* is no sentence part such as "Im Jahr 2020" nor a word like Brigade."""
    words = _words(text)
    first = words[0] if words else ""
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
    words = set(_words(text)) - {"the", "of"}
    return (
        bool(words)
        and not words <= listed("common_words.txt")
        and listed("not_addresses.txt").isdisjoint(words)
    )


def _joined_words(word: str) -> bool:
    """Return whether *word* is as "old-fashioned" and "full-time" are."""
    first, hyphen, rest = word.partition("-")
    common = listed("common_words.txt")
    return bool(hyphen) and first in common and (rest in common or rest.endswith(_NO_NAME_ENDS))


def _marked_words(text: str) -> list[str]:
    return [word.casefold() for word in _MARKED_WORD.findall(text)]


def _words(text: str) -> list[str]:
    return [word.casefold().rstrip(".") for word in _WORD.findall(text)]
