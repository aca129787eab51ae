"""The S3 Segments Uploader for Tracardi: this is the module whose name Tracardi installs."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sealift.errors import ConfigError

if TYPE_CHECKING:
    from sealift.integrations.tracardi.plugin import Config, S3SegmentsUploaderPlugin

__all__ = ["Config", "S3SegmentsUploaderPlugin", "register", "validate"]

_LATE = frozenset({"Config", "S3SegmentsUploaderPlugin"})


def register() -> Any:
    """Describe the plugin to Tracardi, as its own `Plugin`.

    Raises:
        ConfigError: Tracardi is not installed here.
    """
    return _plugin().register()


def validate(config: Mapping[str, object]) -> "Config":
    """Check what a node's form says; the `Config` that is given back cannot be changed.

    Raises:
        pydantic.ValidationError: Something cannot be right; one error a field, without
            its value.
        ConfigError: Tracardi is not installed here.
    """
    found: Config = _plugin().validate(config)
    return found


def __getattr__(name: str) -> object:
    """Give what is derived from Tracardi's classes when it is first wanted."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_plugin(), name)


def _plugin() -> Any:
    try:
        return import_module("sealift.integrations.tracardi.plugin")
    except ModuleNotFoundError as error:
        name = error.name or ""
        if name.partition(".")[0] == "tracardi":
            hint = "Install Sealift where Tracardi is, or use `sealift tracardi serve` beside it."
        else:
            hint = "Install it as well."
        raise ConfigError(
            f"The plugin runs inside Tracardi, and {name} cannot be imported here.", hint=hint
        ) from None
