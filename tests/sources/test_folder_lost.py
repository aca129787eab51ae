"""A folder that goes away, or may not be changed, says nothing of its files."""

import shutil
from pathlib import Path

import pytest

from sealift.errors import (
    SourceFolderError,
    TransientError,
)
from tests.ledger.samples import let_others_pass
from tests.sources.samples import folder, names, paths, run_python


def test_46_a_removed_folder_pauses_and_one_made_again_resumes(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "f").touch()
    source = folder(root)
    (candidate,) = source.sweep()
    shutil.rmtree(root)
    with pytest.raises(SourceFolderError) as caught:
        list(source.sweep())
    assert str(root) in str(caught.value)
    assert caught.value.hint
    with pytest.raises(SourceFolderError):
        source.look(b"f", candidate.identity.device)
    with pytest.raises(SourceFolderError):
        folder(root)
    root.touch()
    with pytest.raises(SourceFolderError):
        list(source.sweep())
    with pytest.raises(SourceFolderError):
        source.look(b"f", candidate.identity.device)
    root.unlink()
    root.mkdir()
    (root / "g").touch()
    assert paths(list(source.sweep())) == [b"g"]


def test_46_a_file_is_gone_only_if_the_folder_is_on_the_same_file_system(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    source = folder(tmp_path)
    (candidate,) = source.sweep()
    device = candidate.identity.device
    assert source.look(b"f", device + 1) == candidate
    (tmp_path / "f").unlink()
    assert source.look(b"f", device) is None
    assert source.look(b"f/below", device) is None
    with pytest.raises(TransientError, match="another file system") as caught:
        source.look(b"f", device + 1)
    assert "Mount it" in caught.value.hint
    with pytest.raises(TransientError):
        source.look(b"n" * 300, device)


_FORBIDDEN = """
import os, sys
from pathlib import Path
from sealift.errors import SourceFolderError
from sealift.sources.settling import Action, After
from tests.sources.samples import ITEM_ID, folder, seen
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
root = Path(sys.argv[1])
for action in (Action.RENAME, Action.DELETE):
    source = folder(root, After(action))
    (candidate,) = source.sweep()
    try:
        source.settle(candidate.path, candidate.identity, ITEM_ID)
    except SourceFolderError as error:
        print(error)
"""


def test_36_a_folder_that_may_not_be_changed_pauses_and_keeps_the_file(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (root / "f").write_bytes(b"data")
    let_others_pass(root)
    root.chmod(0o555)
    rename, delete = run_python(_FORBIDDEN, root).splitlines()
    assert "does not allow after = rename: Permission denied" in rename
    assert "does not allow after = delete: Permission denied" in delete
    assert names(root) == ["f"]
