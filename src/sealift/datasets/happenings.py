"""What happens to datasets, beside what every route tells; `route` is the dataset's name."""

from dataclasses import dataclass

from sealift.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPushed(Event):
    """A destination has a document, and what it gives back is what was sent."""

    url: str
    outcome: str
    """`stored`, or `unchanged`: it had this very document, and nothing was sent."""

    version: int | None
    records: int
    sha256: str
    """Of the document, not compressed."""

    etag: str
    size: int
    """Bytes of the body as it is stored."""

    copy: str
    """Key of the dated copy; empty for none."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSynced(Event):
    """MongoDB holds what the object says, compared record by record."""

    url: str
    place: str
    """`database.collection`."""

    outcome: str
    """`synced`, or `unchanged`: nothing was downloaded or written."""

    version: int | None
    records: int
    added: int
    changed: int
    removed: int
    way: str
    """How: `transaction`, `rename` or `snapshot`; empty if nothing was written."""

    sha256: str
    """Of the document, not compressed."""

    digest: str
    """Of the records, whatever their order: the same for the document and the collection."""

    etag: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetProgressed(Event):
    """Part of a long piece of work is done."""

    doing: str
    """`write`, `compare` or `verify`."""

    done: int
    """Records so far."""

    records: int
    """Records in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFailed(Event):
    """A sync that is repeated failed; MongoDB keeps what it had, and it is tried again."""

    code: str
    reason: str
    next_try_seconds: float
