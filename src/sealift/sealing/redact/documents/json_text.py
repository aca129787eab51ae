"""Redacts well-formed JSON and NDJSON in place: only what is removed changes, byte for byte."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import Final, NamedTuple

import orjson

from sealift.sealing.redact.documents.json_escapes import (
    QUOTE,
    softened,
    unescaped,
    written_positions,
)
from sealift.sealing.redact.documents.json_families import family_hits
from sealift.sealing.redact.documents.json_keys import with_unique_keys
from sealift.sealing.redact.documents.json_neighbours import neighbour_hits
from sealift.sealing.redact.documents.json_rows import row_hits
from sealift.sealing.redact.documents.json_tables import string_table_hits
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.disguise import odd_characters
from sealift.sealing.redact.search.finder import Hit, with_more
from sealift.sealing.redact.sweep import Edit, Sweep

_NUMBER: Final = rb"-?[0-9][0-9.eE+-]*"
_VALUE: Final = re.compile(rb'"|' + _NUMBER)
_COLON: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_IN_NUMBER: Final = b"0123456789.eE+-"
_STRETCH_BYTES: Final = 2048
_AT_ONCE: Final = 16
_OBJECTS: Final = re.compile(rb'\}[ \t\r\n\0]*+,?[ \t\r\n\0]*+\{[ \t\r\n\0]*+"')
_STRINGS: Final = re.compile(rb'",[ \t\r\n]*+"')
"""Where JSON may be cut: within a string they can only be all of it, or its very end."""


class _Token(NamedTuple):
    """A string, without its quotation marks, or a number."""

    start: int
    end: int
    kind: str
    """`string`, `key` or `number`."""


def json_edits(data: bytes, sweep: Sweep, *, lines: bool = False) -> list[Edit]:
    """
    Tell what must change in a JSON text, or in many.

    The rules see the document as it stands, with its escapes decoded. So a key stands
    before its value as context, numbers are seen as spelled, and one search does for
    all strings.

    Args:
        data: A well-formed JSON text in UTF-8.

        sweep: Finds, and counts.

        lines: *data* holds such a text on each line, or none.

    Returns:
        The changes, in order. With them, *data* is as well-formed as before, its
        structure the same, and the keys of each object differ.
    """
    # Nothing is found across a NUL, so each line is by itself however many there are.
    document = data.replace(b"\n", b"\0") if lines else data
    plain = softened(document)
    odd = odd_characters(document)
    stretches = _stretches(plain)
    found: list[Hit] = []
    while some := list(islice(stretches, _AT_ONCE)):
        found += _found(document, some, sweep, odd)
    search = partial(_found, sweep=sweep)
    for more in (
        family_hits(document, plain, search, sweep.finder.is_clean),
        neighbour_hits(document, plain, search),
        row_hits(document, plain, search),
        string_table_hits(document, plain, sweep),
    ):
        found = with_more(found, more)
    if not found:
        return []
    edits = list(_Rewriting(document, plain, sweep).edits(found))
    return with_unique_keys(document, plain, edits)


def _found(
    document: bytes,
    stretches: list[tuple[int, int]],
    sweep: Sweep,
    odd: frozenset[str] | None = None,
) -> list[Hit]:
    """Search parts of the document as they are meant, and tell where it is written."""
    parts: list[bytes] = []
    for start, end in stretches:
        meant, hidden = unescaped(document[start:end])
        parts.append(meant.replace(QUOTE, b'"'))
        if hidden:
            odd = None  # there may be more than the document shows
    found: list[Hit] = []
    for (start, end), part, hits in zip(
        stretches, parts, sweep.find_in_parts(parts, odd), strict=True
    ):
        if not hits:
            continue
        ends: Iterator[int] = chain.from_iterable(hit[:2] for hit in hits)
        if len(part) < end - start:
            ends = written_positions(document[start:end], ends)
        found += [Hit(next(ends) + start, next(ends) + start, hit.rule) for hit in hits]
    return found


def _stretches(plain: bytes) -> Iterator[tuple[int, int]]:
    """
    Cut JSON between objects, or else between strings, so that a rule looks only where it may match.

    Nothing is lost of what a string holds by itself or behind its key.
    """
    start = 0
    while len(plain) - start > _STRETCH_BYTES:
        position = start + _STRETCH_BYTES
        cut = _OBJECTS.search(plain, position, position + _STRETCH_BYTES)
        cut = cut or _STRINGS.search(plain, position)
        if cut is None:
            break
        end = cut.start() + 1
        yield start, end
        start = end
    yield start, len(plain)


class _Rewriting:
    """Turns what was found in the document into changes of its tokens.

    Args:
        document: As it is written.

        plain: The same, its escaped quotes and backslashes hidden.

        sweep: Asks again, and makes the replacements.
    """

    def __init__(self, document: bytes, plain: bytes, sweep: Sweep) -> None:
        self._document = document
        self._plain = plain
        self._sweep = sweep
        self._quotes = 0
        self._counted_to = 0

    def edits(self, found: list[Hit]) -> Iterator[Edit]:
        done = 0
        for one in found:
            if one.end <= done:
                continue
            if self._in_one_string(one):
                yield self._in_string(max(one.start, done), one.end, one.rule)
                done = one.end
                continue
            for token, part in self._parts(one):
                # A number that two rules found in part was replaced as a whole already.
                if part.end > done and token.end > done:
                    edit = self._edit(token, part, done)
                    done = edit.end
                    yield edit

    def _parts(self, found: Hit) -> list[tuple[_Token, Hit]]:
        """Tell which strings and numbers change, and by what, if it is not one string."""
        tokens = list(self._tokens(found.start, found.end))
        if len(tokens) > 1 and not self._is_member(tokens):
            return list(self._unit_by_unit(tokens))
        parts = [(tokens[-1], found)] if tokens else []
        if len(tokens) > 1:
            # The key is context, but it may also hold something by itself.
            key = tokens[0]
            alone = _found(self._document, [(key.start, key.end)], self._sweep)
            parts = [*((key, one) for one in alone), *parts]
        return parts

    def _edit(self, token: _Token, found: Hit, done: int) -> Edit:
        if token.kind == "number":
            removed = self._plain[token.start : token.end].decode()
            return Edit(
                token.start,
                token.end,
                orjson.dumps(self._sweep.replace(found.rule, removed)),
            )
        start, end = max(token.start, found.start, done), min(token.end, found.end)
        return self._in_string(start, end, found.rule)

    def _in_string(self, start: int, end: int, rule: Rule) -> Edit:
        removed = ""
        if self._sweep.replacement.asks_what:
            removed = unescaped(self._document[start:end])[0].replace(QUOTE, b'"').decode()
        return Edit(start, end, orjson.dumps(self._sweep.replace(rule, removed))[1:-1])

    def _in_one_string(self, found: Hit) -> bool:
        """Tell the usual case: all of it is inside one string."""
        start = found.start
        self._quotes += self._plain.count(b'"', self._counted_to, start)
        self._counted_to = start
        return bool(self._quotes & 1) and self._plain.find(b'"', start, found.end) < 0

    def _tokens(self, start: int, end: int) -> Iterator[_Token]:
        """Yield the strings and numbers of which something stands from *start* to *end*."""
        plain = self._plain
        position = start
        if self._quotes & 1:
            token = self._string(plain.rfind(b'"', 0, start) + 1)
            if token.end > start:
                yield token
            position = token.end + 1
        else:
            while position and plain[position - 1] in _IN_NUMBER:
                position -= 1
        while (match := _VALUE.search(plain, position, max(end, position))) is not None:
            if match[0] == b'"':
                token = self._string(match.end())
                position = token.end + 1
            else:
                token = self._number(match.start())
                position = token.end
            if token.start < end and token.end > start:
                yield token

    def _string(self, start: int) -> _Token:
        end = self._plain.index(b'"', start)
        is_key = _COLON.match(self._plain, end + 1) is not None
        return _Token(start, end, "key" if is_key else "string")

    def _number(self, start: int) -> _Token:
        match = _VALUE.match(self._plain, start)
        return _Token(start, match.end() if match else start, "number")

    def _is_member(self, tokens: list[_Token]) -> bool:
        """Tell whether the tokens are one key and its own value: the key is context then."""
        return len(tokens) == 2 and self._belong(*tokens)

    def _belong(self, key: _Token, value: _Token) -> bool:
        if key.kind != "key":
            return False
        colon = _COLON.match(self._plain, key.end + 1)
        return colon is not None and colon.end() == value.start - (value.kind != "number")

    def _unit_by_unit(self, tokens: list[_Token]) -> Iterator[tuple[_Token, Hit]]:
        """Ask again for each string or number by itself, where a match went across several."""
        tokens = self._with_whole_members(tokens)
        skip = False
        for token, after in zip(tokens, [*tokens[1:], None], strict=True):
            if skip:
                skip = False
                continue
            members = [token]
            if after is not None and self._belong(token, after):
                members.append(after)
                skip = True
            begin, end = token.start, members[-1].end
            for found in _found(self._document, [(begin, end)], self._sweep):
                parts = [m for m in members if m.start < found.end and m.end > found.start]
                if parts:
                    yield parts[-1], found

    def _with_whole_members(self, tokens: list[_Token]) -> list[_Token]:
        """Add the key of the first value and the value of the last key, if they are missing."""
        first, last = tokens[0], tokens[-1]
        if first.kind != "key" and (key := self._key_before(first)) is not None:
            tokens = [key, *tokens]
        if last.kind == "key":
            colon = _COLON.match(self._plain, last.end + 1)
            match = _VALUE.match(self._plain, colon.end()) if colon else None
            if match is not None:
                is_string = match[0] == b'"'
                start = match.start()
                value = self._string(start + 1) if is_string else self._number(start)
                tokens = [*tokens, value]
        return tokens

    def _key_before(self, value: _Token) -> _Token | None:
        close = self._plain.rfind(b'"', 0, value.start - (value.kind != "number"))
        if close < 0:
            return None
        key = _Token(self._plain.rfind(b'"', 0, close) + 1, close, "key")
        return key if self._belong(key, value) else None
