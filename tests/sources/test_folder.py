"""The folder source: sweeps are the truth, whatever happens to the folder."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest

from sealift.errors import (
    ConfigError,
    SourceFolderError,
    SourceRefusedError,
)
from sealift.sources.files import FileBody
from sealift.sources.folder import FolderOptions
from sealift.sources.settling import Action, After
from tests.sources.samples import ITEM_ID, folder, names, paths, run_python


def test_a_sweep_offers_what_has_settled_and_fits(tmp_path: Path) -> None:
    for name in ("a.json", "b.xml", ".hidden.json", "c.json.synced", "d.tmp.json"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub.json").mkdir()
    (tmp_path / "sub" / "e.json").touch()
    source = folder(tmp_path, pattern="*.json", exclude=("d*",))
    assert paths(list(source.sweep())) == [b"a.json"]
    source = folder(tmp_path, pattern="*.json", include=("*.xml",), ignore_defaults=False)
    wanted = [b".hidden.json", b"a.json", b"b.xml", b"d.tmp.json"]
    assert paths(list(source.sweep())) == wanted


def test_include_alone_says_what_is_wanted(tmp_path: Path) -> None:
    for name in ("a.json", "secret.key"):
        (tmp_path / name).touch()
    assert paths(list(folder(tmp_path, include=("*.json",)).sweep())) == [b"a.json"]


def test_a_recursive_sweep_goes_into_folders_but_not_links_or_hidden_ones(tmp_path: Path) -> None:
    for name in ("a", "sub/b", "sub/deep/c", ".git/d", "sub/.cache/e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "sub" / "around").symlink_to(tmp_path)
    found = list(folder(tmp_path, recursive=True).sweep())
    assert paths(found) == [b"a", b"sub/around", b"sub/b", b"sub/deep/c"]
    assert [c.refusal for c in found if c.path == b"sub/around"] == ["a symbolic link"]


def test_43_what_is_no_plain_file_is_offered_to_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to("loop")
    source = folder(tmp_path)
    found = {c.path: c for c in source.sweep()}
    assert {path: c.refusal for path, c in found.items()} == {
        b"fifo": "a FIFO",
        b"link": "a symbolic link",
        b"loop": "a symbolic link",
    }
    monkeypatch.setattr(os, "open", None)
    for candidate in found.values():
        with pytest.raises(SourceRefusedError):
            source.read(candidate)


def test_44_strange_names_are_offered_as_they_are(tmp_path: Path) -> None:
    strange = [b"a\nb", b"\xff\xfe", b"n" * 255, b"-rf", b"e\xcc\x81", "é".encode(), b"A", b"a"]
    for name in strange:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    source = folder(tmp_path)
    found = list(source.sweep())
    assert paths(found) == sorted(strange)
    assert all(source.read(c) == c.path for c in found)


def test_small_files_are_read_and_large_ones_later(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(b"y" * ((1 << 20) + 1))
    source = folder(tmp_path, large_bytes=1 << 20)
    bodies = {c.path: source.read(c) for c in source.sweep()}
    assert bodies[b"small"] == b"x"
    assert isinstance(bodies[b"large"], FileBody)


def test_a_young_file_is_offered_when_it_is_ripe(tmp_path: Path) -> None:
    source = folder(tmp_path, settle_seconds=2000.0)
    (tmp_path / "f").touch()
    assert list(source.sweep()) == []
    assert source.not_ready == 1
    seconds = source.next_ripe_seconds()
    assert seconds
    assert 990 < seconds < 1001


def test_a_candidate_may_be_put_off(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    source = folder(tmp_path)
    (candidate,) = source.sweep()
    source.later(candidate, 1000.0)
    assert list(source.sweep()) == []
    source.later(candidate, 0.0)
    assert source.next_ripe_seconds() == 0
    assert list(source.ripe()) == [candidate]
    assert source.next_ripe_seconds() is None


@pytest.mark.parametrize("becomes", ["folder", "link", "nothing"])
def test_a_ripening_file_that_becomes_another_thing_is_forgotten(
    tmp_path: Path, becomes: str
) -> None:
    (tmp_path / "f").touch()
    source = folder(tmp_path)
    (candidate,) = source.sweep()
    source.later(candidate, 0.0)
    (tmp_path / "f").unlink()
    if becomes == "folder":
        (tmp_path / "f").mkdir()
    elif becomes == "link":
        (tmp_path / "f").symlink_to("/etc/passwd")
    assert [c.refusal for c in source.ripe()] == (["a symbolic link"] if becomes == "link" else [])
    assert list(source.ripe()) == []
    assert source.next_ripe_seconds() is None


def test_a_folder_below_that_vanishes_or_is_closed_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone", "closed", "open"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").touch()
    scandir = os.scandir

    def scandir_late(path: bytes) -> Any:
        if path.endswith(b"gone"):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        if path.endswith(b"closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir_late)
    assert paths(list(folder(tmp_path, recursive=True).sweep())) == [b"open/f"]


def test_36_an_error_while_listing_pauses_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing() -> Iterator[NoReturn]:
        raise OSError(errno.EIO, "Input/output error")
        yield

    source = folder(tmp_path)
    monkeypatch.setattr(os, "scandir", lambda _: nullcontext(failing()))
    with pytest.raises(SourceFolderError, match="Input/output error"):
        list(source.sweep())


# Moving ------------------------------------------------------------------------------------


def test_what_was_moved_below_the_folder_is_not_offered_again(tmp_path: Path) -> None:
    for name in ("a", "sub/b", "sub/sent/other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    after = After(Action.MOVE, tmp_path / "sent")
    source = folder(tmp_path, after, recursive=True)
    for candidate in list(source.sweep()):
        source.settle(candidate.path, candidate.identity, ITEM_ID)
    assert names(tmp_path) == ["sent/a", "sent/sub/b", "sent/sub/sent/other"]
    assert list(source.sweep()) == []


def test_a_folder_that_nothing_can_be_moved_to_is_refused_at_the_start(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "same").symlink_to(root)
    for wrong, why in (
        (Path("/dev/shm"), "another file system"),
        (Path("/proc"), "another file system"),
        (tmp_path / "file", "cannot be made"),
        (tmp_path / "same", "watched folder itself"),
    ):
        with pytest.raises(ConfigError, match=why) as caught:
            folder(root, After(Action.MOVE, wrong))
        assert caught.value.hint


def test_settings_that_cannot_be_are_told_in_sentences(tmp_path: Path) -> None:
    assert FolderOptions(path=tmp_path).problems() == []
    found = FolderOptions(
        path=tmp_path / "none", settle_seconds=-1, scan_interval_seconds=0, large_bytes=5
    ).problems()
    assert len(found) == 4
    assert all(text.endswith(".") for text in found)


# 42: many files ------------------------------------------------------------------------------

_MANY = """
import os, resource, sys
from pathlib import Path
from sealift.sources.folder import FolderOptions, FolderSource
from tests.sources.samples import KEEP, folder
root, count = Path(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    name = os.path.join(root, f"{number}.json")
    if number % 50_000 == 0:
        os.mknod(name)
        links = name
    else:
        os.link(links, name)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
swept = sum(1 for _ in folder(root).sweep())
after = peak()
young = FolderSource(FolderOptions(path=root, settle_seconds=3600.0), KEEP)
offered = sum(1 for _ in young.sweep())
print(swept, offered, young.not_ready, after - before, peak() - after)
"""


def test_42_200_000_files_are_swept_in_bounded_memory(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    try:
        told = run_python(_MANY, root, "200000")
    finally:
        shutil.rmtree(root)
    swept, offered, kept, grown, grown_young = map(int, told.split())
    assert (swept, offered, kept) == (200_000, 0, 20_000)
    assert grown < 4_000
    assert grown_young < 12_000
