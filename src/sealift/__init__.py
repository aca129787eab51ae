"""Delivers data files to S3: each one checked, fingerprinted, stored once under one key."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sealift.agent import Agent, Conflict, Outcome, Route
    from sealift.agent.runner import Surroundings
    from sealift.assembly import build_destination, build_routes
    from sealift.config import Config
    from sealift.doctor import Diagnosis, examine, worst
    from sealift.observe.showing import showing
    from sealift.one_off import PutOptions, PutResult, put
    from sealift.reports import (
        DeliveryRecord,
        ItemRecord,
        RouteStatus,
        drop,
        history,
        quarantined,
        release,
        retry,
        status,
    )

__all__ = [
    "Agent",
    "Config",
    "Conflict",
    "DeliveryRecord",
    "Diagnosis",
    "ItemRecord",
    "Outcome",
    "PutOptions",
    "PutResult",
    "Route",
    "RouteStatus",
    "Surroundings",
    "build_destination",
    "build_routes",
    "drop",
    "examine",
    "history",
    "put",
    "quarantined",
    "release",
    "retry",
    "showing",
    "status",
    "worst",
]

_HOMES = {
    "sealift.agent": ("Agent", "Conflict", "Outcome", "Route"),
    "sealift.agent.runner": ("Surroundings",),
    "sealift.assembly": ("build_destination", "build_routes"),
    "sealift.config": ("Config",),
    "sealift.doctor": ("Diagnosis", "examine", "worst"),
    "sealift.observe.showing": ("showing",),
    "sealift.one_off": ("PutOptions", "PutResult", "put"),
    "sealift.reports": (
        *("DeliveryRecord", "ItemRecord", "RouteStatus"),
        *("drop", "history", "quarantined", "release", "retry", "status"),
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import sealift` itself stays fast."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'sealift' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
