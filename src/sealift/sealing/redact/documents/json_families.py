"""Lists and maps in JSON: what their key says of them, it says of each element or inner key."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from sealift.sealing.redact.search.finder import Hit
from sealift.sealing.redact.search.spans import Stretch

_BLANK: Final = rb"[ \t\r\n\0]*+"
_OPENED: Final = re.compile(b":" + _BLANK + rb"[\[{]")
_SCALAR: Final = _BLANK + rb'(?P<element>"[^"]*"|-?[0-9][0-9.eE+-]*)'
_FIRST: Final = re.compile(_SCALAR)
_NEXT: Final = re.compile(_BLANK + b"," + _SCALAR)
_FIRST_KEY: Final = re.compile(_BLANK + rb'(?P<element>"[^"]*")')
_TOKEN: Final = re.compile(rb'(?P<string>"[^"]*")(?P<key>[ \t\r\n\0]*+:)?|[\[\]{}]')
_NUMBER: Final = re.compile(rb"(?:[0-9][^0-9]*){4}|[\x80-\xff]")
"""What an inner key has at least that may be a value: digits, which foreign ones may be, too."""

_REPLACED: Final = re.compile(rb'"(?:BLOCKED|\[[A-Z])')
"""How one begins that was found before."""

SearchParts: TypeAlias = Callable[[bytes, list[Stretch]], list[Hit]]
"""Finds what must go from stretches of a document."""


class _Family(NamedTuple):
    """A list or a map behind its key."""

    key: Stretch
    first: Stretch
    is_map: bool


def family_hits(
    document: bytes,
    plain: bytes,
    search: SearchParts,
    is_clean: Callable[[bytes], bool],
) -> Iterator[Hit]:
    """
    Search what lists and maps hold as if each element, or inner key, stood alone behind their key.

    Only where the first one is found so: `{"ssn": [209468653, 570637089]}`, or
    `{"bySsn": {"209468653": {}}}`.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        search: Asks again.

        is_clean: Tells cheaply that nothing will be found.
    """
    for opened in _OPENED.finditer(plain):
        family = _family(plain, *opened.span())
        if family is None:
            continue
        before = document[slice(*family.key)] + b": "
        first = document[slice(*family.first)]
        if is_clean(before + first):
            continue
        by_key = list(found_behind(before, document, [family.first], search))
        if by_key or _REPLACED.match(first):
            others = _other_keys if family.is_map else _other_elements
            yield from by_key
            yield from found_behind(before, document, others(plain, family.first[1]), search)


def _family(plain: bytes, colon: int, inside: int) -> _Family | None:
    """Return the list or map that opens before *inside*, if its first one may be a value."""
    is_map = plain[inside - 1 : inside] == b"{"
    first = (_FIRST_KEY if is_map else _FIRST).match(plain, inside)
    if first is None or (is_map and _NUMBER.search(first["element"]) is None):
        return None
    close = plain.rfind(b'"', 0, colon)
    if close < 0 or plain[close + 1 : colon].strip(b" \t\r\n\0"):
        return None
    return _Family((plain.rfind(b'"', 0, close), close + 1), first.span("element"), is_map)


def _other_elements(plain: bytes, end: int) -> Iterator[Stretch]:
    """Yield the strings and numbers behind a list's element that ends at *end*."""
    while (following := _NEXT.match(plain, end)) is not None:
        yield following.span("element")
        end = following.end()


def _other_keys(plain: bytes, end: int) -> Iterator[Stretch]:
    """Yield the keys of a map behind the one that ends at *end*."""
    depth = 0
    for token in _TOKEN.finditer(plain, end):
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
            if depth < 0:
                return
        elif depth == 0 and token["key"] is not None:
            yield token.span("string")


def found_behind(
    before: bytes, document: bytes, elements: Iterable[Stretch], search: SearchParts
) -> Iterator[Hit]:
    """Yield what is found of each element if it stands behind *before*."""
    for start, end in elements:
        member = before + document[start:end]
        for first, last, rule in search(member, [(0, len(member))]):
            if last > len(before):
                moved = start - len(before)
                yield Hit(max(first, len(before)) + moved, last + moved, rule)
