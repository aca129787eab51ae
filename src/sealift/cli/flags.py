"""Flags that several verbs have."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

ConfigPath = Annotated[Path, Parameter(help="The configuration file.", env_var="SEALIFT_CONFIG")]
ConfigFlag = Annotated[
    Path, Parameter(name="--config", help="The configuration file.", env_var="SEALIFT_CONFIG")
]
StateDir = Annotated[
    Path | None, Parameter(help="Use this state directory instead of the configured one.")
]
Flag = Annotated[bool, Parameter(negative="", show_default=False)]


def overriding(state_dir: Path | None) -> dict[str, object]:
    """Give what the flags override in the configuration."""
    return {} if state_dir is None else {"agent.state_dir": str(state_dir.absolute())}
