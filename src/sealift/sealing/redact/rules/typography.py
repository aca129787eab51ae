"""Typographic quotes, dashes and blanks, which patterns take for the plain ones."""

import functools
import re
from typing import Final

TYPOGRAPHY: Final = {
    '"': "\u201c\u201d",
    "'": "\u2018\u2019",
    "-": "\u2013\u2014",
    " ": "\xa0",
}
"""What word processors and chats make of plain characters: most of what is odd in honest texts."""

FINE: Final = {one: plain for plain, fine in TYPOGRAPHY.items() for one in fine}
"""The plain character for each typographic one."""

_GROUP: Final = r"\(\?(?:P?<\w+>|[a-zA-Z]*(?:-[a-zA-Z]+)?[:)])"
"""How a group begins: no text, though a hyphen may be in it."""

_ESCAPE: Final = (
    r"\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[0-7]{1,3}"
    r"|\\[pP](?:\{\^?\w+\}|\w)|\\Q.*?(?:\\E|$)|\\."
)
_CLASS: Final = r"\[(?P<not>\^?+)(?P<body>\]?+(?:\[:\^?\w+:\]|\\.|[^\]\\])*+)\]"
_NO_CLASS: Final = r"\[.*"
_PART: Final = re.compile(f"{_CLASS}|{_NO_CLASS}|{_GROUP}|{_ESCAPE}|[\"' -]", re.DOTALL)
_BLANKS: Final = frozenset((r"\s", r"\D", r"\W", "[:space:]", "[:blank:]", "[:print:]"))
_PUNCTUATION: Final = frozenset((r"\D", r"\W", r"\S", "[:punct:]", "[:graph:]", "[:print:]"))
_MEMBER: Final = re.compile(rf"\[:\^?\w+:\]|{_ESCAPE}|.", re.DOTALL)


def plainly(text: str) -> str:
    """Return *text* with the plain characters, one for one."""
    if not text.isascii():
        for fine, plain in FINE.items():
            text = text.replace(fine, plain)
    return text


def widened(pattern: str) -> str:
    """
    Return a pattern that matches the same, and the same written with finer characters.

    What is no pattern in RE2's syntax stays none.
    """
    return _PART.sub(_widened, pattern)


def _widened(part: re.Match[str]) -> str:
    if part["body"] is not None:
        return _widened_class(part["not"], part["body"])
    if part[0] == r"\s":
        return r"[\s\xa0]"
    if part[0] == r"\S":
        return r"[^\s\xa0]"
    if part[0].startswith(r"\Q"):
        return "".join(map(_widened_character, part[0][2:].removesuffix(r"\E")))
    if part[0].startswith(("(?", "[")):
        return part[0]
    plain = _character(part[0])
    return _widened_character(plain) if plain in TYPOGRAPHY else part[0]


def _widened_character(plain: str) -> str:
    fine = TYPOGRAPHY.get(plain, "")
    return f"[\\{plain}{fine}]" if fine else re.escape(plain)


@functools.cache  # as the few of them stand in thousands of places
def _widened_class(negation: str, body: str) -> str:
    members = [plain for plain in TYPOGRAPHY if _is_member(plain, body)]
    more = "".join(TYPOGRAPHY[plain] for plain in members)
    if more and body.startswith(("]", "-")):
        body = "\\" + body
    # In front: behind a hyphen at the end they would make a range.
    return f"[{negation}{more}{body}]"


def _is_member(plain: str, body: str) -> bool:
    """Tell whether a class takes a plain character, by name, range or kind."""
    parts = _MEMBER.findall(body)
    number = 0
    while number < len(parts):
        first = _character(parts[number])
        if parts[number + 1 : number + 2] == ["-"] and number + 2 < len(parts) and first:
            last = _character(parts[number + 2])
            number += 3
            if first <= plain <= last:
                return True
            continue
        if first == plain or (plain == " " and parts[number] in _BLANKS):
            return True
        if plain != " " and parts[number] in _PUNCTUATION:
            return True
        number += 1
    return False


def _character(part: str) -> str:
    """Return the character that a part of a pattern names, or nothing if it names a kind."""
    if len(part) == 1:
        return part
    if part.startswith(r"\x"):
        return chr(int(part[2:].strip("{}"), 16))
    if part[1] in "01234567":
        return chr(int(part[1:], 8))
    return "" if part[1].isalpha() or part.startswith("[:") else part[1:]
