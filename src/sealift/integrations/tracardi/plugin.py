"""The plugin, derived from Tracardi's own classes; imported only where Tracardi is."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from tracardi.service.plugin.domain.config import PluginConfig
from tracardi.service.plugin.domain.register import (
    Documentation,
    Form,
    FormComponent,
    FormField,
    FormGroup,
    MetaData,
    Plugin,
    PortDoc,
    Spec,
)
from tracardi.service.plugin.domain.result import Result
from tracardi.service.plugin.runner import ActionRunner

from sealift.integrations.tracardi import forms
from sealift.integrations.tracardi.settings import Place, cleaned, problem
from sealift.integrations.tracardi.upload import UploadError, upload

__all__ = ["Config", "S3SegmentsUploaderPlugin", "register", "validate"]

_MODULE = "sealift.integrations.tracardi"


class Config(PluginConfig):  # type: ignore[misc] # Tracardi has no types
    """What a node's form says, checked."""

    # A validation error is shown and logged: it must not repeat the secret.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    aws_access_key_id: str
    aws_secret_access_key: str = Field(repr=False)
    s3_bucket: str
    endpoint_url: str = ""
    region: str = ""
    prefix: str = ""
    merge: str = "union"
    time_zone: str = "UTC"

    @field_validator("*", mode="before")
    @classmethod
    def without_blanks(cls, value: object) -> object:
        """Take off the blanks that come along when a text is pasted."""
        return cleaned(value)

    @field_validator("*")
    @classmethod
    def can_be_right(cls, value: str, info: ValidationInfo) -> str:
        """Check one field."""
        said = problem(info.field_name or "", value)
        if said:
            raise PydanticCustomError("sealift", "{said}", {"said": said})
        return value

    def place(self) -> Place:
        """Give where the segments go."""
        return Place(**{name: getattr(self, name) for name in Place.__slots__})


class S3SegmentsUploaderPlugin(ActionRunner):  # type: ignore[misc] # Tracardi has no types
    """Adds a profile's segments to the day's file in S3."""

    config: Config

    async def set_up(self, init: Mapping[str, object]) -> None:
        """Take the node's configuration."""
        self.config = validate(init)

    async def run(self, payload: dict[str, Any], in_edge: object = None) -> Result:  # noqa: ARG002
        """Add the payload's segments; the port `success` means that they are in S3."""
        try:
            message = await upload(self.config.place(), payload)
        except UploadError as error:
            if self.console is not None:
                self.console.error(str(error))
            return Result(port="error", value={"error": str(error)})
        return Result(port="success", value={"message": message})

    async def close(self) -> None:
        """Leave open what other events share; Tracardi makes a new instance for each event."""


def validate(config: Mapping[str, object]) -> Config:
    """Check what a node's form says; see `sealift.integrations.tracardi.validate`."""
    return Config(**config)


def register() -> Plugin:
    """Describe the plugin to Tracardi."""
    return Plugin(
        start=False,
        spec=Spec(
            module=_MODULE,
            className=forms.CLASS_NAME,
            inputs=[forms.INPUT],
            outputs=["success", "error"],
            version=forms.VERSION,
            init=forms.init_of(forms.NODE),
            form=Form(groups=[_group(group) for group in forms.NODE]),
            license=forms.LICENSE,
            author=forms.AUTHOR,
        ),
        metadata=MetaData(
            name=forms.NAME,
            desc=forms.DESCRIPTION,
            keywords=list(forms.KEYWORDS),
            icon=forms.ICON,
            group=list(forms.GROUPS),
            purpose=list(forms.PURPOSES),
            documentation=Documentation(
                inputs={forms.INPUT: PortDoc(desc=forms.INPUT_IS)},
                outputs={
                    "success": PortDoc(desc=forms.SUCCESS_IS),
                    "error": PortDoc(desc=forms.ERROR_IS),
                },
            ),
        ),
    )


def _group(group: forms.Group) -> FormGroup:
    return FormGroup(
        name=group.name,
        description=group.description,
        fields=[
            FormField(
                id=one.id,
                name=one.name,
                description=one.description,
                component=FormComponent(type=one.type, props=one.props),
            )
            for one in group.fields
        ],
    )
