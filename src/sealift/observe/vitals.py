"""Says whether this process is well, to those who ask from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from sealift.events import Event, Paused, Resumed

STUCK_SECONDS: Final = 120.0
"""A route that takes no turn for so long is stuck."""

_WELL: Final = frozenset({"running", "ending"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """How an agent is."""

    phase: str
    """`idle`, `starting`, `running` or `ending`."""

    silent_seconds: Mapping[str, float]
    """For each route: how long a question for a sign of life has not been answered."""

    def silent(self, seconds: float) -> list[str]:
        """List the routes that have been silent for so long."""
        return [name for name, silent in self.silent_seconds.items() if silent >= seconds]


class Health:
    """Answers how this process is: an observer of its events, and asked over HTTP.

    A route that is paused is well: nothing is lost, and starting again would not help.
    """

    def __init__(self) -> None:
        self._ask: Callable[[], Vitals] = _nobody
        self._paused: dict[str, dict[str, str]] = {}

    def of(self, ask: Callable[[], Vitals]) -> None:
        """Ask *ask* from now on; before, the process is starting."""
        self._ask = ask

    def __call__(self, event: Event) -> None:
        """Take note of pauses."""
        if isinstance(event, Paused):
            self._paused.setdefault(event.route, {})[event.place] = event.code
        elif isinstance(event, Resumed):
            self._paused.get(event.route, {}).pop(event.place, None)

    def answer(self) -> tuple[bool, bytes]:
        """Tell whether it is well, and the details as JSON without names of files or keys."""
        vitals = self._ask()
        stuck = vitals.silent(STUCK_SECONDS)
        well = vitals.phase in _WELL and not stuck
        details = {
            "status": "stuck" if stuck else "ok" if well else vitals.phase,
            "phase": vitals.phase,
            "stuck": stuck,
            "paused": {route: dict(places) for route, places in self._paused.items() if places},
        }
        return well, orjson.dumps(details) + b"\n"


def _nobody() -> Vitals:
    return Vitals(phase="starting", silent_seconds={})
