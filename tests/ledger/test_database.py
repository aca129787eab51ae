"""Opening the ledger: durable, of the right version, whole, and held by one agent."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sealift.errors import LedgerWaitsError, StateError
from sealift.ledger import database
from sealift.ledger.desk import Desk
from sealift.ledger.ledger import Ledger
from tests.ledger.samples import PROJECT, item_at, let_others_pass, line_of, reserved, running


def test_35_every_commit_is_synced_before_it_returns(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        assert ledger.fetch("PRAGMA synchronous") == [(2,)]
        assert ledger.fetch("PRAGMA journal_mode") == [("wal",)]


def test_the_state_directory_is_for_this_user_only(tmp_path: Path) -> None:
    with Ledger(tmp_path / "a" / "state"):
        assert (tmp_path / "a" / "state").stat().st_mode & 0o777 == 0o700


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        path = ledger.path
    _set_version(path, 99)
    with pytest.raises(StateError, match=r"newer Sealift \(schema 99") as caught:
        Ledger(tmp_path)
    assert caught.value.hint
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
    connection.close()


def test_an_older_schema_is_brought_up_to_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(tmp_path) as ledger:
        reserved(ledger, 1)
    second = tmp_path / "second.sql"
    second.write_text("ALTER TABLE item ADD COLUMN more TEXT NOT NULL DEFAULT 'x;y';\n")
    monkeypatch.setattr(database, "MIGRATIONS", ("schema.sql", str(second)))
    for _ in range(2):
        with Ledger(tmp_path) as ledger:
            assert ledger.fetch("SELECT seq, more FROM item") == [(1, "x;y")]
            assert ledger.fetch("PRAGMA user_version") == [(2,)]


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second.sql"
    second.write_text("CREATE TABLE more (a TEXT);\nCREATE TABLE item (a TEXT);\n")
    monkeypatch.setattr(database, "MIGRATIONS", ("schema.sql", str(second)))
    with pytest.raises(StateError):
        Ledger(tmp_path / "state")
    monkeypatch.undo()
    with Ledger(tmp_path / "state") as ledger:
        assert ledger.fetch("SELECT name FROM sqlite_master WHERE name = 'more'") == []


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / database.FILE_NAME).touch()
    with Ledger(tmp_path, check=True) as ledger:
        assert reserved(ledger, 1) == [1]


def test_many_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []
    for number in range(20):
        start = threading.Barrier(6)

        def open_it(state: Path = tmp_path / str(number), start: threading.Barrier = start) -> None:
            start.wait()
            try:
                Desk(state).close()
            except StateError as error:
                errors.append(error)

        threads = [threading.Thread(target=open_it) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []


def test_a_ledger_is_prepared_by_one_at_a_time(tmp_path: Path) -> None:
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    opener = threading.Thread(target=lambda: Desk(tmp_path).close())
    opener.start()
    opener.join(0.2)
    assert opener.is_alive()
    os.close(other)
    opener.join(10)
    assert not opener.is_alive()


# 38: damaged, locked ------------------------------------------------------------------------


def _filled(state: Path) -> Path:
    with Ledger(state) as ledger:
        reserved(ledger, *range(3000))
        return ledger.path


def _set_version(path: Path, version: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


def _overwrite(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * length)


def _is_damaged(state: Path) -> None:
    with pytest.raises(StateError, match="is damaged") as caught:
        Ledger(state, check=True)
    assert "backup" in caught.value.hint
    assert "Traceback" not in str(caught.value)
    assert "***" not in str(caught.value)


def test_38_overwritten_pages_are_found(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    _overwrite(path, path.stat().st_size // 2 // 4096 * 4096, 8192)
    _is_damaged(tmp_path)


def test_38_a_file_cut_short_is_found(tmp_path: Path) -> None:
    path = _filled(tmp_path)
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    _is_damaged(tmp_path)


def test_38_a_file_that_is_no_ledger_is_found(tmp_path: Path) -> None:
    _overwrite(_filled(tmp_path), 0, 100)
    _is_damaged(tmp_path)
    with pytest.raises(StateError, match="is damaged"):
        Desk(tmp_path)


_HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("released", flush=True)
sys.stdin.readline()
"""


def test_38_a_locked_ledger_is_waited_for(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, running(_HOLDER, ledger.path) as holder:
        assert line_of(holder) == "held"
        writer = threading.Thread(target=reserved, args=(ledger, 1))
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        assert holder.stdin
        holder.stdin.write("go\n")
        holder.stdin.flush()
        writer.join(10)
        assert item_at(ledger, 1).seq == 1


def test_38_a_ledger_locked_for_too_long_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with Ledger(tmp_path) as ledger, running(_HOLDER, ledger.path) as holder:
        assert line_of(holder) == "held"
        with pytest.raises(LedgerWaitsError, match="locked") as caught:
            reserved(ledger, 1)
        assert "Another process" in caught.value.hint


# 36, 37: no rights, no room -----------------------------------------------------------------


def _run(code: str, path: Path, **options: object) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        check=False,
        text=True,
        cwd=PROJECT,
        timeout=60,
        **options,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


_OPENER = """
import os, sys
from pathlib import Path
from sealift.errors import StateError
from sealift.ledger.database import AgentLock
from sealift.ledger.ledger import Ledger
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for to_open in (Ledger, AgentLock):
    try:
        to_open(Path(sys.argv[1]))
    except StateError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("filled", [True, False])
def test_36_a_state_directory_of_another_user_says_so(tmp_path: Path, *, filled: bool) -> None:
    state = tmp_path / "state"
    state.mkdir()
    if filled:
        _filled(state)
    let_others_pass(state)
    state.chmod(0o555)
    for file in state.iterdir():
        file.chmod(0o444)
    lines = _run(_OPENER, state).splitlines()
    assert len(lines) == 2
    assert all("StateError" in line and "may write there" in line for line in lines), lines


def test_a_state_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be made") as caught:
        Ledger(tmp_path / "file" / "state")
    assert "state_dir" in caught.value.hint


_FULL = """
import resource, signal, sys
from pathlib import Path
from sealift.errors import StateError
from sealift.ledger.ledger import Ledger
from tests.ledger.samples import reserved
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger, kept = Ledger(Path(sys.argv[1])), 0
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, -1))
failures = []
while len(failures) < 3:
    try:
        reserved(ledger, *range(kept, kept + 50))
        kept += 50
    except StateError as error:
        failures.append(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
assert kept, "nothing fitted"
reserved(ledger, 10**6)
print(kept, failures[0].hint, "|", *[str(f) for f in failures])
"""


def test_37_what_no_room_was_for_is_not_half_kept(tmp_path: Path) -> None:
    kept, _, rest = _run(_FULL, tmp_path).partition(" ")
    assert "disk" in rest
    with Ledger(tmp_path, check=True) as ledger:
        assert ledger.fetch("SELECT count(*) FROM item") == [(int(kept) + 1,)]
        assert ledger.fetch("SELECT count(*) FROM delivery") == [(int(kept) + 1,)]


def test_37_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    """A deferred constraint fails in the COMMIT itself, as a full disk may."""
    with Ledger(tmp_path) as ledger:
        with ledger.commit() as connection:
            connection.execute(
                "CREATE TABLE child (a REFERENCES item DEFERRABLE INITIALLY DEFERRED)"
            )
        ledger.fetch("PRAGMA foreign_keys = ON")

        def orphan() -> None:
            with ledger.commit() as connection:
                connection.execute("INSERT INTO child VALUES (99)")

        with pytest.raises(StateError):
            orphan()
        reserved(ledger, 1)
        with Desk(tmp_path) as beside:
            assert [item.seq for item in beside.history()] == [1]
