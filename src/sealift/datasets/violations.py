"""What is wrong with a document: each place, in words, up to a hundred, and how many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sealift.errors import InvalidContentError

MOST: Final = 100
"""So many are told one by one; the rest is counted."""

_NAMES: Final[Mapping[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}
_LONGEST_NAME: Final = 60

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that is wrong with a document."""

    path: str
    """Where: `$.tow_and_go[3].link_id`, or a line and column of the text."""

    problem: str
    """What, going on after the path: `must be a number, and is text`."""

    def __str__(self) -> str:
        return f"{self.path} {self.problem}"


class InvalidDocumentError(InvalidContentError):
    """The document is not what its dataset says. Nothing of it was stored.

    Args:
        where: Which document, for the message.
        violations: The first of them.
        count: How many there are.
    """

    def __init__(self, where: str, violations: Sequence[Violation], count: int) -> None:
        told = "".join(f"\n  {one}" for one in violations)
        more = f"\n  and {count - len(violations)} more." if count > len(violations) else ""
        errors = "1 error" if count == 1 else f"{count} errors"
        super().__init__(
            f"{where} has {errors}:{told}{more}",
            hint="Mend it where it is written; nothing of it was stored.",
        )
        self.violations = tuple(violations)
        self.count = count


class Violations:
    """Gathers what is wrong."""

    def __init__(self) -> None:
        self.told: list[Violation] = []
        self.count = 0

    def add(self, path: Path | str, problem: str) -> None:
        """Note one; after the first hundred it is merely counted."""
        self.count += 1
        if len(self.told) < MOST:
            place = path if isinstance(path, str) else rendered(path)
            self.told.append(Violation(path=place, problem=problem))

    def raise_if_any(self, where: str) -> None:
        """Raise InvalidDocumentError if anything is wrong with the document *where*."""
        if self.count:
            raise InvalidDocumentError(where, self.told, self.count)


def rendered(path: Path) -> str:
    """Write a path as people write it: `$.tow_and_go[3].link_id`."""
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else f".{named(step)}" for step in path
    )


def named(field: str) -> str:
    """Write a field's name so that it is one line, and not for ever."""
    text = field if field.isprintable() else ascii(field)[1:-1]
    return text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…"


def kind_of(value: Any) -> str:
    """Say in words what kind of JSON value this is."""
    return _NAMES[type(value)]
