"""A text as the rules see it, and the way back to how it is written."""

from itertools import chain
from typing import NamedTuple

from sealift.sealing.redact.search.disguise import odd_characters, plain
from sealift.sealing.redact.search.offsets import Offsets
from sealift.sealing.redact.search.positions import byte_positions, character_positions
from sealift.sealing.redact.search.spans import Span, merged


class View(NamedTuple):
    """One text without its disguises."""

    seen: bytes
    """What the rules search, in UTF-8."""

    text: str = ""
    """The text as it is written, where that is something else."""

    offsets: Offsets | None = None
    """Where the characters of what is seen are written; None where they stand one for one."""

    def written(self, spans: list[Span]) -> list[Span]:
        """Tell where in the written text's bytes stands what was found, in order."""
        if not self.text or not spans:
            return spans
        ends = character_positions(self.seen, chain.from_iterable(s[:2] for s in spans))
        spans = [(next(ends), next(ends), number) for _, _, number in spans]
        if (offsets := self.offsets) is not None:
            # Two may meet within one written character that means several.
            spans = merged([(offsets.start(a), offsets.end(b), number) for a, b, number in spans])
        places = iter(byte_positions(self.text, chain.from_iterable(s[:2] for s in spans)))
        return [(next(places), next(places), number) for _, _, number in spans]


def view_of(data: bytes, odd: frozenset[str] | None = None) -> View:
    """
    Take the disguises off a text.

    Args:
        data: UTF-8 text.

        odd: Its `odd_characters`, or those of a text around it, if they are known.
    """
    if odd is None:
        odd = odd_characters(data)
    if b"&" not in data and b"\\" not in data and (not odd or data.isascii()):
        return View(data)
    text = data.decode("utf-8", "surrogatepass")
    simple, offsets = plain(text, odd)
    if simple is text:
        return View(data)
    return View(simple.encode("utf-8", "surrogatepass"), text, offsets)
