"""What a killed process leaves in a directory destination does no harm."""

import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sealift.destinations import directory_file
from sealift.testing.samples import Pieces, parcel_of
from tests.destinations.test_directory import at, files_below


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".sealift-tmp-1-dead").write_bytes(b"half")
    at(tmp_path).put("k", parcel_of(b"x"), put_id="id-1")
    assert files_below(tmp_path) == ["k"]


def test_what_a_living_put_writes_is_left_alone(tmp_path: Path) -> None:
    class PutsAnother(Pieces):
        def chunks(self) -> Any:
            at(tmp_path).put("other", parcel_of(b"x"), put_id="id-2")
            yield from Pieces(self.count, self.chunk_bytes).chunks()

    at(tmp_path).put("k", PutsAnother(2, 10).sealed(), put_id="id-1")
    assert files_below(tmp_path) == ["k", "other"]


def test_a_file_swept_up_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = []

    def sweep_before_it_is_locked(fd: int, how: int) -> None:
        if not swept:
            swept.extend(tmp_path.glob(".sealift-tmp-*"))
            swept[0].unlink()

    monkeypatch.setattr(directory_file.fcntl, "flock", sweep_before_it_is_locked)
    at(tmp_path).put("k", parcel_of(b"x"), put_id="id-1")
    assert files_below(tmp_path) == ["k"]


def test_after_any_kill_every_file_is_whole_and_head_tells_the_truth(tmp_path: Path) -> None:
    chance = random.Random(20261121)
    confirmed: set[str] = set()
    for _ in range(20):
        confirmed |= _put_until_killed(tmp_path, after_lines=chance.randrange(1, 40))
    keys = [name for name in files_below(tmp_path) if ".sealift-tmp-" not in name]
    assert confirmed <= set(keys)
    assert len(confirmed) > 100
    for key in keys:
        found, body = at(tmp_path).head(key), (tmp_path / key).read_bytes()
        put_id, number = body.decode().split()[:2]
        assert found
        assert body == f"{put_id} {number} ".encode() * 400
        assert (found.put_id, found.sha256) == (put_id, parcel_of(body).sha256)
    at(tmp_path).put("even/last", parcel_of(b"x"), put_id="id-1")
    at(tmp_path).put("odd/last", parcel_of(b"x"), put_id="id-1")
    assert not [name for name in files_below(tmp_path) if ".sealift-tmp-" in name]


_PUTTER = """
import sys, uuid
from pathlib import Path
from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
from sealift.testing.samples import parcel_of
to = DirectoryDestination(DirectoryOptions(path=Path(sys.argv[1])))
run = uuid.uuid4().hex[:8]
for number in range(100_000):
    put_id = str(uuid.uuid4())
    parcel = parcel_of(f"{put_id} {number} ".encode() * 400)
    fixed = number % 4 == 0
    key = f"even/fixed-{number % 8}" if fixed else f"odd/{run}-{number}"
    to.put(key, parcel, put_id=put_id, create=not fixed)
    print(key, flush=True)
"""


def _put_until_killed(root: Path, *, after_lines: int) -> set[str]:
    """Kill a process in the middle of its puts, and give the keys that it was sure of."""
    putting = subprocess.Popen(
        [sys.executable, "-c", _PUTTER, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert putting.stdout
    with putting.stdout as lines:
        sure = [next(lines) for _ in range(after_lines)]
        putting.send_signal(signal.SIGKILL)
        sure += [line for line in lines if line.endswith("\n")]
    assert putting.wait(10) == -signal.SIGKILL
    return {line.strip() for line in sure}
