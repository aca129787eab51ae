"""Dated copies of published documents, and how long they are kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from sealift.datasets.options import DatasetOptions
from sealift.destinations.versioned import VersionedStore
from sealift.errors import AlreadyThereError
from sealift.sealing.parcel import Parcel

_NAME: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)/(?P<stem>.+)\.(?P<version>-?\d+|none)\.(?P<sha>[0-9a-f]{16})"
    r"(?P<suffix>\.[^./]*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedCopy:
    """A copy of a document that was published."""

    key: str
    day: date
    """When it was published, in UTC."""

    version: int | None
    sha256_begin: str
    """The first 16 digits of the SHA-256 of its body."""

    size: int


class Copies:
    """The copies in one store.

    Args:
        store: Where the documents are too.
        options: The dataset's.
    """

    def __init__(self, store: VersionedStore, options: DatasetOptions) -> None:
        self._store = store
        self._prefix = store.prefix + options.history_prefix
        self._days = options.history_days

    def keep(
        self,
        name: str,
        version: int | None,
        parcel: Parcel,
        *,
        put_id: str,
        now: float,
        anew: bool,
    ) -> str:
        """Keep a copy, and delete those that were replaced longer ago than they are kept.

        Args:
            name: The document's, under the store's prefix.
            version: Its version.
            parcel: What was published.
            put_id: The copy's own.
            now: Seconds since 1970.
            anew: It was published just now. Otherwise an earlier copy will do.

        Returns:
            The copy's key.
        """
        there = list(self.list(name))
        begin = parcel.sha256[:16]
        today = datetime.fromtimestamp(now, UTC).date()
        same = [one.key for one in there if one.sha256_begin == begin]
        if same and not anew:
            return same[-1]
        stem, dot, suffix = name.rpartition(".")
        middle = f"{'none' if version is None else version}.{begin}"
        whole = f"{stem}.{middle}.{suffix}" if dot else f"{name}.{middle}"
        key = f"{self._prefix}{today:%Y-%m-%d}/{whole}"
        if key not in same:
            self._create(key, parcel, put_id)
        for one, later in pairwise(there):
            if later.day < today - timedelta(days=self._days):
                self._store.delete(one.key)
        return key

    def list(self, name: str) -> Iterator[DatedCopy]:
        """Give the copies of a document, the oldest first."""
        stem, dot, suffix = name.rpartition(".")
        wanted = (stem, f".{suffix}") if dot else (name, None)
        for found in self._store.list(self._prefix):
            match = _NAME.fullmatch(found.key.removeprefix(self._prefix))
            if match is None or (match["stem"], match["suffix"]) != wanted:
                continue
            try:
                day = date.fromisoformat(match["date"])
            except ValueError:
                continue
            yield DatedCopy(
                key=found.key,
                day=day,
                version=None if match["version"] == "none" else int(match["version"]),
                sha256_begin=match["sha"],
                size=found.size,
            )

    def _create(self, key: str, parcel: Parcel, put_id: str) -> None:
        try:
            self._store.create(key, parcel, put_id=put_id)
        except AlreadyThereError:
            return  # its name holds its hash: it is the same
