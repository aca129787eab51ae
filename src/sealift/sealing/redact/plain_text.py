"""Redacts plain text: UTF-8, whatever else it may be."""

from itertools import chain

from sealift.errors import InvalidContentError
from sealift.sealing.redact.sweep import Edit, Sweep, byte_positions


def text_edits(data: bytes, sweep: Sweep) -> list[Edit]:
    """
    Tell what must change in a text.

    Args:
        data: The text, in UTF-8 without a NUL.

        sweep: Finds, and counts.

    Returns:
        The changes, in order.

    Raises:
        InvalidContentError: It is no such text, so nobody can tell what is in it.
    """
    text = decoded(data)
    candidates = sweep.finder.candidates(data)
    if candidates == ():
        return []
    hits = sweep.find(text, candidates)
    starts = iter(byte_positions(text, chain.from_iterable((h.start, h.end) for h in hits)))
    return [
        Edit(start, end, sweep.replace(hit.rule, text[hit.start : hit.end]).encode())
        for hit, (start, end) in zip(hits, zip(starts, starts, strict=True), strict=True)
    ]


def decoded(data: bytes) -> str:
    """Decode a text.

    Raises:
        InvalidContentError: It is not UTF-8, or holds a NUL, as UTF-16 does.
    """
    nul = data.find(b"\0")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        offset = error.start if nul < 0 else min(nul, error.start)
    else:
        if nul < 0:
            return text
        offset = nul
    # Outside the handler: the foreign error holds the document, and must not hang on ours.
    raise InvalidContentError(
        f"The content is not UTF-8 text at byte {offset}, so it cannot be redacted.",
        hint="Deliver binary files on a route of their own, without redact.",
    )
