"""What a dataset is: one JSON document under a fixed name, and the array of records in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sealift.errors import ConfigError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A kind of document: its shape, what tells its records apart, and where it goes.

    Raises:
        ConfigError: The parts do not fit together.
    """

    name: str
    """1 to 64 of a-z, 0-9, `.`, `_` and `-`."""

    schema: Mapping[str, Any] = field(repr=False)
    """JSON Schema of the whole document; it must stand on its own."""

    array: str
    """Field of the document that holds the records."""

    record_key: str
    """Field of a record that no two records share: a number or a text."""

    version: str = ""
    """Field of the document with a whole number that grows; empty: none is the older one."""

    key: str = ""
    """Name of the object, under the destination's prefix; empty for `NAME.json`."""

    collection: str = ""
    """MongoDB collection; empty for the name with `_` in place of other signs."""

    indexes: tuple[str, ...] = ()
    """Fields of a record that MongoDB indexes."""

    def __post_init__(self) -> None:
        if problems := self._problems():
            raise ConfigError(
                f"The dataset {self.name!r} cannot be: {'; '.join(problems)}.",
                hint="Correct it and start again.",
            )

    @property
    def object_name(self) -> str:
        """Name of the object where no other is given."""
        return self.key or f"{self.name}.json"

    @property
    def collection_name(self) -> str:
        """Name of the collection where no other is given."""
        return self.collection or re.sub(r"[.-]", "_", self.name)

    def allowing_unknown_fields(self) -> "Dataset":
        """Give the same dataset, but fields that its schema does not name are let through."""
        return replace(self, schema=_opened(self.schema))

    def _problems(self) -> list[str]:
        found = []
        if not _NAME.fullmatch(self.name):
            found.append("its name may hold only a-z, 0-9, . _ and -")
        named = ("array", "record_key", *(("version",) if self.version else ()))
        found += [
            f"{what} {getattr(self, what)!r} is no name of a field"
            for what in named
            if not _FIELD.fullmatch(getattr(self, what))
        ]
        if self.record_key == "_id":
            found.append("record_key must not be _id, which is MongoDB's own")
        if bad := [one for one in self.indexes if not one or one.startswith("$")]:
            found.append(f"indexes {bad} are no names of fields")
        return found


def _opened(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a schema without its `additionalProperties: false`."""
    return {
        name: _opened(value) if isinstance(value, Mapping) else value
        for name, value in schema.items()
        if (name, value) != ("additionalProperties", False)
    }
