"""What the forms ask, and which answers can be right."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from sealift import S3Options
from sealift.errors import ConfigError

MERGES: Final = ("union", "latest", "append")

_S3_NAMES: Final = {
    "s3_bucket": "bucket",
    "endpoint_url": "endpoint_url",
    "region": "region",
    "prefix": "prefix",
}
_REQUIRED: Final = {
    "aws_access_key_id": "AWS Access Key ID",
    "aws_secret_access_key": "AWS Secret Access Key",
    "s3_bucket": "S3 Bucket",
}
_PLAIN: Final = S3Options(bucket="bucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where segments go, and how they are merged there."""

    s3_bucket: str
    endpoint_url: str = ""
    """URL of an S3 look-alike; empty for Amazon S3."""

    region: str = ""
    """The bucket's region; empty to find it out."""

    prefix: str = ""
    """What the names of the days' files begin with."""

    merge: str = "union"
    """One of `MERGES`."""

    time_zone: str = "UTC"
    """Whose midnight ends a day's file."""

    aws_access_key_id: str = ""
    """Empty for the AWS chain of this process."""

    aws_secret_access_key: str = field(default="", repr=False)

    def s3(self) -> S3Options:
        """Give the destination's options."""
        return S3Options(
            bucket=self.s3_bucket,
            endpoint_url=self.endpoint_url,
            region=self.region,
            prefix=self.prefix,
            access_key_id=self.aws_access_key_id,
            secret_access_key=self.aws_secret_access_key,
        )


def problem(name: str, value: str) -> str:
    """Say why *value* cannot be right for the field *name*; empty if it can.

    A secret is never part of what is said.
    """
    if name in _REQUIRED and not value:
        return f"{_REQUIRED[name]} can not be empty."
    match name:
        case "aws_access_key_id" | "aws_secret_access_key":
            plain = value.isascii() and value.isprintable() and " " not in value
            return "" if plain else f"{_REQUIRED[name]} must hold neither blanks nor controls."
        case "merge":
            known = ", ".join(MERGES)
            return "" if value in MERGES else f"Merge must be one of {known}."
        case "time_zone":
            return _zone_problem(value)
        case _:
            return _s3_problem(_S3_NAMES[name], value)


def problems(values: Mapping[str, object]) -> dict[str, str]:
    """Say of each field of *values* that cannot be right why; empty if all can."""
    found = {
        name: problem(name, value) if isinstance(value, str) else "This must be a text."
        for name, value in values.items()
    }
    return {name: said for name, said in found.items() if said}


def cleaned(value: object) -> object:
    """Take off the blanks that come along when a text is pasted into a form."""
    return value.strip() if isinstance(value, str) else value


def _zone_problem(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return _NO_ZONE
    return ""


_NO_ZONE: Final = "Time zone must be a name such as UTC or Europe/Warsaw."


def _s3_problem(name: str, value: str) -> str:
    """Try the one field by itself; the destination's options know what is wrong with it."""
    given: dict[str, Any] = {name: value}
    try:
        replace(_PLAIN, **given).check()
    except ConfigError as error:
        said = error.message.partition(" are wrong: ")[2]
        return said[:1].upper() + said[1:]
    return ""
