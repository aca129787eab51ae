"""Delivers data files to S3: each one checked, fingerprinted, stored once under one key."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sealift import errors, events, jobs
    from sealift.agent.agent import Agent, Outcome
    from sealift.agent.calling import scan
    from sealift.agent.route import Conflict, Route
    from sealift.agent.surroundings import Surroundings
    from sealift.aggregate.added import Added, Shown
    from sealift.aggregate.aggregate import DailyAggregate
    from sealift.aggregate.compactor import Compacted
    from sealift.aggregate.feeding import (
        Fed,
        add_segments,
        compact_segments,
        segments_at,
        show_segments,
    )
    from sealift.aggregate.options import AggregateOptions
    from sealift.aggregate.payload import Profile
    from sealift.assembly import build_destination, build_routes
    from sealift.config import (
        AgentOptions,
        Config,
        DestinationConfig,
        LimitOptions,
        RouteConfig,
        RouteOptions,
    )
    from sealift.config.aggregator import Wishes, aggregator_config
    from sealift.datasets.copies import DatedCopy
    from sealift.datasets.dataset import Dataset
    from sealift.datasets.log import DatasetRun
    from sealift.datasets.opening import open_dataset
    from sealift.datasets.options import DatasetConfig, DatasetOptions, MongoOptions
    from sealift.datasets.pushing import PushReport
    from sealift.datasets.service import DatasetService
    from sealift.datasets.syncing import SyncWishes
    from sealift.datasets.tow_and_go import tow_and_go
    from sealift.datasets.verifying import Verified
    from sealift.destinations.base import Capabilities, Destination, Found, Stored
    from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
    from sealift.destinations.limited import Limited
    from sealift.destinations.memory import MemoryDestination
    from sealift.destinations.presigned import PresignedDestination
    from sealift.destinations.presigned_options import PresignedOptions
    from sealift.destinations.retrying import Retrying
    from sealift.destinations.s3 import S3Destination, S3Options
    from sealift.doctor import Diagnosis, examine, worst
    from sealift.jobs import TowAndGoService
    from sealift.naming import DateFrom, KeyTemplate
    from sealift.observe.probing import health
    from sealift.observe.showing import Show, showing
    from sealift.one_off import PutOptions, PutResult, history_of_puts, put
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
    from sealift.sealing.parcel import Parcel
    from sealift.sealing.redact import Redacted, Redactor, Rule
    from sealift.sealing.seal import Sealer, SealOptions
    from sealift.sources.folder import FolderOptions, FolderSource
    from sealift.sources.listener.formats import OutputFormat
    from sealift.sources.listener.listener import ListenerPlace, ListenerSource
    from sealift.sources.listener.options import ListenerOptions
    from sealift.sources.settling import After

__all__ = [
    "Added",
    "After",
    "Agent",
    "AgentOptions",
    "AggregateOptions",
    "Capabilities",
    "Compacted",
    "Config",
    "Conflict",
    "DailyAggregate",
    "Dataset",
    "DatasetConfig",
    "DatasetOptions",
    "DatasetRun",
    "DatasetService",
    "DateFrom",
    "DatedCopy",
    "DeliveryRecord",
    "Destination",
    "DestinationConfig",
    "Diagnosis",
    "DirectoryDestination",
    "DirectoryOptions",
    "Fed",
    "FolderOptions",
    "FolderSource",
    "Found",
    "ItemRecord",
    "KeyTemplate",
    "LimitOptions",
    "Limited",
    "ListenerOptions",
    "ListenerPlace",
    "ListenerSource",
    "MemoryDestination",
    "MongoOptions",
    "Outcome",
    "OutputFormat",
    "Parcel",
    "PresignedDestination",
    "PresignedOptions",
    "Profile",
    "PushReport",
    "PutOptions",
    "PutResult",
    "Redacted",
    "Redactor",
    "Retrying",
    "Route",
    "RouteConfig",
    "RouteOptions",
    "RouteStatus",
    "Rule",
    "S3Destination",
    "S3Options",
    "SealOptions",
    "Sealer",
    "Show",
    "Shown",
    "Stored",
    "Surroundings",
    "SyncWishes",
    "TowAndGoService",
    "Verified",
    "Wishes",
    "add_segments",
    "aggregator_config",
    "build_destination",
    "build_routes",
    "compact_segments",
    "drop",
    "errors",
    "events",
    "examine",
    "health",
    "history",
    "history_of_puts",
    "jobs",
    "open_dataset",
    "put",
    "quarantined",
    "release",
    "retry",
    "scan",
    "segments_at",
    "show_segments",
    "showing",
    "status",
    "tow_and_go",
    "worst",
]

_HOMES = {
    "sealift.agent.agent": ("Agent", "Outcome"),
    "sealift.agent.calling": ("scan",),
    "sealift.agent.route": ("Conflict", "Route"),
    "sealift.agent.surroundings": ("Surroundings",),
    "sealift.aggregate.added": ("Added", "Shown"),
    "sealift.aggregate.aggregate": ("DailyAggregate",),
    "sealift.aggregate.compactor": ("Compacted",),
    "sealift.aggregate.feeding": (
        "Fed",
        "add_segments",
        "compact_segments",
        "segments_at",
        "show_segments",
    ),
    "sealift.aggregate.options": ("AggregateOptions",),
    "sealift.aggregate.payload": ("Profile",),
    "sealift.assembly": (
        "build_destination",
        "build_routes",
    ),
    "sealift.config": (
        "AgentOptions",
        "Config",
        "DestinationConfig",
        "LimitOptions",
        "RouteConfig",
        "RouteOptions",
    ),
    "sealift.config.aggregator": ("Wishes", "aggregator_config"),
    "sealift.datasets.copies": ("DatedCopy",),
    "sealift.datasets.dataset": ("Dataset",),
    "sealift.datasets.log": ("DatasetRun",),
    "sealift.datasets.opening": ("open_dataset",),
    "sealift.datasets.options": ("DatasetConfig", "DatasetOptions", "MongoOptions"),
    "sealift.datasets.pushing": ("PushReport",),
    "sealift.datasets.service": ("DatasetService",),
    "sealift.datasets.syncing": ("SyncWishes",),
    "sealift.datasets.tow_and_go": ("tow_and_go",),
    "sealift.datasets.verifying": ("Verified",),
    "sealift.destinations.base": (
        "Capabilities",
        "Destination",
        "Found",
        "Stored",
    ),
    "sealift.destinations.directory": (
        "DirectoryDestination",
        "DirectoryOptions",
    ),
    "sealift.destinations.limited": ("Limited",),
    "sealift.destinations.memory": ("MemoryDestination",),
    "sealift.destinations.presigned": ("PresignedDestination",),
    "sealift.destinations.presigned_options": ("PresignedOptions",),
    "sealift.destinations.retrying": ("Retrying",),
    "sealift.destinations.s3": (
        "S3Destination",
        "S3Options",
    ),
    "sealift.doctor": (
        "Diagnosis",
        "examine",
        "worst",
    ),
    "sealift.jobs": ("TowAndGoService",),
    "sealift.naming": (
        "DateFrom",
        "KeyTemplate",
    ),
    "sealift.observe.probing": ("health",),
    "sealift.observe.showing": ("Show", "showing"),
    "sealift.one_off": (
        "PutOptions",
        "PutResult",
        "history_of_puts",
        "put",
    ),
    "sealift.reports": (
        "DeliveryRecord",
        "ItemRecord",
        "RouteStatus",
        "drop",
        "history",
        "quarantined",
        "release",
        "retry",
        "status",
    ),
    "sealift.sealing.parcel": ("Parcel",),
    "sealift.sealing.redact": (
        "Redacted",
        "Redactor",
        "Rule",
    ),
    "sealift.sealing.seal": (
        "SealOptions",
        "Sealer",
    ),
    "sealift.sources.folder": (
        "FolderOptions",
        "FolderSource",
    ),
    "sealift.sources.listener.formats": ("OutputFormat",),
    "sealift.sources.listener.listener": ("ListenerPlace", "ListenerSource"),
    "sealift.sources.listener.options": ("ListenerOptions",),
    "sealift.sources.settling": ("After",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = frozenset({"errors", "events", "jobs"})


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `import sealift` itself stays fast."""
    if name in _ROOMS:
        return import_module(f"sealift.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'sealift' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value
