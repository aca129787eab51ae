"""What the forms ask, and which answers can be right."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sealift import AggregateOptions, S3Options
from sealift.aggregate.options import MERGES, Merge
from sealift.errors import ConfigError

_LABELS: Final = {
    "aws_access_key_id": "AWS Access Key ID",
    "aws_secret_access_key": "AWS Secret Access Key",
    "s3_bucket": "S3 Bucket",
    "endpoint_url": "Endpoint",
    "region": "Region",
    "prefix": "Prefix",
    "merge": "Merge",
    "time_zone": "Time zone",
}
_REQUIRED: Final = frozenset({"aws_access_key_id", "aws_secret_access_key", "s3_bucket"})
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
    """union, latest or append."""

    time_zone: str = "UTC"
    """Whose midnight ends a day's file."""

    aws_access_key_id: str = ""
    """Empty for the AWS chain of this process."""

    aws_secret_access_key: str = field(default="", repr=False)

    def options(self, journal: Path, *, answer_seconds: float) -> AggregateOptions:
        """Give the options of the place's aggregate."""
        return AggregateOptions(
            s3=S3Options(
                bucket=self.s3_bucket,
                endpoint_url=self.endpoint_url,
                region=self.region,
                prefix=self.prefix,
                access_key_id=self.aws_access_key_id,
                secret_access_key=self.aws_secret_access_key,
            ),
            journal=journal,
            merge=_merge(self.merge),
            time_zone=self.time_zone,
            answer_seconds=answer_seconds,
        )


def problem(name: str, value: str) -> str:
    """Say why *value* cannot be right for the field *name*; empty if it can.

    A secret is never part of what is said.
    """
    label = _LABELS[name]
    if not value and name in _REQUIRED:
        return f"{label} can not be empty."
    if name.startswith("aws_"):
        plain = value.isascii() and value.isprintable() and " " not in value
        return "" if plain else f"{label} must hold neither blanks nor controls."
    option = name.removeprefix("s3_")
    said = _complaint(option, value)
    return f"{label}{said.removeprefix(option)}" if said else ""


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


def _complaint(option: str, value: str) -> str:
    """Try one option by itself, and give what the options' own check says of it."""
    given: dict[str, Any] = {option: value}
    try:
        if option in {"merge", "time_zone"}:
            AggregateOptions(s3=_PLAIN, journal=Path(), **given).check()
        else:
            replace(_PLAIN, **given).check()
    except ConfigError as error:
        return error.message.partition(" are wrong: ")[2]
    return ""


def _merge(name: str) -> Merge:
    [found] = [merge for merge in MERGES if merge == name]
    return found
