"""Redacts well-formed XML in place: text, attributes, comments, CDATA and instructions."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sealift.errors import InvalidContentError
from sealift.sealing.redact.disguise import Offsets
from sealift.sealing.redact.finder import SEPARATOR
from sealift.sealing.redact.rule import Rule
from sealift.sealing.redact.sweep import Edit, Sweep, byte_positions

_TOKEN: Final = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|<!\[CDATA\[(?P<cdata>.*?)\]\]>"
    r"|<\?(?P<target>[^\s?]+)(?P<instruction>.*?)\?>"
    r"|</[^>]*>"
    r"|<(?P<name>[^\s/>]+)"
    r"(?P<attributes>[^\"'>]*+(?:\"[^\"]*+\"[^\"'>]*+|'[^']*+'[^\"'>]*+)*+)>"
    r"|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"(?P<name>[^\s=\"'/]+)\s*=\s*(?:\"(?P<a>[^\"]*)\"|'(?P<b>[^']*)')")
_REFERENCE: Final = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(\w+));")
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """One stretch of the document's text, as the rules see it."""

    seen_at: int
    """Where it begins in what the rules see."""

    text: str
    start: int
    """Where it begins in the document; -1 for a separator that we put in."""

    is_name: bool = False
    """A name of an element or attribute, which nothing may change."""

    offsets: Offsets | None = None
    """The way back through references, if there are any."""

    @property
    def is_separator(self) -> bool:
        """Whether nothing may be found across it."""
        return self.start < 0 and self.text == SEPARATOR


@dataclass(slots=True)
class _View:
    """What the rules see of a document, and where each part of it comes from."""

    pieces: list[_Piece] = field(default_factory=list)
    length: int = 0

    def add(self, text: str, start: int = -1) -> None:
        """Add text in which references may stand, or a separator."""
        offsets = None
        if start >= 0 and "&" in text:
            text, offsets = _dereferenced(text)
        self.pieces.append(_Piece(seen_at=self.length, text=text, start=start, offsets=offsets))
        self.length += len(text)

    def add_raw(self, text: str, start: int, *, is_name: bool = False) -> None:
        """Add what holds no references: a comment, CDATA, an instruction, a name."""
        self.pieces.append(_Piece(seen_at=self.length, text=text, start=start, is_name=is_name))
        self.length += len(text)


def xml_edits(data: bytes, sweep: Sweep) -> list[Edit]:
    """
    Tell what must change in an XML document.

    The text of an element is seen as one, whatever references, CDATA sections and
    comments cut it into, with the element's name before it as context; an
    attribute's value likewise. Names themselves are not changed.

    Args:
        data: A well-formed document in UTF-8, without a DTD.

        sweep: Finds, and counts.

    Returns:
        The changes, in order. With them, *data* is as well-formed as before.

    Raises:
        InvalidContentError: A rule matches the name of an element or attribute.
    """
    document = data.decode()
    view = _view(document)
    text = "".join([piece.text for piece in view.pieces])
    hits = sweep.find(text)
    if not hits:
        return []
    starts = [piece.seen_at for piece in view.pieces]
    edits: list[_Change] = []
    for hit in hits:
        first = bisect_right(starts, hit.start) - 1
        last = bisect_right(starts, hit.end - 1)
        found = _Found(hit.start, hit.end, hit.rule)
        if not any(piece.is_separator for piece in view.pieces[first:last]):
            edits += _changes(view.pieces[first:last], found, sweep)
            continue
        # The match went across several texts: ask again for each by itself.
        for unit in _units(view.pieces, first, last):
            alone = "".join([piece.text for piece in unit])
            at = unit[0].seen_at
            for one in sweep.find(alone):
                edits += _changes(unit, _Found(one.start + at, one.end + at, one.rule), sweep)
    edits.sort()
    positions = iter(byte_positions(document, [p for e in edits for p in e[:2]]))
    return [
        Edit(start, end, edit.new.encode())
        for edit, (start, end) in zip(edits, zip(positions, positions, strict=True), strict=True)
    ]


class _Found(NamedTuple):
    """What a rule found, in characters of what the rules see."""

    start: int
    end: int
    rule: Rule


class _Change(NamedTuple):
    """One change, in characters of the document."""

    start: int
    end: int
    new: str


def _units(pieces: list[_Piece], first: int, last: int) -> Iterator[list[_Piece]]:
    """Yield the pieces between separators, of all that *first* to *last* touches."""
    while first and not pieces[first].is_separator:
        first -= 1
    unit: list[_Piece] = []
    for number in range(first, len(pieces)):
        if pieces[number].is_separator:
            if unit:
                yield unit
            unit = []
            if number >= last:
                return
        else:
            unit.append(pieces[number])
    if unit:
        yield unit


def _changes(pieces: list[_Piece], found: _Found, sweep: Sweep) -> Iterator[_Change]:
    """Yield the changes for one match: the replacement once, and nothing for the rest of it."""
    start, end, rule = found
    inside = [p for p in pieces if p.seen_at < end and p.seen_at + len(p.text) > start]
    values = [p for p in inside if p.start >= 0 and not p.is_name]
    if not values:
        if any(piece.is_name for piece in inside):
            raise InvalidContentError(
                f"The rule {rule.name} matches a name in the XML's markup, "
                "and names cannot be redacted.",
                hint="Rename it where it is written, or allow it in redact_allow.",
            )
        return
    removed = "".join([p.text[max(start - p.seen_at, 0) : end - p.seen_at] for p in values])
    new = sweep.replace(rule, removed)
    for piece in values:
        first, last = max(start - piece.seen_at, 0), min(end - piece.seen_at, len(piece.text))
        if piece.offsets is not None:
            first, last = piece.offsets.start(first), piece.offsets.end(last)
        yield _Change(piece.start + first, piece.start + last, new)
        new = ""


def _view(document: str) -> _View:
    view = _View()
    asides: list[tuple[str, int, bool]] = []
    for match in _TOKEN.finditer(document):
        kind = match.lastgroup
        if kind == "text":
            view.add(match["text"], match.start())
        elif kind == "cdata":
            view.add_raw(match["cdata"], match.start("cdata"))
        elif kind == "comment":
            asides.append((match["comment"], match.start("comment"), False))
        elif kind != "instruction":
            view.add(SEPARATOR)
            if kind is not None:
                _add_tag(view, match)
        elif match["target"] != "xml":
            asides.append((match["target"], match.start("target"), True))
            asides.append((match["instruction"], match.start("instruction"), False))
    # At the end: a comment in the middle of a text must not keep its two halves apart.
    for text, start, is_name in asides:
        view.add(SEPARATOR)
        view.add_raw(text, start, is_name=is_name)
    return view


def _add_tag(view: _View, match: re.Match[str]) -> None:
    attributes, start = match["attributes"], match.start("attributes")
    for found in _ATTRIBUTE.finditer(attributes) if attributes else ():
        group = "a" if found["a"] is not None else "b"
        view.add_raw(found["name"], start + found.start("name"), is_name=True)
        view.add(": ")
        view.add(found[group], start + found.start(group))
        view.add(SEPARATOR)
    view.add_raw(match["name"], match.start("name"), is_name=True)
    view.add(": ")


def _dereferenced(text: str) -> tuple[str, Offsets]:
    """Decode the references of a text, and tell where each position comes from."""
    pieces: list[str] = []
    offsets = Offsets()
    offsets.add(start=0, origin=0, length=-1)
    seen = length = 0
    for match in _REFERENCE.finditer(text):
        start, end = match.span()
        kept, decoded = text[seen:start], _character(match)
        pieces += (kept, decoded)
        length += len(kept)
        offsets.add(start=length, origin=start, length=end - start)
        length += len(decoded)
        offsets.add(start=length, origin=end, length=-1)
        seen = end
    pieces.append(text[seen:])
    return "".join(pieces), offsets


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))
