"""Reads the environment of the XML stream aggregator, which `sealift listen` takes over."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sealift.config.options import (
    AgentOptions,
    Config,
    DestinationConfig,
    RouteConfig,
    RouteOptions,
)
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError
from sealift.naming import DateFrom
from sealift.sources.listener.formats import OutputFormat
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.place import closed_files
from sealift.sources.settling import Action

ROUTE: Final = "events"
SOURCE: Final = "xml-stream-aggregator"
"""The metadata `source` of every object, as the aggregator wrote it."""

DEFAULTS: Final[Mapping[str, str]] = {
    "PREFIX": "xml-events/",
    "USE_DATE_FOLDERS": "false",
    "MAX_RETRIES": "3",
    "RETRY_BASE_DELAY": "1.0",
    "PORT": "8080",
    "BIND_HOST": "127.0.0.1",
    "ROTATION_INTERVAL": "3600",
    "MAX_FILE_SIZE": "10485760",
    "OUTPUT_FORMAT": "xml",
    "PRETTY_PRINT_JSON": "true",
    "MAX_CONNECTIONS": "50",
    "MAX_MESSAGE_SIZE": "1048576",
    "RATE_LIMIT_ENABLED": "false",
    "RATE_LIMIT_WINDOW": "60",
    "RATE_LIMIT_MAX_EVENTS": "1000",
}
"""What holds where a variable is not set, or is empty."""

_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the flags of `sealift listen` say beside the environment."""

    state_dir: Path = Path(".sealift")
    host: str | None = None
    port: int | None = None
    http_port: int = -1
    http_token: str = ""
    acknowledge: bool = False
    flush_on_stop: bool = False
    rejects_prefix: str = ""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0


def aggregator_config(environ: Mapping[str, str], wishes: Wishes) -> Config:
    """
    Make the configuration of a listener that delivers to S3.

    Region and credentials are those of the AWS chain; `AWS_ENDPOINT_URL_S3` or
    `AWS_ENDPOINT_URL` name an S3 look-alike.

    Raises:
        ConfigError: A variable is missing or wrong; all that is wrong is told.
    """
    read = _Variables(environ)
    bucket = read.text("BUCKET_NAME")
    if not bucket:
        raise ConfigError("BUCKET_NAME environment variable is required")
    listener = _listener(read, wishes)
    destination = S3Options(
        bucket=bucket,
        prefix=_prefix(read.text("PREFIX")),
        region=read.text("AWS_REGION") or read.text("AWS_DEFAULT_REGION"),
        endpoint_url=read.text("AWS_ENDPOINT_URL_S3") or read.text("AWS_ENDPOINT_URL"),
        metadata={"source": SOURCE},
    )
    options = RouteOptions(
        key=("{date:%Y/%m/%d}/" if read.flag("USE_DATE_FOLDERS") else "") + "{name}",
        after=Action.DELETE.value,
        # Another aggregator with the same prefix may close a file in the same second.
        on_conflict="suffix",
        date_from=DateFrom.NAME,
        quick_retries=int(read.number("MAX_RETRIES")),
        # 0 meant at once, and a store that failed a moment ago is given one.
        retry_base_seconds=min(max(read.number("RETRY_BASE_DELAY", fraction=True), 0.1), 300.0),
    )
    agent = AgentOptions(
        state_dir=wishes.state_dir.absolute(),
        metrics_host=wishes.metrics_host,
        metrics_port=wishes.metrics_port,
    )
    read.faults += [f"The listener: {one}" for one in listener.problems()]
    read.faults += agent.problems()
    if read.faults:
        raise ConfigError("\n".join(read.faults), hint="Correct the environment.")
    destination.check()
    return Config(
        file=Path("environment"),
        agent=agent,
        routes=(
            RouteConfig(
                name=ROUTE,
                source=closed_files(listener, agent.state_dir, ROUTE),
                listener=listener,
                destinations=(DestinationConfig(options=destination),),
                options=options,
            ),
        ),
    )


def _listener(read: "_Variables", wishes: Wishes) -> ListenerOptions:
    limited = read.flag("RATE_LIMIT_ENABLED")
    rate, window = read.number("RATE_LIMIT_MAX_EVENTS"), read.number("RATE_LIMIT_WINDOW")
    port = int(read.number("PORT"))
    most = int(read.number("MAX_MESSAGE_SIZE"))
    largest = int(read.number("MAX_FILE_SIZE"))
    return ListenerOptions(
        host=wishes.host or read.text("BIND_HOST"),
        port=port if wishes.port is None else wishes.port,
        http_port=wishes.http_port,
        http_token=wishes.http_token,
        output=OutputFormat(read.choice("OUTPUT_FORMAT", ("xml", "json"))),
        pretty=read.flag("PRETTY_PRINT_JSON"),
        acknowledge=wishes.acknowledge,
        max_file_bytes=largest,
        rotation_seconds=read.number("ROTATION_INTERVAL", fraction=True),
        flush_on_stop=wishes.flush_on_stop,
        max_connections=int(read.number("MAX_CONNECTIONS")),
        max_connections_per_address=0,
        max_event_bytes=most,
        max_request_bytes=max(most, 8 << 20),
        max_buffered_bytes=max(2 * most, 64 << 20),
        max_spool_bytes=max(4 << 30, 4 * largest),
        rate_events=int(rate) if limited else 0,
        rate_seconds=float(window),
        rejects_prefix=wishes.rejects_prefix,
    )


def _prefix(text: str) -> str:
    text = text.strip("/")
    return text + "/" if text else ""


class _Variables:
    """Reads variables, and notes what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip() or DEFAULTS.get(name, "")

    def number(self, name: str, *, fraction: bool = False) -> float:
        text = self.text(name)
        try:
            value = float(text) if fraction else int(text)
        except ValueError:
            value = -1.0
        if value < 0 or value == float("inf") or value != value:  # noqa: PLR0124  NaN
            kind = "a number" if fraction else "a whole number"
            self.faults.append(f"{name} = {text!r} is not {kind} of 0 or more.")
            value = float(DEFAULTS[name])
        return value

    def flag(self, name: str) -> bool:
        text = self.text(name).lower()
        if text not in _YES | _NO:
            self.faults.append(f"{name} = {text!r} is neither true nor false.")
        return text in _YES

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        text = self.text(name).lower()
        if text not in choices:
            self.faults.append(f"{name} = {text!r} is not known. Use {' or '.join(choices)}.")
            return choices[0]
        return text
