"""Keeps the keys of each object different after some of them were redacted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sealift.sealing.redact.documents.json_escapes import unescaped
from sealift.sealing.redact.sweep import Edit, apply

_AFTER_VALUE: Final = (b",", b"}", b"]")
_AFTER_KEY: Final = (b":", b"")
_TOKEN: Final = re.compile(rb'"(?P<string>[^"]*)"(?P<key>[ \t\r\n]*:)?|[{}]')


@dataclass(slots=True)
class _Object:
    """The keys of one object."""

    untouched: set[bytes] = field(default_factory=set)
    edited: list[tuple[bytes, int]] = field(default_factory=list)
    """Each redacted key as it will be, and the number of the last change in it."""


def with_unique_keys(document: bytes, plain: bytes, edits: list[Edit]) -> list[Edit]:
    """
    Give a number to each redacted key that became the same as another of its object.

    Args:
        document: Well-formed JSON texts.

        plain: The same, its escaped quotes and backslashes hidden.

        edits: Changes, in order; each lies within one string, or is a number's.

    Returns:
        The changes, some of them with `_2`, `_3` and so on at their end.
    """
    if not _some_in_keys(plain, edits):
        return edits
    numbered = list(edits)
    for one in _objects(document, plain, edits):
        taken = set(one.untouched)
        used: dict[bytes, int] = {}
        for key, last in one.edited:
            suffix = b""
            number = used.get(key, 1)
            while key + suffix in taken:
                number += 1
                suffix = b"_%d" % number
            used[key] = number
            taken.add(key + suffix)
            numbered[last] = edits[last]._replace(new=edits[last].new + suffix)
    return numbered


def _some_in_keys(plain: bytes, edits: list[Edit]) -> bool:
    """Tell whether a change is in a key; it may say so of none, which only costs time."""
    close = -1
    for edit in edits:
        if edit.new.startswith(b'"') or edit.end <= close:
            continue  # a number, or the same string again
        close = plain.find(b'"', edit.end)
        after = plain[close + 1 : close + 2]
        if after not in _AFTER_VALUE and plain[close + 1 : close + 64].lstrip()[:1] in _AFTER_KEY:
            return True
    return False


def _objects(document: bytes, plain: bytes, edits: list[Edit]) -> Iterator[_Object]:
    """Yield the objects of which a key was redacted."""
    open_objects: list[_Object] = []
    number = 0
    for match in _TOKEN.finditer(plain):
        token = match[0]
        if token == b"{":
            open_objects.append(_Object())
        elif token == b"}":
            one = open_objects.pop()
            if one.edited:
                yield one
        elif match["key"] is not None:
            start, end = match.span("string")
            while number < len(edits) and edits[number].end <= start:
                number += 1
            first = number
            while number < len(edits) and edits[number].start < end:
                number += 1
            if first == number:
                open_objects[-1].untouched.add(unescaped(document[start:end])[0])
            else:
                inside = [Edit(e.start - start, e.end - start, e.new) for e in edits[first:number]]
                edited, _ = unescaped(apply(document[start:end], inside))
                open_objects[-1].edited.append((edited, number - 1))
