"""Writes the audit's lines of all requests of a moment together."""

import asyncio
from io import RawIOBase
from threading import Lock


class AuditFile:
    """A file of audit lines: what was added is in the system's hands before an answer leaves.

    One write serves all requests that are answered in one turn of the event loop; a
    write for each would cost a tenth of what they cost in all.

    Args:
        file: Where the lines go, unbuffered.
    """

    def __init__(self, file: RawIOBase) -> None:
        self._file = file
        self._lines = b""
        self._lock = Lock()
        self._is_stuck = False
        self._writing: asyncio.Future[None] | None = None

    def add(self, lines: bytes) -> None:
        """Take lines, each with its end; from any thread."""
        with self._lock:
            self._lines += lines

    async def ready(self) -> None:
        """Wait until what could not be written before is, so that it does not pile up.

        Raises:
            OSError: It still cannot be.
        """
        if self._is_stuck:
            await self.written()

    async def written(self) -> None:
        """Wait until all that was added before is written.

        Raises:
            OSError: It could not be. It is kept, and tried again next time.
        """
        if self._writing is None:
            if not self._lines:
                return
            loop = asyncio.get_running_loop()
            self._writing = loop.create_future()
            loop.call_soon(self._write)
        await self._writing

    def _write(self) -> None:
        waiting, self._writing = self._writing, None
        assert waiting  # noqa: S101 - `written` made it
        try:
            with self._lock:
                while self._lines:
                    self._lines = self._lines[self._file.write(self._lines) or 0 :]
        except OSError as error:
            self._is_stuck = True
            waiting.set_exception(error)
        else:
            self._is_stuck = False
            waiting.set_result(None)
