"""Trusts no object before its bytes were read again, and removes those of ours that are damaged."""

from collections.abc import Callable
from dataclasses import replace

from sealift.destinations.base import Found
from sealift.destinations.s3_look import Body, Eyes
from sealift.errors import (
    AccessDeniedError,
    OutcomeUnknownError,
    SealiftError,
    StoreRefusedError,
    TransientError,
)
from sealift.sealing.parcel import Parcel


class ReadBack:
    """What `verify = "read-back"` does. It needs the rights to get and to delete objects.

    Args:
        eyes: Reads the bucket.
        delete: Deletes the object under a key.
    """

    def __init__(self, eyes: Eyes, delete: Callable[[str], None]) -> None:
        self._eyes = eyes
        self._delete = delete
        self._doing = f"Reading back from s3://{eyes.link.options.bucket}"

    def verify(
        self,
        key: str,
        parcel: Parcel,
        etag: str,
        *,
        put_id: str,
        again: Callable[[str], str] | None = None,
    ) -> str:
        """Read back what a put left; if it differs, put it *again* once, and then remove it.

        Args:
            key: Where it was put.
            parcel: What was put.
            etag: Of the version that the put made.
            put_id: Whose put it was.
            again: Replaces the version of this ETag; gives the new one's.

        Returns:
            The ETag of the version whose bytes are right.

        Raises:
            TransientError: The bytes stayed wrong, and nothing is under the key now.
            OutcomeUnknownError: They could not be read or deleted, or another's
                object is there.
        """
        read = self._read(key, parcel)
        if read.sha256 != parcel.sha256 and again:
            etag = again(etag)
            read = self._read(key, parcel)
        if read.sha256 != parcel.sha256:
            raise self._damaged(key, read, put_id)
        return etag

    def _read(self, key: str, parcel: Parcel) -> Body:
        body = self._eyes.read(key, parcel.size, writing=True)
        if body is None:
            raise OutcomeUnknownError(f"{self._doing}: the object is not there.")
        return body

    def look(self, key: str) -> Found | None:
        """Look what is under *key*; whose it is counts only if its bytes are those it names.

        Raises:
            StoreRefusedError: It may not be read. Whether it is damaged is unknown, so
                it must not pass for one that may merely not be seen.
            TransientError: It could not be read now.
        """
        try:
            found = self._eyes.look(key)
            if found is None or not (found.put_id or found.sha256):
                return found
            body = self._eyes.read(key, found.size, writing=False)
        except AccessDeniedError as denied:
            raise StoreRefusedError(
                f"{self._doing}: the credentials may not read the object.",
                hint="Let them do s3:GetObject, or set verify to none.",
            ) from denied
        if body is None:
            return None
        if body.etag != found.etag:
            raise TransientError(f"{self._doing}: the object was replaced meanwhile.")
        if body.sha256 != found.sha256:
            return replace(found, put_id="", sha256="")
        return found

    def _damaged(self, key: str, body: Body, put_id: str) -> TransientError:
        """Delete the damaged *body* if it is still there and ours; give the error to raise."""
        try:
            gone, said = self._remove(key, body, put_id)
        except SealiftError as error:
            gone, said = False, f"The damaged object may still be there: {error.message}"
        kind = TransientError if gone else OutcomeUnknownError
        return kind(
            f"{self._doing}: what the store gave back was not what was sent. {said}",
            hint="Look for bad memory or a proxy that changes what passes.",
        )

    def _remove(self, key: str, body: Body, put_id: str) -> tuple[bool, str]:
        found = self._eyes.look(key)
        if found is None:
            return True, "The object is gone."
        if not body.etag or (found.etag, found.put_id) != (body.etag, put_id):
            return False, "Another object is there now; it was not touched."
        self._delete(key)
        return True, "The damaged object was deleted."
