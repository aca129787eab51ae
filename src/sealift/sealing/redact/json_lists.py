"""Lists in JSON: what their key says of them, it says of each element."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from sealift.sealing.redact.finder import Hit

_BLANK: Final = rb"[ \t\r\n\0]*+"
_ELEMENT: Final = _BLANK + rb'(?P<element>"[^"]*"|-?[0-9][0-9.eE+-]*)'
_FIRST: Final = re.compile(_ELEMENT)
_NEXT: Final = re.compile(_BLANK + b"," + _ELEMENT)
_COLON: Final = re.compile(_BLANK + b":" + _BLANK)

_MAX_BLANKS: Final = 256

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
    Search the elements of lists whose key tells what they are, each as if it stood alone behind it.

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
    return _joined([*found, *more]) if more else found


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
