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
    with the path below the folder. `*` stops neither at dots nor at slashes, and
    `?` is one character, or one byte that is not UTF-8.

    Args:
        include: Shell patterns, one of which must fit.
        exclude: Shell patterns, none of which may fit.

    Returns:
        A function of file name and path that tells whether the file is an item.
    """
    by_name = _any_of(include, slash=False)
    not_by_name = _any_of(exclude, slash=False)
    by_path = _any_of(include, slash=True)
    not_by_path = _any_of(exclude, slash=True)

    def by_name_only(name: bytes, _path: bytes) -> bool:
        text = name.decode("utf-8", "surrogateescape")
        return by_name(text) is not None and not_by_name(text) is None

    def by_both(name: bytes, path: bytes) -> bool:
        text = name.decode("utf-8", "surrogateescape")
        whole = path.decode("utf-8", "surrogateescape")
        return (by_name(text) is not None or by_path(whole) is not None) and (
            not_by_name(text) is None and not_by_path(whole) is None
        )

    return by_both if any("/" in pattern for pattern in (*include, *exclude)) else by_name_only


def _any_of(patterns: Sequence[str], *, slash: bool) -> Callable[[str], "re.Match[str] | None"]:
    chosen = [fnmatch.translate(p) for p in patterns if ("/" in p) is slash]
    return re.compile("|".join(chosen) if chosen else "(?!)").match
