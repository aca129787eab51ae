"""What may be configured: the agent's and the routes' own settings, and those of the rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sealift.datasets.options import DatasetConfig
from sealift.destinations.directory import DirectoryOptions
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.s3_options import S3Options
from sealift.naming import DateFrom
from sealift.sealing.seal import SealOptions
from sealift.sources.folder import FolderOptions
from sealift.sources.listener.options import ListenerOptions

DEFAULT_FILE = Path("sealift.toml")
DEFAULT_KEY = "{device_id}/{time:%Y-%m-%dT%H-%M-%SZ}_{id}_{name}"


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOptions:
    """The section `agent`: what all routes share."""

    state_dir: Path = field(
        default=Path(".sealift"),
        metadata=_help("Folder of the ledger and the lock; for one agent alone."),
    )
    device_id: str = field(
        default="", metadata=_help("This machine's name in keys; the host name if empty.")
    )
    history_days: int = field(
        default=365,
        metadata=_help("How long the ledger remembers what is done and gone; 0 for ever."),
    )
    log: Literal["none", "text", "json"] = field(
        default="none", metadata=_help("Also write each event as a log line to standard error.")
    )
    log_level: Literal["debug", "info", "warning"] = field(
        default="info", metadata=_help("The least important log lines that are written.")
    )
    metrics_port: int = field(
        default=0, metadata=_help("Port where Prometheus finds metrics; 0 for none.")
    )
    metrics_host: str = field(
        default="127.0.0.1", metadata=_help("Address on which the metrics are served.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        found = []
        if self.history_days < 0:
            found.append("history_days must be 0 or more.")
        if not 0 <= self.metrics_port <= 65535:
            found.append("metrics_port must be 0 to 65535.")
        if self.device_id != self.device_id.strip() or not (self.device_id + "x").isprintable():
            found.append("device_id must not begin or end with a blank, nor hold controls.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptions:
    """A route's own settings, beside its source, seal and destinations."""

    key: str = field(default=DEFAULT_KEY, metadata=_help("Template of the objects' keys."))
    after: str = field(
        default="rename",
        metadata=_help("What happens to a delivered file: rename, delete, move:DIR or keep."),
    )
    on_conflict: Literal["quarantine", "overwrite", "suffix"] = field(
        default="quarantine", metadata=_help("What to do when another's object is at the key.")
    )
    date_from: DateFrom = field(
        default=DateFrom.NOW,
        metadata=_help("Where {time} and {date} come from: now, mtime or name."),
    )
    concurrency: int = field(
        default=256, metadata=_help("Most uploads at once to one destination, 1 to 1024.")
    )
    probe_seconds: float = field(
        default=120.0, metadata=_help("Time between two probes of a paused destination.")
    )

    quick_retries: int = field(
        default=7,
        metadata=_help("Failures after which an upload is tried patiently; none gives it up."),
    )
    retry_base_seconds: float = field(
        default=0.4, metadata=_help("Longest wait before the first retry; doubled each time.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        found = []
        if not 1 <= self.concurrency <= 1024:
            found.append("concurrency must be 1 to 1024.")
        if self.quick_retries < 0:
            found.append("quick_retries must be 0 or more.")
        if not 0 < self.retry_base_seconds <= 300:
            found.append("retry_base_seconds must be above 0, and 300 at most.")
        if not self.probe_seconds > 0:
            found.append("probe_seconds must be above 0.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """How fast a destination may be used."""

    max_bytes_per_second: float = field(
        default=0.0, metadata=_help("Most bytes of bodies a second; 0 for no limit.")
    )
    max_requests_per_second: float = field(
        default=0.0, metadata=_help("Most requests a second; 0 for no limit.")
    )

    def problems(self) -> list[str]:
        """List what is wrong with the settings, one sentence each."""
        if self.max_bytes_per_second < 0 or self.max_requests_per_second < 0:
            return ["max_bytes_per_second and max_requests_per_second must not be negative."]
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationConfig:
    """A destination of a route."""

    options: S3Options | PresignedOptions | DirectoryOptions
    limits: LimitOptions = field(default_factory=LimitOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteConfig:
    """One flow: source, seal, destinations."""

    name: str
    source: FolderOptions
    destinations: tuple[DestinationConfig, ...]
    seal: SealOptions = field(default_factory=SealOptions)
    options: RouteOptions = field(default_factory=RouteOptions)
    listener: ListenerOptions | None = None
    """For `kind = "listener"`; `source` is then the folder of the files that it closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that is configured, checked as far as it can be without a network."""

    file: Path
    """Where it came from; relative paths are relative to its folder."""

    agent: AgentOptions = field(default_factory=AgentOptions)
    routes: tuple[RouteConfig, ...] = ()
    datasets: tuple[DatasetConfig, ...] = ()

    @staticmethod
    def load(
        path: Path | str = DEFAULT_FILE,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, object] | None = None,
        *,
        check: bool = True,
    ) -> "Config":
        """
        Read a configuration: the file, over it the environment, over that *overrides*.

        Args:
            path: The TOML file.

            environ: Environment variables; those of this process by default.
                `SEALIFT_ROUTES__NAME__CONCURRENCY=8` sets `routes.name.concurrency`.

            overrides: Values by dotted key, such as `{"agent.state_dir": "/var/lib/s"}`.

            check: Also fetch secrets, and check what the values mean: folders, templates,
                options that exclude each other. Without it, a configuration whose folder
                is gone still tells where its ledger is.

        Raises:
            ConfigError: Something is wrong. The message has one line for each thing
                that is, with file, key and value; nothing was started.
        """
        from sealift.config.loading import load  # noqa: PLC0415  it needs these very classes

        return load(Path(path), environ, overrides or {}, check=check)
