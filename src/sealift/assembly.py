"""Puts a configuration together: sources, seals and destinations with their behaviours."""

import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sealift.agent.route import Conflict, Route
from sealift.agent.schedule import Schedule
from sealift.config import Config, DestinationConfig, RouteConfig
from sealift.destinations.base import Destination
from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
from sealift.destinations.limited import Limited
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.retrying import Retrying, RetryPolicy
from sealift.destinations.s3 import S3Destination
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError, UsageError
from sealift.events import Observer, ignore
from sealift.naming import KeyTemplate
from sealift.observe.reading import Observed, Took
from sealift.observe.showing import Show
from sealift.sealing.compress import Compression
from sealift.sealing.seal import Sealer
from sealift.sources.folder import FolderSource
from sealift.sources.listener.listener import ListenerPlace, ListenerSource
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.place import closed_rejects, spool_of
from sealift.sources.listener.sealer import ListenerSealer
from sealift.sources.settling import After

if TYPE_CHECKING:
    from sealift.destinations.presigned import PresignedDestination

_POLICIES: Mapping[type, RetryPolicy] = {
    # Over a device's network, a service that does not answer at once may in seconds.
    PresignedOptions: RetryPolicy(attempts=4, base_seconds=0.5, max_seconds=2.5)
}


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
        ConfigError: There is no route at all, or what the configuration names has changed
            since it was checked.
        SourceFolderError: A watched folder went away since it was checked.
    """
    known = [route.name for route in config.routes]
    if not known:
        raise ConfigError(
            f"{config.file} sets up no route: there is nothing to run.",
            hint="Add [routes.NAME.source] and the rest; datasets have sealift dataset push.",
        )
    for name in only:
        if name not in known:
            raise UsageError(
                f"There is no route {name} in {config.file}.", hint=f"Use {' or '.join(known)}."
            )
    host = host or socket.gethostname()
    show = Show(notify=notify, took=took)
    chosen = [route for route in config.routes if not only or route.name in only]
    return [
        _route(config, route, host, show)
        for each in chosen
        for route in _with_rejects(config, each)
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
    limits = settings.limits
    destination: Destination = Observed(
        _bare(settings.options), route=route, notify=notify, took=took
    )
    if limits.max_bytes_per_second or limits.max_requests_per_second:
        destination = Limited(
            destination,
            max_bytes_per_second=limits.max_bytes_per_second or None,
            max_requests_per_second=limits.max_requests_per_second or None,
        )
    return Retrying(destination, _POLICIES.get(type(settings.options)))


def presigned_destination(options: PresignedOptions) -> "PresignedDestination":
    """
    Make a presigned destination without behaviours.

    Raises:
        ConfigError: What it needs is not installed.
    """
    try:
        from sealift.destinations.presigned import PresignedDestination  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            "Presigned uploads need the package pyreqwest, which is not installed.",
            hint="Run: pip install 'sealift[presigned]'",
        ) from None
    return PresignedDestination(options)


def _bare(options: S3Options | PresignedOptions | DirectoryOptions) -> Destination:
    if isinstance(options, S3Options):
        return S3Destination(options)
    if isinstance(options, PresignedOptions):
        return presigned_destination(options)
    return DirectoryDestination(options)


def _route(config: Config, route: RouteConfig, host: str, show: Show) -> Route:
    base = config.file.absolute().parent
    if route.listener is None:
        source: FolderSource | ListenerSource = FolderSource(
            route.source, After.parse(route.options.after, base)
        )
        sealer = Sealer(route.seal)
    else:
        source = listener = _listener(config, route, route.listener, show)
        sealer = ListenerSealer(route.seal, listener.facts)
    return Route(
        name=route.name,
        source=source,
        sealer=sealer,
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
        schedule=Schedule(
            quick_retries=route.options.quick_retries,
            base_seconds=route.options.retry_base_seconds,
        ),
        history_seconds=config.agent.history_days * 86400.0,
    )


def _listener(
    config: Config, route: RouteConfig, options: ListenerOptions, show: Show
) -> ListenerSource:
    return ListenerSource(
        options,
        ListenerPlace(
            route=route.name,
            folder=spool_of(config.agent.state_dir, route.name),
            compression=Compression(route.seal.compress),
            redacts=route.seal.redacts,
            notify=show.notify,
        ),
    )


def _with_rejects(config: Config, route: RouteConfig) -> Iterator[RouteConfig]:
    """Give a route, and the one that delivers what it refused if that is wanted."""
    yield route
    listener = route.listener
    if listener is None or not listener.rejects_prefix:
        return
    folder = closed_rejects(listener, config.agent.state_dir, route.name)
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield replace(
        route,
        name=f"{route.name}-rejects",
        source=folder,
        listener=None,
        seal=replace(route.seal, schema=None, content_type="", format="auto"),
        destinations=tuple(
            replace(one, options=_below(one.options, listener.rejects_prefix))
            for one in route.destinations
        ),
    )


def _below(
    options: S3Options | PresignedOptions | DirectoryOptions, prefix: str
) -> S3Options | PresignedOptions | DirectoryOptions:
    """Give a destination's other place, for rejects; a presigner has one place only."""
    if isinstance(options, PresignedOptions):
        return options
    if isinstance(options, S3Options):
        return replace(options, prefix=prefix)
    path = options.path / prefix
    path.mkdir(parents=True, exist_ok=True)
    return replace(options, path=path)
