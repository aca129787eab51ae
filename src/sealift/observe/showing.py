"""Sets up who is told of a run's events, as the configuration and the caller want it."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from sealift.config.options import AgentOptions
from sealift.events import Event, Observer
from sealift.observe.human import HumanLines
from sealift.observe.lines import LineWriter
from sealift.observe.records import JsonLines


@contextmanager
def showing(options: AgentOptions, *, json: bool = False) -> Iterator[Observer]:
    """Give an observer that shows events on this process's terminal, in logs and as metrics.

    Args:
        options: What the section `agent` says of logs and metrics.
        json: Events go to standard output as JSON lines, lines for people to
            standard error; without it, lines for people go to standard output.
    """
    with ExitStack() as stack:
        observers: list[Observer] = []
        if json:
            observers.append(JsonLines(_lines(sys.stdout, stack), time.time))
            if options.log == "none":
                observers.append(HumanLines(_lines(sys.stderr, stack)))
        else:
            observers.append(HumanLines(_lines(sys.stdout, stack)))
        yield each(observers)


def each(observers: list[Observer]) -> Observer:
    """Make one observer of several."""
    if len(observers) == 1:
        return observers[0]

    def notify(event: Event) -> None:
        for observer in observers:
            observer(event)

    return notify


def _lines(stream: TextIO, stack: ExitStack) -> Callable[[str], None]:
    lines = LineWriter(stream)
    stack.callback(lines.close)
    return lines.write
