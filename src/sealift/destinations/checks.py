"""What a destination checks: that the key can be one, and that a large body is what was sealed."""

import hashlib
from collections.abc import Iterator
from typing import Final

from sealift.errors import KeyNameError, SourceChangedError
from sealift.naming import MAX_KEY_BYTES
from sealift.sealing.parcel import Parcel

_MEND: Final = "Change the route's key template, or rename the file."


def check_key(key: str) -> None:
    """
    Let a key pass that every store keeps as it is.

    Raises:
        KeyNameError: The key is not 1 to 1,024 bytes of UTF-8, or begins or ends with
            a slash.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    # obstore strips these slashes: two names would become one key.
    if not key or key[0] == "/" or key[-1] == "/":
        raise KeyNameError("The object key is empty, or begins or ends with a slash.", hint=_MEND)
    if key.isascii() and len(key) <= MAX_KEY_BYTES:
        return
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        size = 0
    if not size:
        raise KeyNameError("The object key cannot be written as UTF-8.", hint=_MEND)
    if size > MAX_KEY_BYTES:
        raise KeyNameError(f"The object key is over {MAX_KEY_BYTES} bytes.", hint=_MEND)


def sealed_chunks(parcel: Parcel) -> Iterator[bytes]:
    """
    Yield the parcel's body, and fail at the end if it was not what was sealed.

    Only after the last chunk is it known, so nothing may be published before.

    Raises:
        SourceChangedError: Size or SHA-256 differ from the parcel's.
    """
    if isinstance(parcel.body, bytes):
        yield parcel.body
        return
    size, digest = 0, hashlib.sha256()
    for chunk in parcel.body.chunks():
        size += len(chunk)
        digest.update(chunk)
        yield chunk
    if size != parcel.size or digest.hexdigest() != parcel.sha256:
        raise SourceChangedError(
            "The file changed between sealing and sending; nothing was stored.",
            hint="It is sealed again once it is stable.",
        )
