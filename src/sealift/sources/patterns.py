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
    wanted_name, wanted_path = _compiled(include)
    unwanted_name, unwanted_path = _compiled(exclude)

    def is_item(name: bytes, path: bytes) -> bool:
        return (wanted_name(name) is not None or wanted_path(path) is not None) and (
            unwanted_name(name) is None and unwanted_path(path) is None
        )

    return is_item


_Match = Callable[[bytes], "re.Match[bytes] | None"]


def _compiled(patterns: Sequence[str]) -> tuple[_Match, _Match]:
    by_name = [p for p in patterns if "/" not in p]
    by_path = [p for p in patterns if "/" in p]
    return _any_of(by_name), _any_of(by_path)


def _any_of(patterns: Sequence[str]) -> _Match:
    if not patterns:
        return re.compile(rb"(?!)").match
    return re.compile(b"|".join(fnmatch.translate(pattern).encode() for pattern in patterns)).match
