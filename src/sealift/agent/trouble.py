"""What is wrong with a route's source: it cannot be read, or files in it cannot be settled."""

from sealift.agent.news import paused
from sealift.agent.route import Route
from sealift.errors import SourceFolderError
from sealift.events import Observer, Resumed


class Trouble:
    """Remembers the two troubles that a source can have, and tells of their begin and end.

    Args:
        route: The route.
        notify: Who is told.
    """

    def __init__(self, route: Route, notify: Observer) -> None:
        self._route = route
        self._notify = notify
        self.reading: SourceFolderError | None = None
        """Why files cannot be read."""

        self.settling: SourceFolderError | None = None
        """Why files cannot be settled."""

    @property
    def worst(self) -> SourceFolderError | None:
        """Why the source is paused; None if it is not."""
        return self.reading or self.settling

    def reads(self, problem: SourceFolderError | None) -> None:
        """Say how reading went."""
        before, self.reading = self.reading, problem
        self._tell(before, problem)

    def settles(self, problem: SourceFolderError | None) -> None:
        """Say how settling went."""
        before, self.settling = self.settling, problem
        self._tell(before, problem)

    def _tell(self, before: SourceFolderError | None, problem: SourceFolderError | None) -> None:
        if problem is not None and before is None:
            seconds = self._route.scan_interval_seconds
            self._notify(paused(self._route.name, "source", problem, seconds=seconds))
        elif problem is None and before is not None and self.worst is None:
            self._notify(Resumed(route=self._route.name, place="source"))
