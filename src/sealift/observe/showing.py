"""Sets up who is told of a run's events, as the configuration and the caller want it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from sealift.config.options import AgentOptions
from sealift.events import Event, Observer
from sealift.observe.human import HumanLines
from sealift.observe.lines import LineWriter, Stream, dropped
from sealift.observe.logs import LogLines
from sealift.observe.reading import Took
from sealift.observe.records import JsonLines
from sealift.observe.vitals import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Who is told of what."""

    notify: Observer
    took: Took | None = None
    """Is told how long each put took, if somebody wants to know."""

    health: Health = field(default_factory=Health)
    """Answers over HTTP how this process is, once it was told whom to ask."""


@contextmanager
def showing(options: AgentOptions | None = None, *, json: bool = False) -> Iterator[Show]:
    """Show events on this process's terminal, in logs and as metrics, until the block ends.

    Lines for people go to standard output; with *json*, events go there as JSON
    lines, and lines for people to standard error unless logs go there.

    Args:
        options: What the section `agent` says of logs and metrics; none if not given.
        json: Standard output is for a program.

    Raises:
        ConfigError: The port of the metrics cannot be had.
    """
    options = options or AgentOptions()
    observers: list[Observer] = []
    took = None
    health = Health()
    with ExitStack() as stack:
        if options.metrics_port:
            from sealift.observe.pages import serving  # noqa: PLC0415  slow
            from sealift.observe.prometheus import Metrics  # noqa: PLC0415

            metrics = Metrics(options.state_dir)
            place = options.metrics_host, options.metrics_port
            stack.enter_context(serving(metrics, health, *place))
            observers += (metrics, health)
            took = metrics.took
        if options.log != "none":
            write = _lines(sys.stderr, stack, json=options.log == "json")
            level = options.log_level
            observers.append(LogLines(write, style=options.log, level=level, clock=time.time))
        if json:
            observers.append(JsonLines(_lines(sys.stdout, stack, json=True), time.time))
        if not (json and options.log != "none"):
            observers += _for_people(sys.stderr if json else sys.stdout, stack)
        yield Show(notify=each(observers), took=took, health=health)


def each(observers: list[Observer]) -> Observer:
    """Make one observer of several."""
    if len(observers) == 1:
        return observers[0]

    def notify(event: Event) -> None:
        for observer in observers:
            observer(event)

    return notify


def _for_people(stream: TextIO, stack: ExitStack) -> list[Observer]:
    """Lines; on a terminal, with progress bars below them."""
    if not stream.isatty():
        return [HumanLines(_lines(stream, stack))]
    from rich.console import Console  # noqa: PLC0415  on a terminal only

    from sealift.observe.progress import Bars  # noqa: PLC0415

    bars = Bars(Console(file=stream))
    stack.enter_context(bars.shown())
    return [HumanLines(_lines(bars, stack)), bars]


def _lines(stream: Stream, stack: ExitStack, *, json: bool = False) -> Callable[[str], None]:
    lines = LineWriter(stream, _dropped_as_json if json else dropped)
    stack.callback(lines.close)
    return lines.write


def _dropped_as_json(count: int) -> str:
    return f'{{"event":"lines_dropped","level":"warning","count":{count}}}'
