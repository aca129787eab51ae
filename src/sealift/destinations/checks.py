"""What a destination checks: that the key can be one, and that a large body is what was sealed."""

import hashlib
from collections.abc import Iterator

from sealift.errors import ItemRefusedError, SourceChangedError
from sealift.naming import MAX_KEY_BYTES
from sealift.sealing.parcel import Parcel


def check_key(key: str) -> None:
    """
    Let a key pass that the contract of a destination allows.

    Raises:
        ItemRefusedError: The key is empty, too long, no UTF-8, or begins with a slash.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
    """
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise ItemRefusedError(
            "The item's key cannot be written as UTF-8.", hint="Rename the file."
        ) from error
    if not 1 <= size <= MAX_KEY_BYTES or key.startswith("/"):
        raise ItemRefusedError(
            f"The item's key has {size} bytes; 1 to {MAX_KEY_BYTES} are possible, "
            "and it must not begin with a slash.",
            hint="Change the route's key template or rename the file.",
        )


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
