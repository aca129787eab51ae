"""Reads the flat `config.toml` of the desktop uploader as what it means: one route."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sealift.config.complaints import Complaints, Where
from sealift.config.layers import Tree

ROUTE: Final = "conversations"

SECRET_VARIABLE: Final = "SEALIFT_PRESIGNER_SECRET"  # noqa: S105 - a variable's name
TOKEN_VARIABLE: Final = "SEALIFT_PRESIGNER_TOKEN"  # noqa: S105 - a variable's name
FILE_SUFFIX: Final = "_FILE"
"""A variable of the same name and this ending names a file that holds the secret."""

_HERE: Final = ("routes", ROUTE)
_SOURCE: Final = (*_HERE, "source")
_SEAL: Final = (*_HERE, "seal")
_DESTINATION: Final = (*_HERE, "destination")

HOMES: Final[Mapping[str, Where]] = {
    "api_url": (*_DESTINATION, "url"),
    "device_id": ("agent", "device_id"),
    "watch_dir": (*_SOURCE, "path"),
    "scan_interval_secs": (*_SOURCE, "scan_interval_seconds"),
    "concurrency": (*_HERE, "concurrency"),
    "pattern": (*_SOURCE, "pattern"),
    "include": (*_SOURCE, "include"),
    "exclude": (*_SOURCE, "exclude"),
    "recursive": (*_SOURCE, "recursive"),
    "settle_secs": (*_SOURCE, "settle_seconds"),
    "growth_secs": (*_SOURCE, "growth_seconds"),
    "redact": (*_SEAL, "redact"),
    "redact_rules": (*_SEAL, "redact_rules"),
    "redact_allow": (*_SEAL, "redact_allow"),
    "redact_deny": (*_SEAL, "redact_deny"),
    "replacement": (*_SEAL, "replacement"),
    "schema": (*_SEAL, "schema"),
    "after": (*_HERE, "after"),
    "retries": (*_HERE, "quick_retries"),
    "retry_delay_secs": (*_HERE, "retry_base_seconds"),
    "probe_secs": (*_HERE, "probe_seconds"),
    "secret": (*_DESTINATION, "secret"),
    "token": (*_DESTINATION, "token"),
    "form": (*_DESTINATION, "form"),
    "url_life_secs": (*_DESTINATION, "url_life_seconds"),
    "timeout_secs": (*_DESTINATION, "timeout_seconds"),
    "connect_timeout_secs": (*_DESTINATION, "connect_timeout_seconds"),
    "proxy": (*_DESTINATION, "proxy"),
    "ca_bundle": (*_DESTINATION, "ca_bundle"),
    "max_bytes_per_second": (*_DESTINATION, "max_bytes_per_second"),
    "state_dir": ("agent", "state_dir"),
    "log": ("agent", "log"),
    "log_level": ("agent", "log_level"),
    "metrics_port": ("agent", "metrics_port"),
}
"""Every setting of the flat file, and where it stands in `sealift.toml`."""

NEEDED: Final = ("api_url", "device_id", "watch_dir")

_MEANT: Final[Mapping[Where, Any]] = {
    (*_SOURCE, "kind"): "folder",
    (*_SOURCE, "pattern"): "*.json",
    (*_SEAL, "redact"): ["pii", "secrets"],
    (*_DESTINATION, "kind"): "presigned",
    (*_HERE, "after"): "rename",
    (*_HERE, "retry_base_seconds"): 0.5,
}
"""What the flat file means where it says nothing."""


def is_flat(tree: Tree) -> bool:
    """Tell a configuration of the desktop uploader from a `sealift.toml`."""
    return "routes" not in tree and ("api_url" in tree or "watch_dir" in tree)


def unfolded(
    tree: Tree, path: Path, environ: Mapping[str, str]
) -> tuple[Tree, Mapping[Where, str]]:
    """
    Write a flat configuration as `sealift.toml` would have it.

    The device's secret or token comes from the environment; without one, requests
    to the presigner prove nothing, as an old presigner expects.

    Args:
        tree: What the file says.
        path: The file, for complaints.
        environ: Environment variables.

    Returns:
        The whole configuration, and which setting the file has under which name.

    Raises:
        ConfigError: A setting is missing or not known.
    """
    complaints = Complaints(path)
    for name in NEEDED:
        if name not in tree:
            complaints.add((name,), "is missing.")
    found: Tree = {}
    for where, value in _MEANT.items():
        _put(found, where, value)
    for name, value in tree.items():
        if name in HOMES:
            _put(found, HOMES[name], value)
        else:
            complaints.unknown((name,), HOMES, {})
    complaints.raise_if_any()
    for setting, variable in (("secret", SECRET_VARIABLE), ("token", TOKEN_VARIABLE)):
        if environ.get(variable):
            _put(found, HOMES[setting], {"env": variable})
        elif file := environ.get(variable + FILE_SUFFIX):
            _put(found, HOMES[setting], {"file": file})
    return found, {where: name for name, where in HOMES.items()}


def _put(tree: Tree, where: Where, value: Any) -> None:
    for part in where[:-1]:
        tree = tree.setdefault(part, {})
    tree[where[-1]] = value
