"""Finds out, once and before the first create, whether a store honours `If-None-Match`."""

import threading
import uuid
from typing import TYPE_CHECKING, Any, Final

from sealift.destinations.base import PUT_ID
from sealift.destinations.s3_errors import Answer, read_obstore
from sealift.errors import NotSentError, OutcomeUnknownError, StoreRefusedError

if TYPE_CHECKING:
    from sealift.destinations.s3_link import Link

PROBE_FOLDER: Final = ".sealift-probe/"
"""Under the prefix: where objects are made to try the store out, and deleted again."""

STALE_ETAG: Final = '"00000000000000000000000000000000"'
"""No object has it: a replace of that version must be refused."""

PROBE_BODY: Final = b"Sealift tried out this store. This object may be deleted.\n"


class ConditionCheck:
    """Asks a store once, for all threads.

    Amazon S3 needs no such question. Some look-alikes answer 200 to a create
    of what exists, and replace it.
    """

    def __init__(self, link: "Link") -> None:
        self._link = link
        self._lock = threading.Lock()
        self._honoured: bool | None = None

    def honoured(self) -> bool:
        """Whether a create never replaces an object.

        Raises:
            StoreRefusedError: It may, and `allow_unconditional` is not set.
            NotSentError: It could not be found out now; no item was sent.
            PausedError: The store does not let us try.
        """
        with self._lock:
            if self._honoured is None:
                self._honoured = self._try_out()
            if self._honoured or self._link.options.allow_unconditional:
                return self._honoured
        raise StoreRefusedError(
            f"The store of s3://{self._link.options.bucket} ignores If-None-Match: "
            "a put could replace somebody else's object, so nothing was sent.",
            hint="Use a store that honours it, or set allow_unconditional = true.",
        )

    def _try_out(self) -> bool:
        """Create one object twice: the second time must be refused."""
        key = f"{self._link.options.prefix}{PROBE_FOLDER}{uuid.uuid4().hex}"
        if answer := create(self._link, key):
            if answer.status == 501:
                return False
            raise self._unknown(answer)
        second = create(self._link, key)
        remove(self._link, key)
        if second is None:
            return False
        if second.status in {409, 412, 304}:
            return True
        raise self._unknown(second)

    def _unknown(self, answer: Answer) -> Exception:
        doing = f"Trying out s3://{self._link.options.bucket}"
        error = self._link.explain(answer, doing=doing, writing=True)
        if isinstance(error, OutcomeUnknownError):
            # It was only the probe whose fate is unknown.
            return NotSentError(error.message, hint=error.hint)
        return error


def create(link: "Link", key: str) -> Answer | None:
    """Create a probe's object; None if the store accepted it. Its put id is the key's end."""
    return _put(link, key, "create")


def replace(link: "Link", key: str, etag: str) -> bool:
    """Replace a probe's object if it is *etag*; whether the store did.

    Raises:
        SealiftError: It cannot be told from the answer.
    """
    answer = _put(link, key, {"e_tag": etag})
    if answer is None:
        return True
    if answer.status in {304, 404, 409, 412}:
        return False
    doing = f"Trying out s3://{link.options.bucket}"
    raise link.explain(answer, doing=doing, writing=False)


def _put(link: "Link", key: str, mode: Any) -> Answer | None:
    """Put a probe's object; None if the store accepted it."""
    connection = link.connection()
    tried: list[str] = []
    while True:
        try:
            connection.put(
                connection.small,
                key,
                PROBE_BODY,
                attributes={PUT_ID: key[-32:]},
                mode=mode,
                use_multipart=False,
            )
        except Exception as error:  # noqa: BLE001 - mapped by whoever asks
            answer = read_obstore(error)
            mended = link.mended(answer, connection, tried)
            if mended is None:
                return answer
            connection = mended
            continue
        return None


def remove(link: "Link", key: str) -> Answer | None:
    """Delete a probe's object; None if the store did."""
    connection = link.connection()
    try:
        connection.delete(connection.small, key)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - mapped by whoever asks
        return read_obstore(error)
    return None
