"""A watch syncs again and again, waits longer after failures, and stops when told to."""

from typing import TYPE_CHECKING, Any

import pytest

from sealift.datasets.watching import Watch
from sealift.errors import (
    ConfigError,
    CredentialsError,
    InvalidContentError,
    SealiftError,
    TransientError,
)

if TYPE_CHECKING:
    from sealift.events import Event


class Scripted:
    """Notices and syncs by a script; the watch is stopped at its end."""

    def __init__(self, *outcomes: SealiftError | None, notices: Any = ()) -> None:
        self.outcomes = list(outcomes)
        self.notices = list(notices)
        self.waited: list[float] = []
        self.finished = 0
        self.told: list[Event] = []
        self.watch = Watch(self.sync, self, poll_seconds=30.0, notify=self.told.append, dataset="d")

    def sync(self) -> Any:
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.watch.drain()
        if outcome:
            raise outcome

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if self.notices and (error := self.notices.pop(0)):
            raise error

    def done(self) -> None:
        self.finished += 1

    def wake(self) -> None: ...


def test_failures_are_told_and_waited_for_longer_each_time() -> None:
    down = [TransientError("down"), CredentialsError("wrong"), InvalidContentError("damaged")]
    script = Scripted(None, *down, *down, None, None)
    script.watch.run()
    assert script.waited == [30.0, 30.0, 60.0, 120.0, 240.0, 300.0, 300.0, 30.0]
    codes = [event.code for event in script.told]  # type: ignore[attr-defined]
    assert codes == ["transient", "credentials", "invalid_content"] * 2
    assert script.finished == 3, "notices are forgotten only after a sync that succeeded"


def test_what_waiting_cannot_mend_ends_it() -> None:
    script = Scripted(ConfigError("wrong"), None)
    with pytest.raises(ConfigError):
        script.watch.run()
