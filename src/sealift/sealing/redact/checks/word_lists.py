"""Words: those of a text, and the lists of them beside the packs, each read once."""

import functools
import re
from importlib import resources
from typing import Final

_PACKAGE: Final = "sealift.sealing.redact"
"""Where the folder `packs` is."""

WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*\.?")


@functools.cache
def listed(name: str) -> frozenset[str]:
    """Return the words of the list *name*, lower-case; lines that begin with # are remarks."""
    file = resources.files(_PACKAGE).joinpath("packs").joinpath(name)
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def words_of(text: str) -> list[str]:
    """Return the words of a text, in lower case and without full stops."""
    return [word.casefold().rstrip(".") for word in WORD.findall(text)]
