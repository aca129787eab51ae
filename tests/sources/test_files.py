"""Files that somebody else changes are read in one version, whole, or not at all."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import (
    SourceChangedError,
    SourceRefusedError,
    TransientError,
)
from sealift.ledger.records import Identity
from sealift.sources.files import FileBody, read_whole
from tests.sources.samples import seen


@pytest.fixture
def root(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path)


def whole(root: bytes, path: bytes = b"f") -> bytes:
    return read_whole(root, path, *seen(Path(os.fsdecode(root)), path))


def test_a_file_is_read_as_it_was_seen(root: bytes, tmp_path: Path) -> None:
    for data in (b"", b"x", b"y" * 3_000_000):
        (tmp_path / "f").write_bytes(data)
        assert whole(root) == data


def test_a_short_read_is_no_end(root: bytes, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    read = os.read
    monkeypatch.setattr(os, "read", lambda file, length: read(file, min(length, 3)))
    assert whole(root) == b"0123456789"


# 39, 40: changes meanwhile ------------------------------------------------------------------


def _append(file: Path) -> None:
    with file.open("ab") as out:
        out.write(b"more")


def _replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(file.read_bytes())
    other.rename(file)


def _rewrite(file: Path) -> None:
    """Other bytes of the same length, and the mtime put back, as `rsync --inplace` may."""
    before = file.stat()
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        file.write_bytes(b"z" * before.st_size)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _truncate(file: Path) -> None:
    os.truncate(file, 2)


_CHANGES: list[Callable[[Path], None]] = [_append, _replace, _rewrite, _truncate, Path.unlink]


@pytest.mark.parametrize("change", _CHANGES)
def test_40_a_file_that_changed_since_it_was_seen_is_not_used(
    root: bytes, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    before = seen(tmp_path, b"f")
    change(tmp_path / "f")
    with pytest.raises(SourceChangedError):
        read_whole(root, b"f", *before)


@pytest.mark.parametrize("change", [_append, _rewrite, _truncate])
@pytest.mark.parametrize("large", [True, False])
def test_39_a_file_that_changes_while_it_is_read_is_not_used(
    root: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    *,
    large: bool,
) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    before = seen(tmp_path, b"f")
    read = os.read
    changes = iter([change])

    def read_while_it_changes(file: int, length: int) -> bytes:
        data = read(file, min(length, 5))
        for once in changes:
            once(tmp_path / "f")
        return data

    monkeypatch.setattr(os, "read", read_while_it_changes)
    body = FileBody(root, b"f", before[0])
    with pytest.raises(SourceChangedError):
        list(body.chunks()) if large else read_whole(root, b"f", *before)


def test_39_no_mixture_of_versions_is_ever_read(root: bytes, tmp_path: Path) -> None:
    """Each version is longer than the one before and made of one letter."""
    file, stop = tmp_path / "f", threading.Event()
    file.write_bytes(b"a")

    def write() -> None:
        for length in range(2, 1_000_000):
            if stop.is_set():
                return
            letters = bytes([97 + length % 26]) * length
            if length % 3 == 0:
                (tmp_path / "new").write_bytes(letters)
                (tmp_path / "new").rename(file)
            else:
                file.write_bytes(letters)

    writer = threading.Thread(target=write)
    writer.start()
    whole_ones = broken = 0
    try:
        while whole_ones < 200 or broken < 20:
            try:
                data = whole(root)
            except (SourceChangedError, FileNotFoundError):
                broken += 1
                continue
            assert data == data[:1] * len(data)
            whole_ones += 1
    finally:
        stop.set()
        writer.join()


def test_a_large_file_is_read_anew_each_time(root: bytes, tmp_path: Path) -> None:
    data = os.urandom(2_500_000)
    (tmp_path / "f").write_bytes(data)
    body = FileBody(root, b"f", seen(tmp_path, b"f")[0])
    assert b"".join(body.chunks()) == data
    assert b"".join(body.chunks()) == data
    _append(tmp_path / "f")
    with pytest.raises(SourceChangedError):
        next(body.chunks())


def test_a_large_file_that_grows_for_ever_is_not_read_for_ever(root: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * (2 << 20))
    body, lengths = FileBody(root, b"f", seen(tmp_path, b"f")[0]), []

    def read_behind_a_writer() -> None:
        for chunk in body.chunks():
            lengths.append(len(chunk))
            with (tmp_path / "f").open("ab") as out:
                out.write(b"y" * (1 << 20))

    with pytest.raises(SourceChangedError):
        read_behind_a_writer()
    assert sum(lengths) <= 2 << 20


# 43: no plain files -------------------------------------------------------------------------


def test_43_links_fifos_sockets_and_folders_are_refused_at_once(
    root: bytes, tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "f")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "door").symlink_to("real")
    os.mkfifo(tmp_path / "fifo")
    for path in (b"link", b"loop", b"door/f", b"fifo"):
        with pytest.raises(SourceRefusedError) as caught:
            read_whole(root, path, Identity(0, 0, 6, 0), 0.0)
        assert "plain file" in str(caught.value)
    with pytest.raises(SourceRefusedError):
        list(FileBody(root, b"fifo", Identity(0, 0, 6, 0)).chunks())
    with pytest.raises(SourceRefusedError, match="a device"):
        read_whole(b"/dev", b"zero", Identity(0, 0, 6, 0), 0.0)
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(tmp_path, os.O_RDONLY)
        try:
            listener.bind(f"/proc/self/fd/{folder}/socket")  # a long path would not fit
        finally:
            os.close(folder)
        with pytest.raises(SourceRefusedError):
            read_whole(root, b"socket", Identity(0, 0, 6, 0), 0.0)


def test_43_a_folder_in_the_place_of_a_file_is_not_read(root: bytes, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with pytest.raises(TransientError):
        read_whole(root, b"d", Identity(0, 0, 6, 0), 0.0)


@pytest.mark.parametrize(
    "name", [b"a\nb", b"\xff\xfe", b"n" * 255, b"-rf", "\u00e9".encode(), b"e\xcc\x81"]
)
def test_44_strange_names_are_read(root: bytes, tmp_path: Path, name: bytes) -> None:
    (tmp_path / "sub").mkdir()
    for path in (name, b"sub/" + name):
        (tmp_path / os.fsdecode(path)).write_bytes(path)
        assert whole(root, path) == path
