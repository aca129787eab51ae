"""Opens the ledger's file: durable settings, schema versions, and one agent per state directory."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sealift.errors import AgentRunningError, LedgerWaitsError, StateError

FILE_NAME = "ledger.sqlite3"
LOCK_NAME = "agent.lock"
MIGRATIONS = ("schema.sql",)
"""One script a schema version, in order; the file's `user_version` says how many have run."""

_PROCESSES = Path("/proc")
_PASSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY})

BUSY_SECONDS = 60.0
"""How long to wait for another process that is writing, such as `sealift quarantine release`."""


@contextmanager
def state_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, with what to do."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.ProgrammingError) as error:
        text = str(error)
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more of it
        if primary in _PASSING:
            raise LedgerWaitsError(
                f"The ledger {path} cannot be written now: {text}.",
                hint="Free some space on that disk."
                if primary == sqlite3.SQLITE_FULL
                else "Another process has held it for a minute; stop that one.",
            ) from error
        if "readonly" in text or "unable to open" in text:
            hint = "Check that this user may write there."
        else:
            hint = "Check the disk; nothing is delivered without the ledger."
        raise StateError(f"The ledger {path} cannot be used: {text}.", hint=hint) from error
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"The ledger {path} is damaged: {error}.",
            hint="Put a backup back, or move it away to begin a new one: files that were "
            "delivered but not yet settled may then be delivered again under new keys.",
        ) from error


def connect(path: Path) -> sqlite3.Connection:
    """Open the ledger, make it or bring it up to this version.

    Commits are durable: WAL with `synchronous=FULL` syncs each one.
    https://www.sqlite.org/pragma.html#pragma_synchronous

    Raises:
        StateError: It cannot be opened, is damaged, or is of a newer version.
    """
    with state_errors(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            with _one_at_a_time(path.parent):
                _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def _one_at_a_time(state_dir: Path) -> Iterator[None]:
    """Keep others from preparing a ledger here: SQLite does not wait to begin a WAL."""
    with ExitStack() as closing:
        with suppress(OSError):  # a file system without locks
            folder = os.open(state_dir, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
            closing.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    # Fewer, larger checkpoints: a page that many commits touch is copied back once.
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StateError(
            f"The ledger {path} was made by a newer Sealift (schema {version}, "
            f"this one knows {len(MIGRATIONS)}).",
            hint="Use that version.",
        )
    if version < len(MIGRATIONS):
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    scripts = Path(__file__).parent  # `importlib.resources` takes 15 ms to import
    connection.execute("BEGIN EXCLUSIVE")
    # Read again: another process may have done it while this one waited.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for name in MIGRATIONS[version:]:
        # Not `executescript`, which begins with a COMMIT and so would let another process in.
        for statement in _statements((scripts / name).read_text(encoding="utf-8")):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read the whole file once. Raises StateError if it is damaged."""
    with state_errors(path):
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StateError(
            f"The ledger {path} is damaged: {verdict.splitlines()[-1]}.",
            hint="Put a backup back, or move it away to begin a new one.",
        )


def make_state_dir(state_dir: Path) -> None:
    """Make the state directory, for this user only. Raises StateError if it cannot be."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"The state directory {state_dir} cannot be made: {error.strerror}.",
            hint="Set [agent] state_dir to a folder that this user may write.",
        ) from error


class AgentLock:
    """Holds a state directory for one agent; the kernel lets go of it when the process ends.

    Raises:
        AgentRunningError: Another agent holds it.
        StateError: The lock file cannot be made.
    """

    def __init__(self, state_dir: Path) -> None:
        path = state_dir / LOCK_NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(
                f"The lock {path} cannot be opened: {error.strerror}.",
                hint="Check that this user may write there.",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").split("\n")[0] or "unknown"
            os.close(self._file)
            if not isinstance(error, BlockingIOError):
                raise StateError(
                    f"The lock {path} cannot be taken: {error.strerror}.",
                    hint="Set [agent] state_dir to a folder on a local disk.",
                ) from error
            raise AgentRunningError(
                f"Another agent (process {holder}) uses the state directory {state_dir}.",
                hint="Stop it first, or give this one an [agent] state_dir of its own.",
            ) from error
        self.say()

    def say(self, text: str = "") -> None:
        """Let others read *text*, one line, beside this process's id; see `lock_holder`."""
        lines = (str(os.getpid()), *([text] if text else []), "")
        data = "\n".join(lines).encode()
        os.pwrite(self._file, data, 0)
        os.ftruncate(self._file, len(data))

    def release(self) -> None:
        """Let go of the directory."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock_holder(state_dir: Path) -> tuple[int, str] | None:
    """Tell which process holds a state directory, and what it says there; None if none does.

    Raises:
        StateError: The lock may not be read by this user.
    """
    path = state_dir / LOCK_NAME
    try:
        number, _, text = path.read_text(encoding="ascii", errors="replace").partition("\n")
        held = number.isdecimal() and _holds(int(number), path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(
            f"The lock {path} cannot be read: {error.strerror}.",
            hint="Do it as the user that runs the agent.",
        ) from error
    return (int(number), text.strip()) if held else None


def _holds(number: int, path: Path) -> bool:
    """Tell whether process *number* holds a lock.

    Its number alone proves nothing: it may be that of a process which ended, or of one
    in another container.
    """
    if not (_PROCESSES / "self/fd").is_dir():
        return _is_locked(path)
    lock = path.stat()
    try:
        opened = list((_PROCESSES / str(number) / "fd").iterdir())
    except FileNotFoundError:
        return False
    for one in opened:
        with suppress(FileNotFoundError):  # closed meanwhile
            if os.path.samestat(one.stat(), lock):
                return True
    return False


def _is_locked(path: Path) -> bool:
    """Tell whether somebody holds a lock, by taking it for a moment."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
