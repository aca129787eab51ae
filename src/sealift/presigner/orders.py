"""What a device asks for: the bodies of its requests, checked field by field."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from sealift.presigner.exchange import NO_HEADERS
from sealift.presigner.keys import check_item_id
from sealift.presigner.problems import ProblemError

MAX_BATCH: Final = 100
MAX_BODY_BYTES: Final = 512 * 1024
"""Longest body of a request: a full batch, with its metadata."""

MAX_METADATA_BYTES: Final = 1024
"""User metadata of one item; S3 takes 2 KB with our own."""

MAX_LENGTH: Final = 5 * 1024**3
"""Largest body of one PUT. Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""

SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
MD5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
MEDIA_TYPE: Final = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
    r"(?:; ?[a-z0-9-]{1,40}=[A-Za-z0-9_.+-]{1,80}){0,4}",
    re.ASCII,
)
META_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
META_VALUE: Final = re.compile(r"[\x21-\x7e]{1,1024}", re.ASCII)
_OWN_META: Final = frozenset({"sealift-id", "sha256"})
_ENCODINGS: Final = frozenset({"gzip", "zstd"})

_MINIMAL: Final = frozenset({"device_id", "filename"})
_NEEDED: Final = ("filename", "content_length", "sha256", "md5")


class Order(NamedTuple):
    """One file that a device wants to upload."""

    filename: str
    item_id: str = ""
    """UUIDv7 that the device made; empty to have one made."""

    content_length: int = -1
    """Exact length of the body in bytes; -1 in the minimal form, which does not say."""

    sha256: str = ""
    """Of the body, 64 hexadecimal digits."""

    md5: str = ""
    """Of the body, 32 hexadecimal digits."""

    content_type: str = "application/octet-stream"
    content_encoding: str = ""
    metadata: Mapping[str, str] = NO_HEADERS

    @property
    def is_minimal(self) -> bool:
        """It says nothing of the bytes, as old clients do not."""
        return self.content_length < 0

    def headers(self, item_id: str, encryption: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """List what the upload must send; all of it is signed.

        Args:
            item_id: The item's id, for the object's metadata.
            encryption: Headers for encryption at rest.
        """
        found = [
            ("content-length", str(self.content_length)),
            ("content-md5", b64encode(bytes.fromhex(self.md5)).decode()),
            ("content-type", self.content_type),
            ("if-none-match", "*"),
            ("x-amz-checksum-sha256", b64encode(bytes.fromhex(self.sha256)).decode()),
            ("x-amz-meta-sealift-id", item_id),
            ("x-amz-meta-sha256", self.sha256),
            *encryption,
        ]
        if self.content_encoding:
            found.append(("content-encoding", self.content_encoding))
        if self.metadata:
            found += [(f"x-amz-meta-{name}", value) for name, value in self.metadata.items()]
        return found


def read_body(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ProblemError: It is none.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ProblemError("malformed_json", detail="The body is not valid JSON.") from None
    if not isinstance(found, dict):
        raise ProblemError("malformed_json", detail="The body is JSON, but no object.")
    return found


def device_of(body: Mapping[str, Any]) -> str:
    """Give the device that a body names; empty if it names none.

    Raises:
        ProblemError: The field holds something else than a text.
    """
    device = body.get("device_id", "")
    if not isinstance(device, str) or ("device_id" in body and not device):
        raise _invalid("device_id", "is no text, or empty")
    return device


def read_order(body: Mapping[str, Any]) -> Order:
    """Read one item, in the minimal form or the full one.

    Raises:
        ProblemError: A field is missing, unknown or wrong; the answer names it.
    """
    if body.keys() <= _MINIMAL:
        return Order(filename=_filename(body))
    return _read_full(body)


def read_batch(body: Mapping[str, Any]) -> list[Any]:
    """Give the items of a batch, not yet read.

    Raises:
        ProblemError: There are none or too many, or there is another field.
    """
    for name in body:
        if name not in {"device_id", "items"}:
            raise _unknown(name)
    items = body.get("items")
    if items is None:
        raise ProblemError("missing_field", field="items", detail="items is missing.")
    if not isinstance(items, list):
        raise _invalid("items", "is no list")
    if not 1 <= len(items) <= MAX_BATCH:
        raise ProblemError("batch_size", field="items", detail=f"There are {len(items)} items.")
    return items


def read_batch_item(item: object) -> Order:
    """Read one item of a batch: the full form, without `device_id`.

    Raises:
        ProblemError: It is not that.
    """
    if not isinstance(item, dict):
        raise _invalid("items", "holds something that is no object")
    if "device_id" in item:
        raise _unknown("device_id")
    return _read_full(item)


def _read_full(body: Mapping[str, Any]) -> Order:
    known = _FIELDS
    for name in body:
        if name not in known:
            raise _unknown(name)
    for name in _NEEDED:
        if name not in body:
            raise ProblemError("missing_field", field=name, detail=f"{name} is missing.")
    return Order(**{name: known[name](body) for name in body if name != "device_id"})


def _filename(body: Mapping[str, Any]) -> str:
    if "filename" not in body:
        raise ProblemError("missing_field", field="filename", detail="filename is missing.")
    value = body["filename"]
    if not isinstance(value, str):
        raise _invalid("filename", "is no text")
    return value


def _item_id(body: Mapping[str, Any]) -> str:
    value = body["item_id"]
    return check_item_id(value if isinstance(value, str) else "")


def _content_length(body: Mapping[str, Any]) -> int:
    value = body["content_length"]
    if type(value) is float and value.is_integer():
        value = int(value)  # 2.0 is a whole number in JSON Schema
    if type(value) is not int or not 0 <= value <= MAX_LENGTH:
        raise _invalid("content_length", f"is no whole number from 0 to {MAX_LENGTH}")
    return value


def _text(name: str, pattern: re.Pattern[str], what: str) -> Callable[[Mapping[str, Any]], str]:
    def read(body: Mapping[str, Any]) -> str:
        value = body[name]
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _invalid(name, f"is not {what}")
        return value

    return read


def _content_type(body: Mapping[str, Any]) -> str:
    value = body["content_type"]
    if not isinstance(value, str) or not _is_media_type(value):
        raise _invalid("content_type", "is not a media type in lower case, such as text/plain")
    return value


@lru_cache(maxsize=256)
def _is_media_type(text: str) -> bool:
    return MEDIA_TYPE.fullmatch(text) is not None


def _content_encoding(body: Mapping[str, Any]) -> str:
    value = body["content_encoding"]
    if not isinstance(value, str) or value not in _ENCODINGS:
        raise _invalid("content_encoding", "is neither gzip nor zstd")
    return value


def _metadata(body: Mapping[str, Any]) -> dict[str, str]:
    value = body["metadata"]
    if not isinstance(value, dict):
        raise _invalid("metadata", "is no object")
    for name, text in value.items():
        if not META_NAME.fullmatch(name) or name in _OWN_META:
            raise _invalid("metadata", "has a name that is not a-z, 0-9 and -, or is Sealift's own")
        if not isinstance(text, str) or not META_VALUE.fullmatch(text):
            raise _invalid("metadata", "has a value that is not visible ASCII")
    if sum(len(name) + len(text) for name, text in value.items()) > MAX_METADATA_BYTES:
        raise _invalid("metadata", f"is over {MAX_METADATA_BYTES} bytes")
    return value


_FIELDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Any]]] = {
    "device_id": device_of,
    "filename": _filename,
    "item_id": _item_id,
    "content_length": _content_length,
    "sha256": _text("sha256", SHA256, "64 hexadecimal digits in lower case"),
    "md5": _text("md5", MD5, "32 hexadecimal digits in lower case"),
    "content_type": _content_type,
    "content_encoding": _content_encoding,
    "metadata": _metadata,
}


def _invalid(name: str, fault: str) -> ProblemError:
    return ProblemError("invalid_field", field=name, detail=f"{name} {fault}.")


def _unknown(name: str) -> ProblemError:
    shown = name if len(name) <= 40 and name.isascii() and name.isidentifier() else "(odd name)"
    return ProblemError(
        "unknown_field", field=shown, detail=f"The field {shown} is not known here."
    )
