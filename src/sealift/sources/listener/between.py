"""Reads what stands between two events of a stream, in one pass."""

import re
from typing import Final

ENDS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
"""How comments, CDATA sections and instructions begin and end."""

_BLANK: Final = re.compile(rb"[ \t\r\n]*+")
_DECLARATION: Final = re.compile(
    rb"<\?xml[ \t\r\n][^>]*?encoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)"
)


def read_between(text: bytes, wrapper: re.Pattern[bytes]) -> tuple[bool, bytes]:
    """Tell whether there are only blanks, comments, instructions and tags of the root.

    Args:
        text: What stands between two events.
        wrapper: Matches a tag of the root.

    Returns:
        Whether it is so, and the encoding that was declared.
    """
    encoding = b"utf-8"
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        tag = wrapper.match(text, at)
        if tag:
            at = tag.end()
            continue
        token = next((t for t in (b"<!--", b"<?") if text.startswith(t, at)), b"")
        end = text.find(ENDS[token], at + len(token)) if token else -1
        if end < 0:
            return at == len(text), encoding
        declared = _DECLARATION.match(text, at, end)
        encoding = declared[1].lower() if declared else encoding
        at = end + len(ENDS[token])
    return True, encoding
