"""What may be set about a dataset: its document, its copies in S3, and its place in MongoDB."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from sealift.datasets.dataset import Dataset
from sealift.destinations.s3_options import S3Options

DEFAULT_MAX_BYTES: Final = 64 * 1024 * 1024


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions:
    """The section `datasets.NAME`. What describes the document is known for `tow-and-go`."""

    schema: Path | None = field(
        default=None, metadata=_help("JSON Schema of the document; built in for tow-and-go.")
    )
    array: str = field(default="", metadata=_help("Field that holds the records."))
    record_key: str = field(
        default="", metadata=_help("Field of a record that no two share; it becomes `_id`.")
    )
    version: str = field(
        default="",
        metadata=_help("Field with a whole number that grows; a document with a smaller is stale."),
    )
    indexes: tuple[str, ...] = field(
        default=(), metadata=_help("Fields of a record that MongoDB indexes.")
    )
    key: str = field(
        default="", metadata=_help("Name of the object under the prefix; empty for NAME.json.")
    )
    unknown_fields: Literal["refuse", "allow"] = field(
        default="refuse",
        metadata=_help("allow lets fields through that the schema does not name."),
    )
    unsigned: Literal["refuse", "accept"] = field(
        default="refuse",
        metadata=_help("accept syncs objects too that no push stored: nothing proves them whole."),
    )
    compress: Literal["none", "gzip"] = field(
        default="none", metadata=_help("gzip stores the object with Content-Encoding: gzip.")
    )
    history_days: int = field(
        default=0,
        metadata=_help("How long dated copies are kept under history_prefix; 0 for no copies."),
    )
    history_prefix: str = field(
        default="history/", metadata=_help("Where the copies go, under the destination's prefix.")
    )
    max_document_bytes: int = field(
        default=DEFAULT_MAX_BYTES, metadata=_help("Largest document, in bytes, not compressed.")
    )
    poll_seconds: float = field(
        default=30.0, metadata=_help("How often `sync --watch` looks for a new object.")
    )
    queue_url: str = field(
        default="", metadata=_help("SQS queue of the bucket's events, for `sync --watch`.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        found = []
        if self.history_days < 0:
            found.append("history_days must be 0 or more.")
        if not self.history_prefix.endswith("/") or self.history_prefix.startswith("/"):
            found.append("history_prefix must end with / and not begin with it.")
        if self.max_document_bytes < 1:
            found.append("max_document_bytes must be 1 or more.")
        if not self.poll_seconds > 0:
            found.append("poll_seconds must be above 0.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoOptions:
    """The section `datasets.NAME.mongo`."""

    uri: str = field(repr=False, metadata=_help("Connection string, with user and password."))
    database: str = field(default="", metadata=_help("Database; empty for the one in the URI."))
    collection: str = field(
        default="", metadata=_help("Collection; empty for the dataset's name with _ for -.")
    )
    mode: Literal["records", "snapshot"] = field(
        default="records",
        metadata=_help("records: a document for each record; snapshot: one for each sync."),
    )
    keep: int = field(default=10, metadata=_help("How many snapshots are kept."))
    switch: Literal["auto", "transaction", "rename"] = field(
        default="auto",
        metadata=_help(
            "How a set takes the place of another: in a transaction, or by renaming a copy. auto: "
            "a transaction for few changes, if the server can."
        ),
    )
    batch_records: int = field(default=1000, metadata=_help("Records of one bulk write."))
    connect_seconds: float = field(
        default=10.0, metadata=_help("How long finding and reaching the primary may take.")
    )
    request_seconds: float = field(
        default=120.0, metadata=_help("How long an answer of the server may take.")
    )
    tls_ca_file: Path | None = field(
        default=None,
        metadata=_help("PEM file of the authorities to trust; with it, TLS is spoken."),
    )
    tls_certificate_file: Path | None = field(
        default=None, metadata=_help("PEM file of this client's certificate and key, for TLS.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        found = []
        if self.keep < 1:
            found.append("keep must be 1 or more.")
        if not 1 <= self.batch_records <= 100_000:
            found.append("batch_records must be 1 to 100000.")
        if not (self.connect_seconds > 0 and self.request_seconds > 0):
            found.append("connect_seconds and request_seconds must be above 0.")
        found += [
            f"{name} {str(path)!r} is not a file."
            for name, path in self._files()
            if path and not path.is_file()
        ]
        return found

    def _files(self) -> Iterator[tuple[str, Path | None]]:
        yield "tls_ca_file", self.tls_ca_file
        yield "tls_certificate_file", self.tls_certificate_file


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetConfig:
    """A dataset, and where it goes."""

    dataset: Dataset
    destinations: tuple[S3Options, ...]
    """At least one; `sync`, `verify` and `rollback` read from the first."""

    options: DatasetOptions = field(default_factory=DatasetOptions)
    mongo: MongoOptions | None = None
