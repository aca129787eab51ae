"""Writes lines in batches: cheap for thousands a second, and never late by more than a moment."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

FLUSH_SECONDS = 0.2
BATCH_LINES = 256


class Stream(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Take text."""
        ...

    def flush(self) -> None:
        """Show it."""
        ...


class LineWriter:
    """Gathers lines and writes them together. Safe to use from many threads.

    Args:
        stream: Where they go. A reader that went away is no error: the lines are lost.
        wait: Waits for the event, or so many seconds; for tests.
    """

    def __init__(
        self,
        stream: Stream,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._stream = stream
        self._wait = wait
        self._lines: deque[str] = deque()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealift-lines", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add a line, without its end."""
        # A deque's append is atomic: no lock on the way of each file.
        self._lines.append(line)
        if len(self._lines) >= BATCH_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        with self._lock:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            if not lines:
                return
            text = "\n".join(lines) + "\n"
            try:
                self._stream.write(printable(text))
                self._stream.flush()
            except (OSError, ValueError):
                return

    def close(self) -> None:
        """Write what is left and stop."""
        self._closed.set()
        self._thread.join(timeout=5)
        self.flush()

    def _run(self) -> None:
        while not self._wait(self._closed, FLUSH_SECONDS):
            self.flush()


def printable(text: str) -> str:
    """Give *text* so that it can be written as UTF-8: odd bytes of file names become escapes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text
