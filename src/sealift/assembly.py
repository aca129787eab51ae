"""Puts a configuration together: sources, seals and destinations with their behaviours."""

import socket
from collections.abc import Collection

from sealift.agent.route import Conflict, Route
from sealift.config import Config, DestinationConfig, RouteConfig
from sealift.destinations.base import Destination
from sealift.destinations.directory import DirectoryDestination
from sealift.destinations.limited import Limited
from sealift.destinations.retrying import Retrying
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import S3Options
from sealift.errors import UsageError
from sealift.events import Observer, ignore
from sealift.naming import KeyTemplate
from sealift.observe.reading import Observed, Took
from sealift.observe.showing import Show
from sealift.sealing.seal import Sealer
from sealift.sources.folder import FolderSource
from sealift.sources.settling import After


def build_routes(
    config: Config,
    *,
    only: Collection[str] = (),
    notify: Observer = ignore,
    took: Took | None = None,
    host: str = "",
) -> list[Route]:
    """
    Make the routes of a configuration, ready for an `Agent`.

    Nothing is sent and nothing is connected to.

    Args:
        config: The configuration.

        only: Names of the routes that are wanted; all if empty.

        notify: Who is told how far large uploads are.

        took: Who is told how long each put took.

        host: This machine's name; asked of the system if empty.

    Raises:
        UsageError: There is no route of a name in *only*.
        ConfigError: What the configuration names has changed since it was checked.
        SourceFolderError: A watched folder went away since it was checked.
    """
    known = [route.name for route in config.routes]
    for name in only:
        if name not in known:
            raise UsageError(
                f"There is no route {name} in {config.file}.", hint=f"Use {' or '.join(known)}."
            )
    host = host or socket.gethostname()
    return [
        _route(config, route, host, Show(notify=notify, took=took))
        for route in config.routes
        if not only or route.name in only
    ]


def build_destination(
    settings: DestinationConfig,
    *,
    route: str,
    notify: Observer = ignore,
    took: Took | None = None,
) -> Destination:
    """
    Make a destination with its behaviours, the innermost first.

    A retried look counts against the limit again, so `Limited` is inside `Retrying`;
    what a person sees of a large upload is what really went through, so `Observed`
    is innermost.
    """
    options, limits = settings.options, settings.limits
    destination: Destination = (
        S3Destination(options) if isinstance(options, S3Options) else DirectoryDestination(options)
    )
    destination = Observed(destination, route=route, notify=notify, took=took)
    if limits.max_bytes_per_second or limits.max_requests_per_second:
        destination = Limited(
            destination,
            max_bytes_per_second=limits.max_bytes_per_second or None,
            max_requests_per_second=limits.max_requests_per_second or None,
        )
    return Retrying(destination)


def _route(config: Config, route: RouteConfig, host: str, show: Show) -> Route:
    base = config.file.absolute().parent
    return Route(
        name=route.name,
        source=FolderSource(route.source, After.parse(route.options.after, base)),
        sealer=Sealer(route.seal),
        template=KeyTemplate.parse(route.options.key),
        destinations=tuple(
            build_destination(one, route=route.name, notify=show.notify, took=show.took)
            for one in route.destinations
        ),
        on_conflict=Conflict(route.options.on_conflict),
        date_from=route.options.date_from,
        device_id=config.agent.device_id or host,
        host=host,
        concurrency=route.options.concurrency,
        settle_seconds=route.source.settle_seconds,
        growth_seconds=route.source.growth_seconds,
        scan_interval_seconds=route.source.scan_interval_seconds,
        probe_seconds=route.options.probe_seconds,
        history_seconds=config.agent.history_days * 86400.0,
    )
