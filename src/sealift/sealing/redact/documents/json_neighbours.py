"""Values in JSON that a neighbour explains: a member that names them, or a question before them."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

import re2

from sealift.sealing.redact.documents.json_families import SearchParts
from sealift.sealing.redact.rules.rule import pattern_options
from sealift.sealing.redact.search.finder import Hit
from sealift.sealing.redact.search.spans import Stretch

_NAMES: Final = (
    "[A-Za-z]{0,12}_?(?:[Tt]ype|[Kk]ind|[Ll]abel|[Nn]ame|[Kk]ey|[Ff]ield|[Rr]ef|[Tt]itle|[Qq]uestion"
    "|[Pp]rompt|[Dd]isplay|[Cc]aption|[Aa]ttribute|[Pp]roperty|[Hh]eader|[Hh]eading|[Cc]olumn|[Tt]erm"
    "|[Pp]aram|[Pp]arameter|[Vv]ariable|[Cc]ategory|[Ss]cheme)|id|(?:field|question)_?[Ii]d|[Tt]ext"
    "|code|system|use|slug|what|[Qq]|[Ff]rage|pregunta|domanda|pergunta|vraag|pytanie|[Tt]itel|[Tt]yp|tipo|art"
    "|[Ff]eld|campo|champ|libell[eé]|[Bb]ezeichnung|etiqueta|etichetta|etykieta|nom|nombre|nome|naam"
    "|nazwa|pole|soort"
)
"""Keys of members that may say what another one of their object holds."""

_VALUES: Final = (
    "[A-Za-z]{0,8}_?(?:[Vv]alue|[Aa]nswer)|val|[Nn]umber|no|nr|num|[Tt]ext|response"
    "|reply|entry|code|identifier|[VvAa]|[Aa]ntwort|[Ww]ert|respuesta|valor|valore"
    "|risposta|r[eé]ponse|valeur|resposta|antwoord|waarde|odpowied[zź]|warto[sś][cć]|[Nn]ummer"
    "|num[eé]ro|n[uú]mero|numer|(?:doc|document|id|card|identity|licen[cs]e|policy)_?(?:[Nn]umber|[Nn]o|[Nn]r)"
    "|[Dd]okument(?:en)?_?[Nn]ummer|documentnummer|num(?:ero)?_?[Dd]ocument[oe]?|nr_?dokumentu"
)
"""Keys of members that may hold what another one names."""

_SHORT: Final = r'"[ \t\r\n]*:[ \t\r\n]*("[^"]{2,80}"|-?\d[0-9.eE+-]{2,40})'
_MEMBER: Final = re2.compile(
    f'"({_NAMES}|{_VALUES}){_SHORT}'.encode(),
    options=pattern_options(),
)
_HOLDER: Final = re2.compile(f'"(?:{_VALUES}){_SHORT}'.encode(), options=pattern_options())
"""What there is to explain; where there is none, nothing else is looked for."""

_WITHIN: Final = re2.compile(
    (
        r'"([A-Za-z][A-Za-z_ -]{2,40})"[ \t\r\n]*:[ \t\r\n]*\{[^{}\[\]]*?[,\s]"'
        rf"(?:[Nn]umber|[Nn]ummer|num[eé]ro|n[uú]mero|numer){_SHORT}"
    ).encode(),
    options=pattern_options(),
)
"""An object, and its number behind other members: what the object is called explains it."""

_NAME: Final = re.compile(_NAMES.encode())
_VALUE: Final = re.compile(_VALUES.encode())
_FURTHEST: Final = 400
"""How many bytes an object may hold between a name and its value."""

_MOST_NAMES: Final = 3
_PROSE: Final = re.compile(rb'"[A-Z][^"0-9]*[.!?]"')
_WORDS_OF_PROSE: Final = 5
_ENDS: Final = b' \t:?*"'
_ASKED: Final = re2.compile(rb'\?[ ]?(?:[A-Z][^".!?\\]{1,40}[.!] ?)?"')
"""A question, and at most a short sentence behind it: "Your age? For the form."."""

_EASTERN_MARK: Final = b"\x9f"
"""The last byte of the question marks of the Far East and of Arabic; one byte is found fastest."""

_EASTERN_MARKS: Final = ("\uff1f".encode(), "\u061f".encode())
_NUMBER: Final = re.compile(rb"[0-9][0-9A-Za-z ./-]{3,40}[0-9]")
_SENTENCE: Final = re.compile(rb"[.?!:][ ]|\\n|\xe3\x80\x82")
_LONGEST_QUESTION: Final = 160
_LONGEST_ANSWER: Final = 120
_BRIEF: Final = 60
"""An answer of so few bytes may be a name."""

_MOST_STRINGS: Final = 16
_STRING: Final = re.compile(
    rb'"(?:(?P<key>[^"]{1,40})"[ \t\r\n]*:|(?P<value>[^"]{0,%d})"?)|\0' % (_LONGEST_ANSWER + 1)
)
"""A key, or as much of another string as counts; what is longer ends the search."""

_ABOUT: Final = re.compile(
    rb"(?i)role|type|kind|from|to|by|author|sender|speaker|user|who|name|channel|direction|lang"
    rb"|locale|model|status|time\w*|date|ts|\w*(?:id|[a-z]At|_at|time|date)"
)
"""Keys of members that say something about a message."""


class _Explained(NamedTuple):
    """A stretch of a document, and what is written before it for the search."""

    before: bytes
    start: int
    end: int
    after: bytes = b""


def neighbour_hits(document: bytes, plain: bytes, search: SearchParts) -> Iterator[Hit]:
    """
    Search values as if they stood behind the neighbour that explains them.

    Such are `{"type": "passport", "number": "C01X00T47"}`, and the message "It's 4471820" behind
    one that ends with "What is your employee number?".

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        search: Asks again.
    """
    explained = [*_answers(document, plain)]
    if _HOLDER.search(plain) is not None:
        explained = [*_named(document, plain), *_within(document, plain), *explained]
    if not explained:
        return
    texts: list[bytes] = []
    stretches: list[Stretch] = []
    length = 0
    for one in explained:
        text = one.before + document[one.start : one.end] + one.after
        texts.append(text)
        stretches.append((length, length + len(text)))
        length += len(text)
    hits = iter(search(b"".join(texts), stretches))
    hit = next(hits, None)
    for one, (begin, end) in zip(explained, stretches, strict=True):
        moved = one.start - begin - len(one.before)
        while hit is not None and hit.start < end:
            start, last = max(hit.start + moved, one.start), min(hit.end + moved, one.end)
            if start < last:
                yield Hit(start, last, hit.rule)
            hit = next(hits, None)


def _named(document: bytes, plain: bytes) -> Iterator[_Explained]:
    """Yield the values of objects, each with a name of the same object before it."""
    names: deque[Stretch] = deque(maxlen=_MOST_NAMES)
    lonely: Stretch | None = None
    for member in _MEMBER.finditer(plain):
        key: bytes = member[1]
        start, end = member.span(2)
        may_name = member[2][:1] == b'"' and _NAME.fullmatch(key)
        if _VALUE.fullmatch(key):
            near = [
                name
                for name in names
                if start - name[1] < _FURTHEST and plain.find(b"{", name[1], start) < 0
            ]
            lonely = None if near else (start, end)
            for name in near:
                yield _explained(document, document[slice(*name)], start, end)
        elif may_name and lonely is not None:
            if _is_next(plain, lonely[1], member.start()):
                yield _Explained(_as_key(document[start:end]), *lonely)
            lonely = None
        if may_name and not _VALUE.fullmatch(plain[start + 1 : end - 1]):
            names.append((start, end))


def _within(document: bytes, plain: bytes) -> Iterator[_Explained]:
    """Yield the numbers of objects, each with what its object is called before it."""
    for held in _WITHIN.finditer(plain):
        start, end = held.span(2)
        yield _Explained(_as_key(document[slice(*held.span(1))]), start, end)


def _explained(document: bytes, name: bytes, start: int, end: int) -> _Explained:
    """Put a value behind its name: as behind a key, or prose as an answer behind its question.

    Behind a key all of a string may be a password; a whole sentence is none.
    """
    value = document[start:end]
    if name.endswith(b'?"') and _PROSE.fullmatch(value) and value.count(b" ") >= _WORDS_OF_PROSE:
        return _Explained(name[:-1] + b" ", start + 1, end - 1, b'"')
    return _Explained(_as_key(name), start, end)


def _as_key(name: bytes) -> bytes:
    return b'"' + name.strip(_ENDS) + b'": '


def _is_next(plain: bytes, end: int, start: int) -> bool:
    """Tell whether the member at *start* follows what ends at *end*, in the same object."""
    return plain[end:start].strip(b" \t\r\n") == b","


def _answers(document: bytes, plain: bytes) -> Iterator[_Explained]:
    """Yield how the strings begin that follow on one with a question at its end."""
    for end, after in _ends(plain):
        answer = _answer(plain, after)
        if answer is None:
            continue
        begin = plain.rfind(b'"', 0, end) + 1
        if end - begin > _LONGEST_QUESTION:
            # At a blank, as elsewhere a character or an escape would be cut in two.
            begin = plain.find(b" ", end - _LONGEST_QUESTION, end)
            if begin < 0:
                continue
        *_, last = (begin, *(one.end() for one in _SENTENCE.finditer(plain, begin, end)))
        yield _Explained(b'"' + document[last:end] + b"? ", *answer, b'"')


def _ends(plain: bytes) -> Iterator[Stretch]:
    """Yield where a question ends that ends its string, and where that string does."""
    if b"?" in plain:
        yield from (one.span() for one in _ASKED.finditer(plain))
    at = plain.find(_EASTERN_MARK)
    while at >= 0:
        for mark in _EASTERN_MARKS:
            if plain.endswith(mark, 0, at + 1) and plain.startswith(b'"', at + 1):
                yield at + 1 - len(mark), at + 2
        at = plain.find(_EASTERN_MARK, at + 1)


def _answer(plain: bytes, position: int) -> Stretch | None:
    """Return how the next message begins behind *position*: its first words."""
    key = b""
    for number, token in enumerate(_STRING.finditer(plain, position)):
        if token.lastgroup is None or number > _MOST_STRINGS:
            return None
        if token.lastgroup == "key":
            key = token["key"]
            continue
        start, end = token.span("value")
        if end - start <= _LONGEST_ANSWER and key and _ABOUT.fullmatch(key):
            key = b""
            continue
        if end - start > _LONGEST_ANSWER:
            end = plain.rfind(b" ", start, end)
        if end - start > _BRIEF and not _NUMBER.search(plain, start, end):
            return None
        return (start, end) if end > start else None
    return None
