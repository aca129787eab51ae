"""Hears of changes in a folder early. Only an accelerator: scans find what it misses."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

MOST_HINTS = 10_000
DEBOUNCE_MILLISECONDS = 100


class Watcher:
    """Collects the paths that the system says have changed.

    Args:
        root: The folder.
        recursive: Also the folders below it.
        wake: Called from the watcher's thread when there is something new.
    """

    def __init__(self, root: Path, *, recursive: bool, wake: Callable[[], None]) -> None:
        self._root = root
        self._recursive = recursive
        self._wake = wake
        self._hints: set[bytes] = set()
        self._too_many = False
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealift-watch", daemon=True)
        self._thread.start()

    def take(self) -> tuple[set[bytes], bool]:
        """Give the changed paths below the folder, and whether some are not among them."""
        with self._lock:
            hints, self._hints = self._hints, set()
            too_many, self._too_many = self._too_many, False
        return hints, too_many

    def close(self) -> None:
        """Stop watching and wait until it has."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        from watchfiles import watch  # noqa: PLC0415  a Rust extension; only agents need it

        while not self._stop.is_set():
            try:
                for changes in watch(
                    self._root,
                    watch_filter=None,
                    debounce=DEBOUNCE_MILLISECONDS,
                    step=DEBOUNCE_MILLISECONDS // 4,
                    stop_event=self._stop,
                    recursive=self._recursive,
                    raise_interrupt=False,
                ):
                    self._note({os.fsencode(path) for _change, path in changes})
            except (OSError, RuntimeError):
                # The folder is gone, or the system has no watches left: scans go on without.
                self._stop.wait(5)
                self._note(set())

    def _note(self, paths: set[bytes]) -> None:
        prefix = os.fsencode(self._root) + b"/"
        below = {path[len(prefix) :] for path in paths if path.startswith(prefix)}
        with self._lock:
            if not below or len(self._hints) + len(below) > MOST_HINTS:
                self._too_many = True
            else:
                self._hints |= below
        self._wake()
