"""The lists of words beside the packs, each read once."""

import functools
from importlib import resources


@functools.cache
def listed(name: str) -> frozenset[str]:
    """Return the words of the list *name*, lower-case; lines that begin with # are remarks."""
    file = resources.files(__package__).joinpath("packs").joinpath(name)
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
