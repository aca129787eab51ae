"""Finds numbers that no database keeps as they are written; the JSON parser makes them floats."""

import re
from typing import Final

from sealift.datasets.violations import Violations

_MANY_DIGITS: Final = re.compile(rb"[0-9]{19}")
_TOKEN: Final = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+', re.DOTALL
)
_LEAST: Final = -(1 << 63)
_MOST: Final = (1 << 63) - 1
_MOST_CHARACTERS: Final = 40


def check_numbers(text: bytes, found: Violations) -> None:
    """Note whole numbers of more than 64 bits with sign, and numbers of more than 40 characters.

    Args:
        text: A well-formed JSON text.
        found: Gathers them.
    """
    if not _MANY_DIGITS.search(text):
        return
    line, start = 1, 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if len(token) < 19 or token[:1] == b'"':
            continue
        if problem := _problem(token):
            line += text.count(b"\n", start, match.start())
            start = match.start()
            column = start - text.rfind(b"\n", 0, start)
            found.add(f"line {line}, column {column}:", problem)


def _problem(token: bytes) -> str:
    if len(token) > _MOST_CHARACTERS:
        return f"a number of {len(token)} characters; no database keeps it as it is written"
    whole = not set(token) & set(b".eE")
    if whole and not _LEAST <= int(token) <= _MOST:
        return "a whole number of more than 64 bits; no database keeps it as it is written"
    return ""
