"""Lists and maps in JSON: what their key says of them, it says of each element and each key."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from sealift.sealing.redact.finder import Hit

_BLANK: Final = rb"[ \t\r\n\0]*+"
_ELEMENT: Final = _BLANK + rb'(?P<element>"[^"]*"|-?[0-9][0-9.eE+-]*)'
_FIRST: Final = re.compile(_ELEMENT)
_NEXT: Final = re.compile(_BLANK + b"," + _ELEMENT)
_COLON: Final = re.compile(_BLANK + b":" + _BLANK)

_NUMBERED_KEY: Final = re.compile(rb'\{[ \t\r\n\0]*+"[^"a-z]{0,6}[0-9][^"]{3,40}"')
"""How an object begins whose keys are numbers of something, and no names of members."""

_TOKEN: Final = re.compile(rb'"[^"]*+"(?P<key>[ \t\r\n\0]*+:)?|[{}]')

_MAX_BLANKS: Final = 256
_KEYS_TRIED: Final = 3
_FEWEST_DIGITS: Final = 4

Stretch: TypeAlias = tuple[int, int]
Search: TypeAlias = Callable[[bytes, list[Stretch]], list[Hit]]
"""Finds what must go from stretches of a document."""


def with_lists_by_key(
    document: bytes,
    plain: bytes,
    found: list[Hit],
    search: Search,
    is_clean: Callable[[bytes], bool],
) -> list[Hit]:
    """
    Search the elements of lists, and the keys of maps, each as if it stood alone behind their key.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        found: What was found without, in order.

        search: Asks again.

        is_clean: Tells cheaply that nothing will be found.

    Returns:
        What was found, in order, none overlapping another.
    """
    more: list[Hit] = []
    bracket = plain.find(b"[")
    while bracket >= 0:
        begun = _list_at(plain, bracket)
        bracket = plain.find(b"[", bracket + 1)
        if begun is None:
            continue
        key, first = begun
        before = document[key[0] : key[1]] + b": "
        if is_clean(before + document[slice(*first)]) or search(document, [first]):
            continue  # nothing, or known without the key
        by_key = list(_behind(before, document, [first], search))
        if by_key:
            more += by_key
            more += _behind(before, document, _others(plain, first[1]), search)
    for key, numbered in _maps(plain):
        before = document[key[0] : key[1]] + b": "
        for tried in numbered[:_KEYS_TRIED]:
            if is_clean(before + document[slice(*tried)]) or search(document, [tried]):
                continue  # nothing, or known without the key
            if any(_behind(before, document, [tried], search)):
                more += _behind(before, document, numbered, search)
                break
    return _joined([*found, *more]) if more else found


def _maps(plain: bytes) -> Iterator[tuple[Stretch, list[Stretch]]]:
    """Yield the key of each object that has numbers as keys, and these."""
    if _NUMBERED_KEY.search(plain) is None:
        return
    key: Stretch | None = None
    around: list[tuple[Stretch | None, list[Stretch]]] = []
    for match in _TOKEN.finditer(plain):
        if match[0] == b"{":
            around.append((key, []))
            key = None
        elif match[0] == b"}":
            of, numbered = around.pop() if around else (None, [])
            if of is not None and numbered:
                yield of, numbered
            key = None
        elif match["key"] is not None:
            key = (match.start(), match.start("key"))
            if around and sum(48 <= one <= 57 for one in plain[slice(*key)]) >= _FEWEST_DIGITS:
                around[-1][1].append(key)
        else:
            key = None


def _list_at(plain: bytes, bracket: int) -> tuple[Stretch, Stretch] | None:
    """Return the key and the first element of a list, if it has a key and begins with a scalar."""
    first = _FIRST.match(plain, bracket + 1)
    before = plain[max(bracket - _MAX_BLANKS, 0) : bracket].rstrip(b" \t\r\n\0")
    if first is None or not before.endswith(b":"):
        return None
    close = plain.rfind(b'"', 0, bracket)
    if close < 0 or _COLON.fullmatch(plain, close + 1, bracket) is None:
        return None
    return (plain.rfind(b'"', 0, close), close + 1), first.span("element")


def _joined(hits: list[Hit]) -> list[Hit]:
    """Put hits in order and join those that overlap, named after the first."""
    joined: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not joined or hit.start >= joined[-1].end:
            joined.append(hit)
        elif hit.end > joined[-1].end:
            joined[-1] = joined[-1]._replace(end=hit.end)
    return joined


def _others(plain: bytes, end: int) -> Iterator[Stretch]:
    """Yield the strings and numbers behind a list's element that ends at *end*."""
    while (following := _NEXT.match(plain, end)) is not None:
        yield following.span("element")
        end = following.end()


def _behind(
    before: bytes, document: bytes, elements: Iterable[Stretch], search: Search
) -> Iterator[Hit]:
    """Yield what is found of each element if it stands behind *before*."""
    for start, end in elements:
        member = before + document[start:end]
        for first, last, rule in search(member, [(0, len(member))]):
            if last > len(before):
                moved = start - len(before)
                yield Hit(max(first, len(before)) + moved, last + moved, rule)
