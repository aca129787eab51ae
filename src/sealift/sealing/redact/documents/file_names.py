"""Redacts file names: what Sealift would send of them, in a key."""

import re

from sealift.sealing.redact.search.finder import Hit, joined
from sealift.sealing.redact.sweep import Sweep


def redacted_name(name: bytes, sweep: Sweep, known_suffix: bytes = b"") -> bytes:
    """
    Give a file's path without what the rules find in it.

    A blank is often written `_` in names, so the rules look at both spellings. The
    last suffix stays, so that a name still tells what kind of file it is.

    Args:
        name: Path as the file system gave it, `/` between its segments; any bytes.

        sweep: Finds, and counts.

        known_suffix: How the name ends, if that tells the kind of file: it stays.
    """
    stem_bytes = name.removesuffix(known_suffix)
    spellings = {name, stem_bytes, name.replace(b"_", b" "), stem_bytes.replace(b"_", b" ")}
    if all(map(sweep.finder.is_clean, spellings)):
        return name
    # A byte that is no UTF-8 becomes one character that no rule knows.
    text = name.decode("utf-8", "surrogateescape")
    seen = re.sub("[\ud800-\udfff\0]", "\ufffd", text)
    stem = len(text) - len(known_suffix)
    hits = _hits(seen[:stem], sweep)
    if known_suffix:
        # The suffix may be what makes the rest known, as in a name that is a domain.
        hits = joined([*hits, *(h._replace(end=min(h.end, stem)) for h in _hits(seen, sweep))])
    pieces: list[str] = []
    done = 0
    for hit in hits:
        pieces += (text[done : hit.start], sweep.replace(hit.rule, text[hit.start : hit.end]))
        done = hit.end
    return ("".join(pieces) + text[done:]).encode("utf-8", "surrogateescape")


def _hits(text: str, sweep: Sweep) -> list[Hit]:
    hits = sweep.find(text)
    if "_" in text:
        hits = joined([*hits, *sweep.find(text.replace("_", " "))])
    return hits
