"""File names as parts of a key: readable, and different for different names."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from sealift.errors import KeyNameError

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_\- !#$&'()*+,;:=?@\[\]^`{|}~\"<>.]+")

# Escaped: `%` itself, the backslash, C0 and C1 controls, soft hyphen, the zero-width and
# bidirectional controls, line and paragraph separators, tags, the noncharacters that XML
# listings cannot hold, and bytes that are not UTF-8 (here as lone surrogates).
_UNSAFE: Final = re.compile(
    "[%\\\\\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def encode_name(raw: bytes) -> str:
    """Turn a relative path into its part of a key: readable, and reversible.

    The name is brought to Unicode's form NFC. What cannot be seen or trusted in a key
    (controls, `%`, the backslash, bytes that are not UTF-8) becomes `%XX` for each
    byte; all else stays. Two names that differ in NFC differ in the key.

    Args:
        raw: Path as the file system gave it, `/` between its segments.

    Raises:
        KeyNameError: A segment is empty, `.` or `..`, or there is none.
    """
    if _PLAIN.fullmatch(raw) and raw[0] != 0x2E:
        return raw.decode("ascii")
    text = escape(raw.decode("utf-8", "surrogateescape"))
    for segment in text.split("/"):
        if segment in {"", ".", ".."}:
            raise KeyNameError(
                "The item's path has an empty segment, '.' or '..'.", hint="Rename the file."
            )
    return text


@lru_cache(maxsize=256)
def encode_value(text: str) -> str:
    """Turn a configured value, such as the device id, into part of one segment of a key."""
    return escape(text).replace("/", "%2F")


def escape(text: str) -> str:
    """Bring *text* to NFC, and write each unsafe character as `%XX` for each of its bytes."""
    return _UNSAFE.sub(_percent, unicodedata.normalize("NFC", text))


def is_safe(text: str) -> bool:
    """Tell whether *text* can stand in a key as it is; `%` and the backslash may."""
    return all(found in "%\\" for found in _UNSAFE.findall(text))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8", "surrogateescape"))


def text_of(raw: bytes) -> str:
    """Give a file name as text, for people and events; what is no UTF-8 becomes surrogates."""
    return raw.decode("utf-8", "surrogateescape")
