"""Puts the alternatives of patterns in an order in which RE2 joins those that begin alike."""

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\(\?(?:P<\w+>|[a-zA-Z-]*:)|\(\?[a-zA-Z-]+\)|[()|]|[^\\\[()|]+",
    re.DOTALL,
)
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z-]+)\)")


def ordered(pattern: str) -> str:
    """
    Return a pattern that matches in the same texts, with its alternatives sorted in each group.

    RE2 joins neighbours that begin with the same letters, and no others. What is left of a long
    list of words has to be kept in every state of an automaton, so that lists by languages
    would cost several times as much. Where in a text a match is may change, not whether one is.

    Args:
        pattern: RE2 syntax.
    """
    groups: list[_Group] = [_Group("", folds=False)]
    for piece in _TOKEN.findall(pattern):
        if piece == "|":
            groups[-1].alternatives.append("")
        elif piece == ")" and len(groups) > 1:
            text = groups.pop().text() + ")"
            groups[-1].alternatives[-1] += text
        elif _FLAGS.fullmatch(piece):
            groups[-1].is_kept = True  # the flags hold for what follows
            groups[-1].alternatives[-1] += piece
        elif piece.startswith("("):
            folds = groups[-1].folds if "i" not in piece.partition("<")[0] else "-" not in piece
            groups.append(_Group(piece, folds=folds))
        else:
            groups[-1].alternatives[-1] += piece
    return groups[0].text()


class _Group:
    """What has been read of a group."""

    def __init__(self, opening: str, *, folds: bool) -> None:
        self.opening = opening
        self.alternatives = [""]
        self.folds = folds
        """Whether it is matched without regard to case, which joins letters of both cases."""

        self.is_kept = False

    def text(self) -> str:
        some = self.alternatives
        if not self.is_kept and len(some) > 1:
            some = sorted(set(some))
            if self.folds:
                some.sort(key=str.casefold)
        return self.opening + "|".join(some)
