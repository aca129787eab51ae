"""Compares MongoDB with the stored document, record by record, and changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sealift.datasets.document import Document, Key, Record, digest_of, fingerprint
from sealift.datasets.mongo import Mongo

MOST_KEYS: Final = 100
"""So many keys of each kind are listed; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys of records that are not as they should be."""

    count: int
    first: tuple[Key, ...]
    """At most a hundred of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a comparison found."""

    dataset: str
    url: str
    place: str
    agree: bool
    """Every record of the one is in the other, with the same values."""

    version: int | None
    """Of the stored document."""

    stored_records: int
    database_records: int
    stored_digest: str
    database_digest: str
    missing: Keys
    """Records that the database lacks."""

    surplus: Keys
    """Records that only the database has."""

    different: Keys
    """Records that differ in a value."""


def verify(
    document: Document, records: Iterable[tuple[Key, Record]], url: str, dataset: str, mongo: Mongo
) -> Verified:
    """Compare a document with the records of the database.

    Args:
        document: The stored one.
        records: The database's: `_id`, and the rest.
        url: Where the document is, for the report.
        dataset: The dataset's name.
        mongo: Where the records are.
    """
    key_of = mongo.key
    wanted = {record[key_of]: fingerprint(record) for record in document.records}
    stored_digest = digest_of(wanted.values())
    prints: list[bytes] = []
    surplus: list[Key] = []
    different: list[Key] = []
    for key, record in records:
        prints.append(fingerprint(record))
        # Others' documents may have a key of any kind; true would be taken for 1.
        known = isinstance(key, int | float | str) and not isinstance(key, bool)
        print_ = wanted.pop(key, None) if known else None
        if print_ is None:
            surplus.append(key if known else repr(key))
        elif print_ != prints[-1] or record[key_of] != key:
            different.append(key)
    missing = list(wanted)
    return Verified(
        dataset=dataset,
        url=url,
        place=mongo.place,
        agree=not (missing or surplus or different),
        version=document.version,
        stored_records=document.count,
        database_records=len(prints),
        stored_digest=stored_digest,
        database_digest=digest_of(prints),
        missing=_keys(missing),
        surplus=_keys(surplus),
        different=_keys(different),
    )


def _keys(found: list[Key]) -> Keys:
    return Keys(count=len(found), first=tuple(found[:MOST_KEYS]))
