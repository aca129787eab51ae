"""Reads a dataset's document, strictly, and fingerprints its records."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from sealift.datasets.dataset import Dataset
from sealift.datasets.general import GeneralCheck
from sealift.datasets.numbers import check_numbers
from sealift.datasets.shape import shape_of
from sealift.datasets.violations import Violations
from sealift.errors import InvalidContentError, TooLargeError
from sealift.sealing.strict_json import check_json

_DEEPEST: Final = 254
_NO_NUMBER: Final = re.compile(rb"[:\[,][ \t\r\n]*-?(?:NaN|nan|Infinity|inf)\b")

Record = dict[str, Any]
Key = int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that its dataset accepts."""

    version: int | None
    """Its own version number; None if its dataset has none."""

    sha256: str
    """Of its text, not compressed."""

    count: int
    """How many records it has; at least one."""

    records: list[Record] = field(repr=False)


class DocumentReader:
    """Reads documents of one dataset; may be used from many threads.

    Args:
        dataset: Whose documents.
        max_bytes: Largest text, not compressed.

    Raises:
        ConfigError: The dataset's schema is none, or the extra that checks it is missing.
    """

    def __init__(self, dataset: Dataset, max_bytes: int) -> None:
        self.dataset = dataset
        self.max_bytes = max_bytes
        self._check = shape_of(dataset.schema, dataset.array) or GeneralCheck(
            dataset.schema, dataset.array, dataset.name
        )

    def read(self, text: bytes, where: str) -> Document:
        """Read a document, or refuse it with all that is wrong.

        Args:
            text: The JSON text.
            where: Which document this is, for messages.

        Raises:
            TooLargeError: It is over *max_bytes*.
            InvalidContentError: It is no JSON, or not as strict as JSON can be.
            InvalidDocumentError: It is JSON, and not what the dataset says.
        """
        value = self._parse(text, where)
        found = Violations()
        check_numbers(text, found)
        self._check.check(value, found)
        version = self._version(value, found)
        records = self._records(value, found)
        self._keys(records, found)
        found.raise_if_any(where)
        return Document(
            version=version,
            sha256=hashlib.sha256(text).hexdigest(),
            count=len(records),
            records=records,
        )

    def _parse(self, text: bytes, where: str) -> Any:
        if len(text) > self.max_bytes:
            raise TooLargeError(
                f"{where} is larger than max_document_bytes = {self.max_bytes}.",
                hint="Raise max_document_bytes in the dataset's section.",
            )
        try:
            return check_json(text, max_bytes=len(text), max_depth=_DEEPEST)
        except InvalidContentError as error:
            message, hint = error.message, error.hint
        if _NO_NUMBER.search(text):
            hint = "JSON knows no NaN and no Infinity: write null, or leave the record out."
        raise InvalidContentError(f"{where}: {message}", hint=hint)

    def _version(self, value: Any, found: Violations) -> int | None:
        name = self.dataset.version
        if not name or type(value) is not dict:
            return None
        version = value.get(name)
        if type(version) is int:
            return version
        if not found.count:
            found.add((name,), "must be a whole number: it tells which document is newer")
        return None

    def _records(self, value: Any, found: Violations) -> list[Record]:
        records = value.get(self.dataset.array) if type(value) is dict else None
        if type(records) is list and records and not found.count:
            return records
        if not found.count:
            found.add((self.dataset.array,), "must be an array with at least one record")
        # Of a broken document, what can be compared is looked at all the same.
        return records if type(records) is list else []

    def _keys(self, records: list[Any], found: Violations) -> None:
        """Note records whose key is missing, no key, or another's."""
        name, array = self.dataset.record_key, self.dataset.array
        sound = not found.count
        if sound:
            keys = [record.get(name) if type(record) is dict else None for record in records]
            if {type(key) for key in keys} <= {int, str, float} and len(set(keys)) == len(keys):
                self._reserved(records, found)
                return
        first: dict[Key, int] = {}
        for index, record in enumerate(records):
            key = record.get(name) if type(record) is dict else None
            if not isinstance(key, int | str | float) or isinstance(key, bool):
                if sound:
                    found.add((array, index, name), "must be a number or text: it is the key")
                continue
            before = first.setdefault(key, index)
            if before != index:
                found.add((array, index, name), f"is the same as in record {before}")

    def _reserved(self, records: list[Record], found: Violations) -> None:
        for index, record in enumerate(records):
            if "_id" in record:
                found.add((self.dataset.array, index, "_id"), "is MongoDB's own field")


def fingerprint(record: Mapping[str, Any]) -> bytes:
    """Give the SHA-256 of a record: the same for the same values, whatever their fields' order.

    1 and 1.0 are the same key, and still different values.
    """
    # Of the hash and not of the text: orjson's short texts keep a kilobyte each.
    text = orjson.dumps(record, default=repr, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).digest()


def digest_of(fingerprints: Iterable[bytes]) -> str:
    """Fingerprint a set of records by theirs; the records' order does not matter."""
    return hashlib.sha256(b"".join(sorted(fingerprints))).hexdigest()
