"""Reads `sealift.toml` and the environment into the options that each room owns."""

from sealift.config.options import (
    AgentOptions,
    Config,
    DestinationConfig,
    LimitOptions,
    RouteConfig,
    RouteOptions,
)

__all__ = [
    "AgentOptions",
    "Config",
    "DestinationConfig",
    "LimitOptions",
    "RouteConfig",
    "RouteOptions",
]
