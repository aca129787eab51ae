"""Progress bars on a terminal: one for each long upload, and one line for all files together."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from sealift import events
from sealift.datasets.happenings import DatasetProgressed
from sealift.events import Event
from sealift.observe.human import line
from sealift.observe.lines import printable


class Bars:
    """An observer that moves bars, and the stream for lines that pass above them.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._uploads = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._all = self._uploads.add_task("nothing sent yet", total=None, visible=False)
        self._delivered = 0
        self._bytes = 0

    def __call__(self, event: Event) -> None:
        """Move the bars."""
        match event:
            case events.Progressed():
                self._move(event)
            case events.Delivered():
                self._delivered += 1
                self._bytes += event.size
                self._end(event.item_id, event.destination)
                self._uploads.update(
                    self._all,
                    description=f"{self._delivered} delivered",
                    completed=self._bytes,
                    visible=True,
                )
            case DatasetProgressed():
                self._count(event)
            case events.AttemptFailed():
                self._end(event.item_id, event.destination)
            case _:
                pass

    def write(self, text: str) -> None:
        """Write text above the bars."""
        self._uploads.console.out(text, end="", highlight=False)

    def flush(self) -> None:
        """Do nothing: text is shown at once."""

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars while the block runs."""
        with self._uploads:
            yield

    def _count(self, event: DatasetProgressed) -> None:
        """Show how many records of a dataset are done."""
        self._uploads.update(
            self._all,
            description=f"{event.doing}: {event.done} of {event.records} records",
            visible=True,
        )

    def _move(self, event: events.Progressed) -> None:
        key = (event.item_id, event.destination)
        if key not in self._tasks:
            name = printable(line(event.name.rpartition("/")[2]))
            self._tasks[key] = self._uploads.add_task(name, total=event.size)
        self._uploads.update(self._tasks[key], completed=event.done)

    def _end(self, item_id: str, destination: str) -> None:
        task = self._tasks.pop((item_id, destination), None)
        if task is not None:
            self._uploads.remove_task(task)
