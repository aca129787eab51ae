"""Which names of a folder are items: include and exclude patterns, made one regular expression."""

import fnmatch
import re
from collections.abc import Callable, Sequence

IGNORED = (
    ".*",  # hidden files, and those that editors and this agent make on the way
    "*.synced",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.crdownload",
    "*.swp",
    "*.swx",
    "*~",
    "#*#",
    "~$*",
)
"""File names that are never items: settled, unfinished, or an editor's."""


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[bytes, bytes], bool]:
    """Make a test for file names.

    A pattern without a slash is compared with the file name, one with a slash
    with the path below the folder. `*` and `?` do not stop at dots.

    Args:
        include: Shell patterns, one of which must fit.
        exclude: Shell patterns, none of which may fit.

    Returns:
        A function of file name and path that tells whether the file is an item.
    """
    by_name = _any_of(include, slash=False)
    not_by_name = _any_of(exclude, slash=False)
    if not any("/" in pattern for pattern in (*include, *exclude)):
        return lambda name, _path: by_name(name) is not None and not_by_name(name) is None
    by_path = _any_of(include, slash=True)
    not_by_path = _any_of(exclude, slash=True)
    return lambda name, path: (
        (by_name(name) is not None or by_path(path) is not None)
        and not_by_name(name) is None
        and not_by_path(path) is None
    )


def _any_of(patterns: Sequence[str], *, slash: bool) -> Callable[[bytes], "re.Match[bytes] | None"]:
    chosen = [fnmatch.translate(p).encode() for p in patterns if ("/" in p) is slash]
    return re.compile(b"|".join(chosen) if chosen else rb"(?!)").match
