"""Writes lines in batches: cheap for thousands a second, and never late by more than a moment."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

FLUSH_SECONDS = 0.2
BATCH_LINES = 256
MOST_LINES = 100_000
"""So many lines are kept for a reader that is slow: some 30 MB."""


class Stream(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def flush(self) -> None:
        """Show it."""
        ...


def dropped(count: int) -> str:
    """Say to people how many lines were lost."""
    return f"({count} lines were dropped here: nobody read them)"


class LineWriter:
    """Gathers lines and writes them together. Safe to use from many threads.

    Only a thread of its own writes, so a reader that stops reading stops nobody
    else. While it does, `MOST_LINES` are kept; of those that come then only the
    number is.

    Args:
        stream: Where they go. A reader that went away is no error: the lines are lost.
        say_dropped: Makes the line that tells how many were dropped.
        wait: Waits for the event, or so many seconds; for tests.
    """

    def __init__(
        self,
        stream: Stream,
        say_dropped: Callable[[int], str] = dropped,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._stream = stream
        self._say_dropped = say_dropped
        self._wait = wait
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="sealift-lines", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add a line, without its end. Never waits for the stream."""
        # A deque's append is atomic: no lock on the way of each file.
        waiting = len(self._lines)
        if waiting >= MOST_LINES:
            with self._lock:
                self._dropped += 1
            return
        self._lines.append(line)
        if waiting >= BATCH_LINES and not self._wake.is_set():
            self._wake.set()

    def close(self) -> None:
        """Write what is left and stop; wait at most 5 s for a stream that takes nothing."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        ending = False
        while not ending:
            self._wait(self._wake, FLUSH_SECONDS)
            self._wake.clear()
            # Read before the lines are taken: those that came before the end are among them.
            ending = self._closed
            self._flush()

    def _flush(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        with self._lock:
            lost, self._dropped = self._dropped, 0
        if lost:
            lines.append(self._say_dropped(lost))
        if not lines:
            return
        with suppress(OSError, ValueError):
            self._stream.write(printable("\n".join(lines) + "\n"))
            self._stream.flush()


def printable(text: str) -> str:
    """Give *text* so that it can be written as UTF-8: odd bytes of file names become escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
