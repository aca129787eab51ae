"""Keys that only the service makes: from the proven device, the item's id and the file's name."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from sealift.naming import MAX_KEY_BYTES
from sealift.naming.names import escape
from sealift.presigner.problems import ProblemError

MAX_FILENAME_BYTES: Final = 255
"""Longest file name in UTF-8 bytes, as file systems have it."""

DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# An id from e on is of a year after 9700, and some are of one that no calendar here holds.
ITEM_ID: Final = re.compile(
    r"[0-9a-d][0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_\- !#$&'()*+,;:=@.]+", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_device(device: str) -> str:
    """Give *device* back if it can be one segment of a key.

    Raises:
        ProblemError: It is not 1 to 64 of A-Z, a-z, 0-9 and `._-`, or begins with one
            of those three.
    """
    if not DEVICE.fullmatch(device):
        raise ProblemError(
            "device_name",
            detail="A device's name is 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', "
            "and begins with a letter or digit.",
        )
    return device


def check_item_id(item_id: str) -> str:
    """Give *item_id* back if it is a UUIDv7 in lower case.

    Raises:
        ProblemError: It is not.

    Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
    """
    if not ITEM_ID.fullmatch(item_id):
        raise ProblemError(
            "invalid_field",
            field="item_id",
            detail="item_id is no UUIDv7 in lower case, such as "
            "0194a7c3-5b40-7f2e-9d0e-5b1f7c2a4e6d.",
        )
    return item_id


def make_key(prefix: str, device: str, item_id: str, filename: str) -> str:
    """Make the one key of an item: the same for the same arguments, another for others.

    Args:
        prefix: What every key begins with; empty or with its slash at the end.
        device: As `check_device` lets it through.
        item_id: As `check_item_id` lets it through; its time becomes the key's.
        filename: As the device has it, see `encode_filename`.

    Raises:
        ProblemError: The name cannot be in a key, or the key would be over 1,024 bytes.
    """
    name = encode_filename(filename)
    key = f"{prefix}{device}/{_time_text(_seconds_of(item_id))}_{item_id}_{name}"
    if len(key) * 4 > MAX_KEY_BYTES and len(key.encode()) > MAX_KEY_BYTES:
        raise _refused_name(f"The key would be longer than {MAX_KEY_BYTES} bytes.")
    return key


def encode_filename(filename: str) -> str:
    """Make *filename* fit for a key, so that percent-decoding gives it back, byte for byte.

    Hence names that differ stay different. `%`, the backslash and what cannot be seen
    (controls, zero-width and bidirectional characters) become `%XX` for each byte; so
    does everything but ASCII in a name that is not in Unicode's form NFC.

    Raises:
        ProblemError: It is empty, `.` or `..`, has a slash or a surrogate, or is longer
            than 255 UTF-8 bytes.
    """
    if _PLAIN.fullmatch(filename) and len(filename) <= MAX_FILENAME_BYTES:
        if filename in {".", ".."}:
            raise _refused_name("The file name must not be '.' or '..'.")
        return filename
    if not filename:
        raise _refused_name("The file name is empty.")
    if "/" in filename:
        raise _refused_name("The file name must not have a slash; send the last segment only.")
    try:
        length = len(filename.encode())
    except UnicodeEncodeError:
        raise _refused_name("The file name has half of a surrogate pair.") from None
    if length > MAX_FILENAME_BYTES:
        raise _refused_name(
            f"The file name has {length} UTF-8 bytes; {MAX_FILENAME_BYTES} are the most."
        )
    if unicodedata.is_normalized("NFC", filename):
        return escape(filename)
    return quote(filename, safe=" !#$&'()*+,;:=@")


def _seconds_of(item_id: str) -> int:
    return int(item_id[:8] + item_id[9:13], 16) // 1000


@lru_cache(maxsize=1024)
def _time_text(seconds: int) -> str:
    time = _EPOCH + timedelta(seconds=seconds)
    return f"{time.replace(tzinfo=None).isoformat().replace(':', '-')}Z"


def _refused_name(detail: str) -> ProblemError:
    return ProblemError("invalid_filename", field="filename", detail=detail)
