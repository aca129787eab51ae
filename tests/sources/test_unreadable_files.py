"""What the system refuses to read waits, and says why."""

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from sealift.errors import (
    SourceChangedError,
    SourceFolderError,
    TransientError,
)
from sealift.ledger.records import Identity
from sealift.sources.files import FileBody, read_whole
from tests.ledger.samples import let_others_pass
from tests.sources.samples import run_python, seen


def test_46_a_folder_that_is_gone_says_nothing_of_its_files(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with pytest.raises(SourceChangedError):
        read_whole(os.fsencode(root), b"f", Identity(0, 0, 6, 0), 0.0)
    root.touch()
    for path in (b"f", b"sub/f"):
        with pytest.raises(SourceFolderError):
            read_whole(os.fsencode(root), path, Identity(0, 0, 6, 0), 0.0)


_FORBIDDEN = """
import os, sys
from sealift.errors import TransientError
from sealift.ledger.records import Identity
from sealift.sources.files import read_whole
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    read_whole(os.fsencode(sys.argv[1]), b"f", Identity(0, 0, 6, 0), 0.0)
except TransientError as error:
    print(type(error).__name__, error)
"""


def test_36_a_file_that_may_not_be_read_waits_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"secret")
    (tmp_path / "f").chmod(0)
    let_others_pass(tmp_path / "f")
    told = run_python(_FORBIDDEN, tmp_path)
    assert told.startswith("TransientError The file may not be read by this user. Give")


_TOO_MANY = """
import os, resource, sys
from sealift.errors import TransientError
from sealift.sources.files import read_whole
from tests.sources.samples import seen
from pathlib import Path
expected = seen(Path(sys.argv[1]), b"f")
resource.setrlimit(resource.RLIMIT_NOFILE, (16, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
try:
    read_whole(os.fsencode(sys.argv[1]), b"f", *expected)
except TransientError as error:
    print(type(error).__name__, error)
os.close(held[0])
print(read_whole(os.fsencode(sys.argv[1]), b"f", *expected))
"""


def test_36_without_a_free_descriptor_the_file_waits(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"data")
    told, read = run_python(_TOO_MANY, tmp_path).splitlines()
    assert told.startswith("ShortageError")
    assert "ulimit" in told
    assert read == "b'data'"


@pytest.mark.parametrize("call", ["open", "read", "fstat"])
def test_36_a_failing_disk_loses_nothing_and_leaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    root = os.fsencode(tmp_path)
    (tmp_path / "f").write_bytes(b"data")
    before = seen(tmp_path, b"f")
    descriptors = _open_files()

    def fail(*_: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(TransientError, match="Input/output error") as caught:
            read_whole(root, b"f", *before)
        assert caught.value.hint
        with pytest.raises(TransientError):
            list(FileBody(root, b"f", before[0]).chunks())
    assert _open_files() == descriptors
    assert read_whole(root, b"f", *before) == b"data"


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))
