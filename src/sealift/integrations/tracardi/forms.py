"""What Tracardi shows of the uploader: names, fields and ports, for the plugin and the service."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

VERSION: Final = "0.9.0"
CLASS_NAME: Final = "S3SegmentsUploaderPlugin"
NAME: Final = "S3 Segments Uploader"
DESCRIPTION: Final = (
    "Adds a profile's segments to the day's file in S3. No update is lost or counted twice, "
    "however many events meet."
)
AUTHOR: Final = "Sealift"
LICENSE: Final = "Apache-2.0"
ICON: Final = "aws"
GROUPS: Final = ("AWS",)
PURPOSES: Final = ("collection", "segmentation")
KEYWORDS: Final = ("s3", "aws", "segments", "upload")
INPUT: Final = "payload"
INPUT_IS: Final = "A profile: traits.smi_uid says whose, segments lists its segments."
SUCCESS_IS: Final = "The segments are in S3: {'message': ...}."
ERROR_IS: Final = "They are not in S3, or not yet, and why: {'error': ...}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    id: str
    name: str
    description: str
    type: str = "text"
    """Tracardi's component: text, password or select."""

    items: dict[str, str] = field(default_factory=dict)
    """What a select offers: value and label."""

    init: str = ""
    """What stands in it at first."""

    @property
    def props(self) -> dict[str, object]:
        """What Tracardi's component is told."""
        return {"label": self.name, **({"items": self.items} if self.items else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that stand together."""

    name: str
    description: str
    fields: tuple[Field, ...]


_KEYS: Final = (
    Field(
        id="aws_access_key_id",
        name="AWS Access Key ID",
        description="Key of a user that may read and write the day's files, and nothing else.",
    ),
    Field(
        id="aws_secret_access_key",
        name="AWS Secret Access Key",
        description="The secret of that key.",
        type="password",
    ),
)
_BUCKET: Final = Field(
    id="s3_bucket", name="S3 Bucket", description="Name of the bucket that the files are in."
)
_PREFIX: Final = Field(
    id="prefix",
    name="Prefix",
    description="What the files' names begin with, such as segments/; empty for nothing.",
)
_REGION: Final = Field(
    id="region",
    name="Region",
    description="The bucket's region, such as eu-west-1; empty to find it out.",
)
_ENDPOINT: Final = Field(
    id="endpoint_url",
    name="Endpoint",
    description="URL of an S3 look-alike, such as https://minio.local:9000; empty for Amazon S3.",
)
_MERGE: Final = Field(
    id="merge",
    name="Merge",
    description="What happens when a profile comes again on the same day.",
    type="select",
    items={
        "union": "union: all segments that it had that day",
        "latest": "latest: the segments it had last",
        "append": "append: one entry for each event",
    },
    init="union",
)
_TIME_ZONE: Final = Field(
    id="time_zone",
    name="Time zone",
    description="Whose midnight ends a day's file, such as UTC or Europe/Warsaw.",
    init="UTC",
)

NODE: Final = (
    Group(
        name="S3 Upload Configuration",
        description="Where the day's files are, and the key to them.",
        fields=(*_KEYS, _BUCKET),
    ),
    Group(
        name="More",
        description="All of it may stay as it is.",
        fields=(_PREFIX, _REGION, _ENDPOINT, _MERGE, _TIME_ZONE),
    ),
)
"""The form of a node that runs inside Tracardi."""

REMOTE_NODE: Final = (
    Group(
        name="S3 Upload Configuration",
        description="Where the day's files are; the key to them is in the microservice's resource.",
        fields=(_BUCKET, _PREFIX, _MERGE, _TIME_ZONE),
    ),
)
"""The form of a node that the remote service runs; it holds no secret."""

REMOTE_RESOURCE: Final = (
    Group(
        name="Access to S3",
        description="Leave the keys empty to use the AWS credentials of the service itself.",
        fields=(*_KEYS, _REGION, _ENDPOINT),
    ),
)
"""The form of the remote service's resource."""


def fields_of(groups: Sequence[Group]) -> list[Field]:
    """Give all fields of a form, in their order."""
    return [one for group in groups for one in group.fields]


def init_of(groups: Sequence[Group]) -> dict[str, str]:
    """Give what stands in a form at first."""
    return {one.id: one.init for one in fields_of(groups)}


def form_of(groups: Sequence[Group]) -> dict[str, object]:
    """Give a form as Tracardi's JSON."""
    return {
        "groups": [
            {
                "name": group.name,
                "description": group.description,
                "fields": [
                    {
                        "id": one.id,
                        "name": one.name,
                        "description": one.description,
                        "component": {"type": one.type, "props": one.props},
                    }
                    for one in group.fields
                ],
            }
            for group in groups
        ]
    }
