"""Redacts well-formed XML in place: text, attributes, comments, CDATA and instructions."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from sealift.errors import InvalidContentError
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.finder import SEPARATOR
from sealift.sealing.redact.search.offsets import Offsets, respelled
from sealift.sealing.redact.search.positions import byte_positions
from sealift.sealing.redact.sweep import Edit, Sweep

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
    found: list[_Match] = []
    for hit in hits:
        first = bisect_right(starts, hit.start) - 1
        last = bisect_right(starts, hit.end - 1)
        one = _Found(hit.start, hit.end, hit.rule)
        if not any(piece.is_separator for piece in view.pieces[first:last]):
            found += _matches(view.pieces[first:last], one)
            continue
        # The match went across several texts: ask again for each by itself.
        for unit in _units(view.pieces, first, last):
            alone = "".join([piece.text for piece in unit])
            at = unit[0].seen_at
            for again in sweep.find(alone):
                found += _matches(unit, _Found(again.start + at, again.end + at, again.rule))
    edits = list(_edits(found, sweep))
    positions = iter(byte_positions(document, [p for e in edits for p in e[:2]]))
    return [
        Edit(start, end, new.encode())
        for (_, _, new), (start, end) in zip(
            edits, zip(positions, positions, strict=True), strict=True
        )
    ]


class _Found(NamedTuple):
    """What a rule found, in characters of what the rules see."""

    start: int
    end: int
    rule: Rule


class _Match(NamedTuple):
    """What a rule found, in characters of the document; in several stretches, maybe."""

    spans: tuple[tuple[int, int], ...]
    rule: Rule
    removed: str


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


def _matches(pieces: list[_Piece], found: _Found) -> Iterator[_Match]:
    """Yield what was found, if it is of values."""
    start, end, rule = found
    inside = [p for p in pieces if p.seen_at < end and p.seen_at + len(p.text) > start]
    values = [p for p in inside if p.start >= 0 and not p.is_name]
    if values:
        removed = "".join([p.text[max(start - p.seen_at, 0) : end - p.seen_at] for p in values])
        yield _Match(tuple(_span(piece, start, end) for piece in values), rule, removed)
    elif any(piece.is_name for piece in inside):
        raise InvalidContentError(
            f"The rule {rule.name} matches a name in the XML's markup, "
            "and names cannot be redacted.",
            hint="Rename it where it is written, or allow it in redact_allow.",
        )


def _span(piece: _Piece, start: int, end: int) -> tuple[int, int]:
    first, last = max(start - piece.seen_at, 0), min(end - piece.seen_at, len(piece.text))
    if piece.offsets is not None:
        first, last = piece.offsets.start(first), piece.offsets.end(last)
    return piece.start + first, piece.start + last


def _edits(found: list[_Match], sweep: Sweep) -> Iterator[tuple[int, int, str]]:
    """Yield the changes: for each match the replacement once, and nothing for the rest of it."""
    spans = [(*span, number) for number, match in enumerate(found) for span in match.spans]
    spans.sort(key=lambda span: (span[0], -span[1]))
    replaced: set[int] = set()
    done = 0
    for start, end, number in spans:
        if end <= done:
            continue
        new = ""
        if number not in replaced:
            replaced.add(number)
            new = sweep.replace(found[number].rule, found[number].removed)
        yield max(start, done), end, new
        done = end


def _view(document: str) -> _View:
    """Make what the rules see: each element's text, and then what stands aside."""
    view = _View()
    asides: list[re.Match[str]] = []
    run: list[re.Match[str]] = []
    for match in _TOKEN.finditer(document):
        kind = match.lastgroup
        if kind in {"text", "cdata"}:
            run.append(match)
            _add_value(view, match)
        elif kind in {"comment", "instruction"}:
            asides.append(match)
        else:
            asides += run if len(run) > 1 else ()
            run = []
            view.add(SEPARATOR)
            if kind is not None:
                _add_tag(view, match)
    # At the end: a comment in the middle of a text must not keep its two halves apart. The
    # parts of such a text come again, each alone: put together they may hide each other.
    for match in asides:
        view.add(SEPARATOR)
        _add_value(view, match)
    return view


def _add_value(view: _View, match: re.Match[str]) -> None:
    kind = match.lastgroup
    if kind == "text":
        view.add(match["text"], match.start())
    elif kind != "instruction":
        view.add_raw(match[kind or 0], match.start(kind or 0))
    elif match["target"] != "xml":
        view.add_raw(match["target"], match.start("target"), is_name=True)
        view.add_raw(match["instruction"], match.start("instruction"))


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
    references = _REFERENCE.finditer(text)
    return respelled(text, ((*one.span(), _character(one)) for one in references))


def _character(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return _NAMED[name]
    return chr(int(hexadecimal, 16) if hexadecimal else int(decimal))
