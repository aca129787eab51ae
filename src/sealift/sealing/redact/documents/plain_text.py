"""Redacts plain text: UTF-8, whatever else it may be."""

from sealift.errors import InvalidContentError
from sealift.sealing.redact.sweep import Edit, Sweep


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
    _refuse_other_encodings(data)
    return found_edits(data, sweep)


def found_edits(data: bytes, sweep: Sweep) -> list[Edit]:
    """Tell what must change in UTF-8 text, which may hold lone surrogates."""
    return [
        Edit(start, end, sweep.replace(rule, data[start:end].decode(errors="replace")).encode())
        for start, end, rule in sweep.find_in_text(data)
    ]


def _refuse_other_encodings(data: bytes) -> None:
    """Let UTF-8 pass; a NUL is a sign of UTF-16."""
    nul = data.find(b"\0")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        offset = error.start if nul < 0 else min(nul, error.start)
    else:
        if nul < 0:
            return
        offset = nul
    # Outside the handler: the foreign error holds the document, and must not hang on ours.
    raise InvalidContentError(
        f"The content is not UTF-8 text at byte {offset}, so it cannot be redacted.",
        hint="Deliver binary files on a route of their own, without redact.",
    )
