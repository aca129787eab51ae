"""The directory destination keeps every promise on a disk."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sealift.destinations import directory_file
from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
from sealift.errors import (
    AccessDeniedError,
    BucketError,
    ItemError,
    ItemRefusedError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    StoreFullError,
)
from sealift.testing.conformance import DestinationSuite
from sealift.testing.samples import parcel_of


def at(root: Path) -> DirectoryDestination:
    return DirectoryDestination(DirectoryOptions(path=root))


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class TestDirectory(DestinationSuite):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> DirectoryDestination:
        self.root = tmp_path
        return at(tmp_path)

    def raw_get(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.exists() else None

    def raw_put(self, key: str, body: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


class TestWithoutLinks(TestDirectory):
    """The same promises where the file system has no hard links."""

    @pytest.fixture(autouse=True)
    def _no_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "link", _failing(errno.EPERM))

    def test_the_look_and_the_rename_are_one_step_for_sealift(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        both, rename = threading.Barrier(2), os.rename

        def rename_together(*names: Any, **folders: Any) -> None:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.3)
            rename(*names, **folders)

        def create(put_id: str) -> bool:
            try:
                at(tmp_path).put("k", parcel_of(b"x"), put_id=put_id)
            except OutcomeUnknownError:
                return False
            return True

        monkeypatch.setattr(os, "rename", rename_together)
        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(create, ["id-1", "id-2"])) == [False, True]


class TestWithoutAttributes(TestDirectory):
    """Where the file system has no extended attributes, the hash is read from the file."""

    @pytest.fixture(autouse=True)
    def _no_attributes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "setxattr", _failing(errno.EOPNOTSUPP))

    test_put_id_and_hash_come_back = None  # type: ignore[assignment]
    test_a_second_create_leaves_the_first_object = None  # type: ignore[assignment]
    test_an_overwrite_replaces_body_and_put_id = None  # type: ignore[assignment]
    test_of_many_creates_at_once_one_wins = None  # type: ignore[assignment]
    test_harsh_metadata_is_carried_or_refused = None  # type: ignore[assignment]
    test_a_large_body_is_stored_whole = None  # type: ignore[assignment]

    def test_the_hash_is_told(self, destination: DirectoryDestination) -> None:
        parcel = parcel_of(b"known")
        destination.put("k", parcel, put_id="id-1")
        found = destination.head("k")
        assert found
        assert (found.put_id, found.sha256) == ("", parcel.sha256)


class TestKeys:
    @pytest.mark.parametrize(
        "key",
        [
            *("a/../b", "..", ".", "./a", "a//b", "a/", "nul\0", "k" * 256, "é" * 128),
            *(".sealift-tmp-1-x", "a/.sealift-tmp-1-x"),
        ],
    )
    def test_a_key_that_is_no_path_of_its_own_is_refused(self, tmp_path: Path, key: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        with pytest.raises(ItemError):
            at(root).put(key, parcel_of(b"x"), put_id="id-1")
        assert files_below(tmp_path) == []

    def test_a_link_that_leads_out_is_not_followed(self, tmp_path: Path) -> None:
        outside, root = tmp_path / "outside", tmp_path / "root"
        outside.mkdir()
        root.mkdir()
        (outside / "secret").write_bytes(b"secret")
        (root / "way").symlink_to(outside)
        (root / "leaf").symlink_to(outside / "secret")
        for key in ("way/k", "leaf"):
            with pytest.raises(ItemRefusedError):
                at(root).put(key, parcel_of(b"x"), put_id="id-1")
        assert at(root).head("way/secret") is None
        assert at(root).head("leaf") is None
        at(root).put("leaf", parcel_of(b"x"), put_id="id-1", create=False)
        assert files_below(outside) == ["secret"]
        assert (outside / "secret").read_bytes() == b"secret"

    @pytest.mark.parametrize("create", [True, False])
    def test_a_key_cannot_be_a_file_and_a_folder(self, tmp_path: Path, create: bool) -> None:
        at(tmp_path).put("a/b", parcel_of(b"x"), put_id="id-1")
        for key in ("a", "a/b/c"):
            with pytest.raises(ItemRefusedError):
                at(tmp_path).put(key, parcel_of(b"y"), put_id="id-2", create=create)
            assert at(tmp_path).head(key) is None
        assert files_below(tmp_path) == ["a/b"]


class TestHead:
    def test_a_file_edited_in_place_is_no_longer_ours(self, tmp_path: Path) -> None:
        at(tmp_path).put("k", parcel_of(b"ours"), put_id="id-1")
        (tmp_path / "k").write_bytes(b"edit")
        found = at(tmp_path).head("k")
        assert found
        assert (found.put_id, found.sha256) == ("", parcel_of(b"edit").sha256)

    def test_a_file_that_was_only_touched_is_still_ours(self, tmp_path: Path) -> None:
        at(tmp_path).put("k", parcel_of(b"ours"), put_id="id-1")
        os.utime(tmp_path / "k", ns=(1, 1))
        found = at(tmp_path).head("k")
        assert found
        assert found.put_id == "id-1"

    def test_type_encoding_and_metadata_are_kept_with_the_file(self, tmp_path: Path) -> None:
        metadata = {"umlaut": "Zürich", "lines": "a\nb"}
        parcel = parcel_of(b"x", content_type="text/x", content_encoding="gzip", metadata=metadata)
        at(tmp_path).put("k", parcel, put_id="id-1")
        with (tmp_path / "k").open("rb") as file:
            record = directory_file.read_record(file.fileno())
        assert record
        assert (record.content_type, record.content_encoding) == ("text/x", "gzip")
        assert record.metadata == metadata

    def test_metadata_over_the_limit_is_refused(self, tmp_path: Path) -> None:
        parcel = parcel_of(b"x", metadata={"long": "x" * 4000})
        with pytest.raises(ItemRefusedError):
            at(tmp_path).put("k", parcel, put_id="id-1")
        assert files_below(tmp_path) == []


class TestTheDiskFails:
    @pytest.mark.parametrize("call", ["open", "write", "fsync", "setxattr", "link", "mkdir"])
    @pytest.mark.parametrize(
        ("number", "raised"),
        [
            (errno.ENOSPC, StoreFullError),
            (errno.EDQUOT, StoreFullError),
            (errno.EIO, NotSentError),
            (errno.EMFILE, NotSentError),
            (errno.EROFS, AccessDeniedError),
            (errno.EACCES, AccessDeniedError),
        ],
    )
    def test_what_fails_before_the_file_has_its_name_stores_nothing(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        call: str,
        number: int,
        raised: type[SealiftError],
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(os, call, _failing(number))
            with pytest.raises(raised) as said:
                at(tmp_path).put("a/secret-name", parcel_of(b"x"), put_id="id-1")
        assert "secret-name" not in str(said.value)
        assert files_below(tmp_path) == []
        at(tmp_path).put("a/secret-name", parcel_of(b"x"), put_id="id-1")
        assert files_below(tmp_path) == ["a/secret-name"]

    def test_a_folder_that_is_not_confirmed_leaves_the_outcome_open(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls, fsync = [], os.fsync

        def second_fails(fd: int) -> None:
            calls.append(fd)
            if len(calls) == 2:
                raise OSError(errno.EIO, "broken")
            fsync(fd)

        monkeypatch.setattr(os, "fsync", second_fails)
        with pytest.raises(OutcomeUnknownError):
            at(tmp_path).put("k", parcel_of(b"x"), put_id="id-1")
        assert files_below(tmp_path) == ["k"]

    def test_a_short_write_is_gone_on_with(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data)[:3]))
        at(tmp_path).put("k", parcel_of(b"0123456789"), put_id="id-1")
        assert (tmp_path / "k").read_bytes() == b"0123456789"

    def test_a_missing_folder_pauses(self, tmp_path: Path) -> None:
        gone = at(tmp_path / "gone")
        with pytest.raises(BucketError):
            gone.put("k", parcel_of(b"x"), put_id="id-1")
        with pytest.raises(BucketError):
            gone.head("k")
        with pytest.raises(BucketError):
            gone.probe()
        assert files_below(tmp_path) == []

    def test_a_read_only_disk_fails_the_probe(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(directory_file.os, "open", _failing_to_create(errno.EROFS))
        with pytest.raises(AccessDeniedError):
            at(tmp_path).probe()


def _failing(number: int) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def _failing_to_create(number: int) -> Any:
    open_file = os.open

    def fail(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number))
        return open_file(path, flags, *more, **named)

    return fail
