"""Typographic quotes, dashes and blanks, which patterns take for the plain ones."""

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
    r"\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[pP](?:\{\^?\w+\}|\w)|\\Q.*?(?:\\E|$)|\\."
)
_CLASS: Final = r"\[(?P<not>\^?)(?P<body>\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]"
_PART: Final = re.compile(f"{_CLASS}|{_GROUP}|{_ESCAPE}|[\"' -]", re.DOTALL)
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
    plain = part[0].removeprefix("\\")
    return f"[\\{plain}{TYPOGRAPHY[plain]}]" if plain in TYPOGRAPHY else part[0]


def _widened_class(negation: str, body: str) -> str:
    parts = _MEMBER.findall(body)
    # A hyphen is one at the ends and behind a backslash; between others it makes a range.
    members = {part.removeprefix("\\") for part in parts if part != "-"} | {*parts[:1], *parts[-1:]}
    more = "".join(fine for plain, fine in TYPOGRAPHY.items() if plain in members)
    if r"\s" in parts and " " not in members:
        more += TYPOGRAPHY[" "]
    if more and body.startswith(("]", "-")):
        body = "\\" + body
    # In front: behind a hyphen at the end they would make a range.
    return f"[{negation}{more}{body}]"
