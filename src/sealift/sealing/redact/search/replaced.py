"""What an earlier sealing left where something was: it stays, and announces nothing."""

import re
from collections.abc import Iterable
from typing import Final

from sealift.sealing.redact.checks.people import given_name
from sealift.sealing.redact.search.spans import Span

_PSEUDONYM: Final = r"[A-Z][A-Z0-9_-]{0,63}~[b-df-hj-np-tv-z]{14}"
_MAX_TOKEN_BYTES: Final = 80
_WORD: Final = b"BLOCKED"
_LETTER: Final = re.compile(r"\w")
_BEGINS_SO: Final = re.compile(rb"BLOCKED(?![\w@])[^\w\[]*+")

_BEGINS_A_LINE: Final = re.compile(rb'[\n"|]|\A')
_GOES_ON: Final = re.compile(rb"[ \t]+[^\s\0]")
_BEFORE_A_VALUE: Final = re.compile(rb"[ \t]*[:=]|[ \t]+[^\s:=]*[0-9]")


class Replaced:
    """
    Knows replacements in a text: `BLOCKED`, a rule's label in brackets, a pseudonym.

    Args:
        labels: Those that may stand in brackets.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        known = "|".join(map(re.escape, sorted(labels)))
        self._tokens = re.compile(rf"\[(?:{known}|{_PSEUDONYM})\]".encode())

    def hidden(self, data: bytes) -> bytes:
        """Put a word that means nothing in place of each in brackets, as long as it is.

        So `[NAME]` announces no name, unless it stands where a label does: `[SSN] 078051120`.
        """
        return self._tokens.sub(_nothing, data) if b"[" in data else data

    def without(self, spans: list[Span], data: bytes, worded: frozenset[int]) -> list[Span]:
        """
        Leave out of what was found in *data* what is nothing but replacements, or within one.

        Args:
            spans: What was found.
            data: The text, nothing of it hidden.
            worded: Numbers of the rules that find words: what begins with BLOCKED is one that
                was found already, and what stands behind it is left, unless it is a name.
        """
        if b"[" not in data and _WORD not in data:
            return spans
        left: list[Span] = []
        for start, end, number in spans:
            begin = start
            if number in worded and (word := _BEGINS_SO.match(data, start, end)):
                begin = word.end()
                if not given_name(data[begin:end].decode("utf-8", "replace")):
                    continue
            if not self._covers(data, begin, end):
                left.append((begin, end, number))
        return left

    def _covers(self, data: bytes, start: int, end: int) -> bool:
        value = data[start:end]
        if value.startswith(b"BLOCKED&"):  # a query: what follows was searched
            return True
        if data.find(b"[", max(start - _MAX_TOKEN_BYTES, 0), end) >= 0:
            around = data[max(start - _MAX_TOKEN_BYTES, 0) : end + _MAX_TOKEN_BYTES]
            at = min(start, _MAX_TOKEN_BYTES)
            for token in self._tokens.finditer(around):
                if token.start() <= at and at + end - start <= token.end():
                    return True
            value = self._tokens.sub(b"", value)
        elif _WORD not in value:
            return False
        rest = value.replace(_WORD, b"").decode("utf-8", "surrogatepass")
        return _LETTER.search(rest) is None


def _nothing(token: re.Match[bytes]) -> bytes:
    text, (start, end) = token.string, token.span()
    is_first = _BEGINS_A_LINE.match(text, max(start - 1, 0), start) is not None
    if _BEFORE_A_VALUE.match(text, end) or (is_first and _GOES_ON.match(text, end)):
        return token[0]
    return b"[%b]" % (b"x" * (end - start - 2))
