"""Hears of changes in a folder early. Only an accelerator: scans find what it misses."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

MOST_HINTS = 10_000
OVERFLOW_SIGN = 2_000
"""Paths in one batch from which on the system may have dropped events. It drops them above 16,384
that wait, a file makes several, and watchfiles does not tell.
https://man7.org/linux/man-pages/man7/inotify.7.html"""

DEBOUNCE_MILLISECONDS = 100
ROOT_LOOK_MILLISECONDS = 2_000
"""How often to look whether the folder is still the one that is watched."""

RETRY_SECONDS = 5.0


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
        # What comes between the first sweep and the first watch is heard by nobody.
        self._deaf = True
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
        while not self._stop.is_set():
            try:
                self._watch()
            except (OSError, RuntimeError):
                # The folder is gone, a name is no UTF-8, or the system has no watches left:
                # scans go on without.
                self._lost()
                self._stop.wait(RETRY_SECONDS)
            else:
                self._lost()

    def _lost(self) -> None:
        """Want a sweep because the watch ended; not for each try that never heard."""
        if not self._deaf and not self._stop.is_set():
            self._deaf = True
            self._note(set(), too_many=True)

    def _hears(self) -> None:
        """Want a sweep for what came while nothing was heard."""
        if self._deaf:
            self._deaf = False
            self._note(set(), too_many=True)

    def _watch(self) -> None:
        """Collect changes until the folder is another one, or `close` is called."""
        from watchfiles import Change, watch  # noqa: PLC0415  in Rust; only agents need it

        watched = self._which()
        for changes in watch(
            self._root,
            watch_filter=None,
            debounce=DEBOUNCE_MILLISECONDS,
            step=DEBOUNCE_MILLISECONDS // 4,
            stop_event=self._stop,
            rust_timeout=ROOT_LOOK_MILLISECONDS,
            yield_on_timeout=True,
            recursive=self._recursive,
            raise_interrupt=False,
        ):
            self._hears()
            if changes:
                paths = {os.fsencode(path) for _change, path in changes}
                self._note(paths, too_many=len(paths) >= OVERFLOW_SIGN)
            # After the folder was removed and made again, or mounted over, its watch is deaf;
            # a folder made again may have the number of the old one.
            if self._which() != watched or (Change.deleted, str(self._root)) in changes:
                return

    def _which(self) -> tuple[int, int]:
        status = self._root.stat()
        return status.st_dev, status.st_ino

    def _note(self, paths: set[bytes], *, too_many: bool) -> None:
        prefix = os.fsencode(self._root) + b"/"
        below = {path[len(prefix) :] for path in paths if path.startswith(prefix)}
        with self._lock:
            if len(self._hints) + len(below) > MOST_HINTS:
                self._too_many = True
            else:
                self._too_many |= too_many or len(below) < len(paths)
                self._hints |= below
        self._wake()
