"""Typographic quotes, dashes and blanks, which patterns take for the plain ones."""

import re
from collections.abc import Iterator
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

_PART: Final = re.compile(
    r"\(\?(?:P?<\w+>|[a-zA-Z]*(?:-[a-zA-Z]+)?[:)])"  # how a group begins: no text
    r"|\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[pP](?:\{\^?\w+\}|\w)|\\Q.*?(?:\\E|$)|\\.|.",
    re.DOTALL,
)
_NAMED: Final = re.compile(r"\[:\^?\w+:\]")


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
    return "".join(_widened(pattern))


def _widened(pattern: str) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        end = _class_end(pattern, position) if pattern[position] == "[" else 0
        if end:
            yield _widened_class(pattern[position:end])
        else:
            match = _PART.match(pattern, position)
            end = match.end() if match else len(pattern)
            yield _widened_part(pattern[position:end])
        position = end


def _class_end(pattern: str, start: int) -> int:
    """Return where the class that begins at *start* ends, or 0 if it does not."""
    first = position = start + 1 + pattern.startswith("^", start + 1)
    while position < len(pattern) and (pattern[position] != "]" or position == first):
        if named := _NAMED.match(pattern, position):
            position = named.end()
        else:
            position += 2 if pattern[position] == "\\" else 1
    return position + 1 if position < len(pattern) else 0


def _widened_part(part: str) -> str:
    if part == r"\s":
        return r"[\s\xa0]"
    if part == r"\S":
        return r"[^\s\xa0]"
    plain = part.removeprefix("\\")
    return f"[\\{plain}{TYPOGRAPHY[plain]}]" if plain in TYPOGRAPHY else part


def _widened_class(written: str) -> str:
    head = "[^" if written.startswith("[^") else "["
    body = written[len(head) : -1]
    parts = [match[0] for match in _PART.finditer(body)]
    # A hyphen is one at the ends and behind a backslash; between others it makes a range.
    members = {part.removeprefix("\\") for part in parts if part != "-"} | {*parts[:1], *parts[-1:]}
    more = "".join(fine for plain, fine in TYPOGRAPHY.items() if plain in members)
    if r"\s" in parts and " " not in members:
        more += TYPOGRAPHY[" "]
    if more and body.startswith(("]", "-")):
        body = "\\" + body
    # In front: behind a hyphen at the end they would make a range.
    return f"{head}{more}{body}]"
