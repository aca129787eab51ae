"""The shared aggregates of this process: made at first use, closed at its end, not inherited."""

import atexit
import os
import threading
from pathlib import Path
from typing import Final

from sealift import DailyAggregate
from sealift.errors import StateError
from sealift.integrations.tracardi.settings import Place
from sealift.integrations.tracardi.shared import SharedAggregates
from sealift.one_off import default_state_dir

STATE_DIR_VARIABLE: Final = "SEALIFT_TRACARDI_STATE_DIR"

ANSWER_SECONDS: Final = 20.0
"""After so long without S3 an event is told why; it goes by itself later."""


class _Process:
    """What belongs to this process alone."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.state_dir: Path | None = None
        self.shared: SharedAggregates | None = None
        self.used = False
        self.forked_from_user = False
        """The S3 client's threads did not come along, and its next call would hang."""


_process = _Process()


def shared() -> SharedAggregates:
    """Give the shared aggregates of this process.

    Raises:
        StateError: This process was forked from one that used them.
    """
    with _process.lock:
        if _process.forked_from_user:
            raise StateError(
                "This process was forked from one that used S3 already, so it cannot.",
                hint="Start workers with spawn, or without preloading.",
            )
        if _process.shared is None:
            _process.shared = SharedAggregates(_open)
            _process.used = True
        return _process.shared


def use_state_dir(state_dir: Path) -> None:
    """Keep journals in *state_dir*, from the next opening on."""
    _process.state_dir = state_dir


@atexit.register
def close_shared() -> None:
    """Close what is open; what is in the journals waits for the next process."""
    with _process.lock:
        opened, _process.shared = _process.shared, None
    if opened is not None:
        opened.close()


def _open(place: Place) -> DailyAggregate:
    return DailyAggregate(place.options(_state_dir(), answer_seconds=ANSWER_SECONDS))


def _state_dir() -> Path:
    said = os.environ.get(STATE_DIR_VARIABLE, "")
    if _process.state_dir is not None:
        return _process.state_dir
    return Path(said) if said else default_state_dir(os.environ).parent / "tracardi"


def _after_fork() -> None:
    global _process
    before, _process = _process, _Process()
    _process.state_dir = before.state_dir
    _process.forked_from_user = before.used or before.forked_from_user


os.register_at_fork(after_in_child=_after_fork)
