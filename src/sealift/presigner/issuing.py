"""What an operator hands out: devices' credentials, and the template of the service."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from sealift.errors import UsageError
from sealift.presigner.auth_hmac import device_secret
from sealift.presigner.auth_tokens import new_token, token_hash
from sealift.presigner.keys import check_device
from sealift.presigner.options import load_master_key
from sealift.presigner.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new bearer token."""

    token: str = field(repr=False)
    """For the device; it is not kept."""

    line: str
    """For the list of tokens: the device and the token's hash."""


def device_credential(
    device: str,
    config: Path | None,
    generation: int = 1,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Derive the secret with which *device* signs its requests.

    Args:
        device: Its name.
        config: The presigner's configuration; None for the environment alone.
        generation: 1, or how often its secret was replaced, and 1.
        environ: Environment variables; None for this process's.

    Raises:
        UsageError: The name is no device's.
        ConfigError: There is no master key.
    """
    _check(device)
    master_key = load_master_key(config, os.environ if environ is None else environ)
    return device_secret(master_key, device, generation)


def bearer_token(device: str, random: Callable[[int], bytes]) -> Issued:
    """Make a bearer token for *device*.

    Raises:
        UsageError: The name is no device's.
    """
    _check(device)
    token = new_token(device, random)
    return Issued(token=token, line=f"{device} {token_hash(token)}")


def sam_template() -> str:
    """Give the AWS SAM template."""
    return files("sealift.presigner").joinpath("template.yaml").read_text(encoding="utf-8")


def requirements() -> str:
    """Give the requirements.txt that `sam build` installs beside the function."""
    return f"sealift=={version('sealift')}\n"


def _check(device: str) -> None:
    try:
        check_device(device)
    except ProblemError as error:
        raise UsageError(error.detail, hint="Name the device otherwise.") from None
