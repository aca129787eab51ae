"""Snapshots: one MongoDB document for each sync, with all records in it."""

from typing import Any, Final

from sealift.datasets.dataset import Dataset
from sealift.datasets.document import Document
from sealift.datasets.mongo import Mongo
from sealift.datasets.mongo_library import bson_size
from sealift.datasets.mongo_state import State
from sealift.datasets.stored import StoredText
from sealift.errors import TooLargeError

MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
"""https://www.mongodb.com/docs/manual/reference/limits/#mongodb-limit-BSON-Document-Size"""


def put_snapshot(
    mongo: Mongo,
    dataset: Dataset,
    document: Document,
    stored: StoredText,
    *,
    claimed: State,
    keep: int,
) -> None:
    """Store a document as one snapshot, and delete all but the newest.

    `created_at` is when the collection was claimed for it, by the server's clock: so a
    sync that was stopped for a while does not come out as the newest. Its `_id` is the
    object's put id, so that a sync which was killed and run again makes no second one.

    Raises:
        TooLargeError: It is over what one document can hold; nothing was written.
    """
    snapshot: dict[str, Any] = {
        "_id": stored.put_id or stored.etag,
        dataset.array: document.records,
        "created_at": claimed.claimed_at,
        "sha256": document.sha256,
    }
    if dataset.version:
        snapshot[dataset.version] = document.version
    if (size := bson_size(snapshot)) > MAX_DOCUMENT_BYTES:
        raise TooLargeError(
            f"A snapshot of {document.count} records has {size} bytes, and MongoDB takes "
            f"{MAX_DOCUMENT_BYTES}. Nothing was written.",
            hint='Use mode = "records", which stores each record by itself.',
        )
    mongo.put_snapshot(snapshot, keep)
