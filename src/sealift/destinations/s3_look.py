"""Looks at what a bucket holds: whose object is under a key, and whether its bytes are right."""

import hashlib
from dataclasses import dataclass
from typing import Final

from sealift.destinations.base import PUT_ID, SHA256, Found
from sealift.destinations.s3_connection import Connection
from sealift.destinations.s3_errors import Answer, read_obstore
from sealift.destinations.s3_link import Link

_SILENT: Final = frozenset({301, 307, 400, 403})
"""Statuses that mean many things, and whose reason an answer to HEAD cannot carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What was read of an object."""

    etag: str
    """The version that was read; empty if the store did not say."""

    sha256: str
    """Of the bytes that came, whatever the metadata says."""


class Eyes:
    """Reads a bucket through its link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._nowhere = f"{link.options.prefix}.sealift-probe/nothing"
        self._doing = f"Looking into s3://{link.options.bucket}"

    def look(self, key: str) -> Found | None:
        """Look what is under *key*; None if nothing is.

        Raises:
            BucketError: The bucket itself does not exist.
            AccessDeniedError: It may not be seen.
            TransientError: It could not be seen now.
        """
        tried: list[str] = []
        connection = self.link.connection()
        while True:
            try:
                got = connection.get(connection.small, key, options={"head": True})
            except FileNotFoundError:
                # An answer to HEAD has no body: it may be the bucket that is not there.
                if answer := self.see_bucket(connection):
                    raise self.link.explain(answer, doing=self._doing, writing=False) from None
                return None
            except Exception as error:  # noqa: BLE001 - mapped at once
                answer = self._closer(read_obstore(error), connection)
                mended = self.link.mended(answer, connection, tried)
                if mended is None:
                    raise self.link.explain(answer, doing=self._doing, writing=False) from None
                connection = mended
                continue
            named: dict[str, str] = dict(got.attributes)
            return Found(
                size=got.meta["size"],
                etag=got.meta["e_tag"] or "",
                put_id=named.get(PUT_ID, ""),
                sha256=named.get(SHA256, ""),
            )

    def _closer(self, answer: Answer, connection: Connection) -> Answer:
        """Find the reason that an answer to HEAD could not carry, by an answer with a body."""
        if answer.status not in _SILENT or answer.code:
            return answer
        closer = self.see_bucket(connection)
        return closer if closer and closer.code else answer

    def see_bucket(self, connection: Connection) -> Answer | None:
        """Whether something is wrong with the bucket or with us; None if not.

        Who may not list may be right all the same, so that counts as seen.
        """
        answer = self.list_nothing(connection)
        return None if answer is None or answer.code == "AccessDenied" else answer

    def list_nothing(self, connection: Connection) -> Answer | None:
        """List where nothing is: one small request whose refusal tells its reason."""
        try:
            for _ in connection.list(connection.small, prefix=self._nowhere, chunk_size=1):
                break
        except Exception as error:  # noqa: BLE001 - mapped by whoever asks
            return read_obstore(error)
        return None

    def read(self, key: str, size: int, *, writing: bool) -> Body | None:
        """Read the bytes under *key*; None if nothing is there.

        Args:
            key: The object's key.
            size: How many bytes to give time for.
            writing: Whether they were just put, so that not to know is an unclear outcome.

        Raises:
            TransientError: They could not be read now.
        """
        connection = self.link.connection()
        digest = hashlib.sha256()
        try:
            got = connection.get(connection.store(size), key)
            for chunk in got:
                digest.update(chunk)
        except FileNotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - mapped at once
            answer = read_obstore(error)
            raise self.link.explain(answer, doing=self._doing, writing=writing) from None
        return Body(etag=got.meta["e_tag"] or "", sha256=digest.hexdigest())
