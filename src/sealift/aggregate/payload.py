"""Checks what callers hand in, before anything touches the disk or S3."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Final

from sealift.errors import PayloadError

NO_UID: Final = "Could not find payload.traits.smi_uid"
_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (NoneType, "null"),
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "a text"),
    ((list, tuple), "a list"),
    (Mapping, "an object"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What of a payload goes into the day's file."""

    smi_uid: str
    segments: tuple[str, ...]
    """In the order in which the payload has them."""


def check_payload(payload: object) -> Profile:
    """Take what the day's file needs out of a customer profile.

    Args:
        payload: A profile: `{"traits": {"smi_uid": …}, "segments": […]}`. No segments
            count as none; whatever else it holds is left alone.

    Raises:
        PayloadError: It is none. Nothing was written.
    """
    if not isinstance(payload, Mapping):
        raise _wrong("payload", "an object", payload)
    return Profile(smi_uid=_uid(payload.get("traits")), segments=_segments(payload.get("segments")))


def _uid(traits: object) -> str:
    if traits is None:
        raise PayloadError(NO_UID)
    if not isinstance(traits, Mapping):
        raise _wrong("payload.traits", "an object", traits)
    uid = traits.get("smi_uid")
    if uid is None or uid == "":
        raise PayloadError(NO_UID)
    if not isinstance(uid, str):
        raise _wrong("payload.traits.smi_uid", "a text", uid)
    return uid


def _segments(segments: object) -> tuple[str, ...]:
    if segments is None:
        return ()
    if not isinstance(segments, list | tuple):
        raise _wrong("payload.segments", "a list", segments)
    for number, segment in enumerate(segments):
        if not isinstance(segment, str):
            raise _wrong(f"payload.segments[{number}]", "a text", segment)
    return tuple(segments)


def _wrong(where: str, wanted: str, found: object) -> PayloadError:
    return PayloadError(f"{where} must be {wanted}, and is {_kind(found)}.")


def _kind(value: object) -> str:
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return f"a {type(value).__name__}"
