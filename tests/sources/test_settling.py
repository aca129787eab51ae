"""After its delivery a file is renamed, deleted, moved or kept; nothing else is ever touched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sealift.errors import ConfigError, SourceChangedError
from sealift.ledger.records import Identity
from sealift.sources import settling
from sealift.sources.settling import Action, After
from tests.sources.samples import ITEM_ID, KEEP, names, seen

RENAME, DELETE = After(Action.RENAME), After(Action.DELETE)
MARK = "~12345678"


def delivered(root: Path, name: str = "f.json", data: bytes = b"delivered") -> Identity:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(data)
    os.utime(root / name, ns=(10**18, 10**18))
    return seen(root, os.fsencode(name))[0]


def newer(file: Path, data: bytes = b"a newer version") -> None:
    """Write a new file over the name, as editors and `mv` do."""
    other = file.with_name("other-writer")
    other.write_bytes(data)
    other.rename(file)


def settle(root: Path, identity: Identity, after: After, name: str = "f.json") -> str:
    return os.fsdecode(
        settling.settle(os.fsencode(root), os.fsencode(name), identity, ITEM_ID, after)
    )


def moving(root: Path) -> After:
    return After(Action.MOVE, root.parent / "sent")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


AFTERS: list[Callable[[Path], After]] = [
    lambda _root: RENAME,
    lambda _root: DELETE,
    moving,
]


def test_each_way_to_settle(root: Path) -> None:
    assert settle(root, delivered(root), KEEP) == "f.json"
    assert settle(root, delivered(root), RENAME) == "f.json.synced"
    assert names(root) == ["f.json.synced"]
    assert settle(root, delivered(root, "g"), DELETE, "g") == ""
    assert names(root) == ["f.json.synced"]
    sent = str(root.parent / "sent" / "deep" / "h.json")
    assert settle(root, delivered(root, "deep/h.json"), moving(root), "deep/h.json") == sent
    assert Path(sent).read_bytes() == b"delivered"
    assert settle(root, delivered(root, "d/f"), RENAME, "d/f") == "d/f.synced"
    assert names(root) == ["d/f.synced", "f.json.synced"]


@pytest.mark.parametrize("after", AFTERS)
def test_33_settling_again_after_a_crash_gives_the_same_answer(
    root: Path, after: Callable[[Path], After]
) -> None:
    identity = delivered(root)
    first = settle(root, identity, after(root))
    assert settle(root, identity, after(root)) == first


def test_33_a_delete_that_a_crash_interrupted_is_finished(root: Path) -> None:
    identity = delivered(root)
    (root / "f.json").rename(root / f".sealift-{ITEM_ID}")
    assert settle(root, identity, DELETE) == ""
    assert names(root) == []


@pytest.mark.parametrize("after", AFTERS)
def test_40_a_changed_file_is_left_as_a_new_one(root: Path, after: Callable[[Path], After]) -> None:
    identity = delivered(root)
    newer(root / "f.json")
    with pytest.raises(SourceChangedError):
        settle(root, identity, after(root))
    assert names(root.parent) == ["in/f.json"]
    assert (root / "f.json").read_bytes() == b"a newer version"


@pytest.mark.parametrize("after", AFTERS)
def test_40_a_file_replaced_just_before_the_rename_is_put_back(
    root: Path, after: Callable[[Path], After], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = delivered(root)
    rename = os.rename
    swaps = iter([newer])

    def rename_a_little_late(source: bytes, target: bytes) -> None:
        for once in swaps:
            monkeypatch.setattr(os, "rename", rename)
            once(root / "f.json")
        rename(source, target)

    monkeypatch.setattr(os, "rename", rename_a_little_late)
    with pytest.raises(SourceChangedError):
        settle(root, identity, after(root))
    assert names(root.parent) == ["in/f.json"]
    assert (root / "f.json").read_bytes() == b"a newer version"


@pytest.mark.parametrize("after", AFTERS)
@pytest.mark.parametrize("links", [True, False])
def test_40_what_comes_to_the_old_name_meanwhile_is_not_replaced(
    root: Path,
    after: Callable[[Path], After],
    monkeypatch: pytest.MonkeyPatch,
    *,
    links: bool,
) -> None:
    """Three versions: one delivered, one moved by mistake, one that came before the way back."""
    for number in range(3):
        identity = delivered(root)
        newer(root / "f.json", b"second %d" % number)
        link = os.link

        def link_a_little_late(
            source: bytes, target: bytes, link: Callable[..., None] = link, **options: bool
        ) -> None:
            if not (root / "f.json").exists():
                (root / "f.json").write_bytes(b"third")
            if not links:
                raise PermissionError(1, "Operation not permitted")
            link(source, target, **options)

        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link_a_little_late)
            with pytest.raises(SourceChangedError):
                settle(root, identity, after(root))
    kept = {name: (root / name).read_bytes() for name in names(root)}
    assert kept == {
        "f.json": b"third",
        f"f{MARK}.json": b"second 0",
        f"f{MARK}-2.json": b"second 1",
        f"f{MARK}-3.json": b"second 2",
    }


@pytest.mark.parametrize("after", AFTERS)
def test_33_a_newer_version_that_a_crash_caught_aside_comes_back(
    root: Path, after: Callable[[Path], After], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = delivered(root)
    newer(root / "f.json")

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", crash)
        with pytest.raises(KeyboardInterrupt):
            settle(root, identity, after(root))
    assert names(root) != ["f.json"]
    with pytest.raises(SourceChangedError):
        settle(root, identity, after(root))
    assert names(root.parent) == ["in/f.json"]
    assert (root / "f.json").read_bytes() == b"a newer version"


def test_33_a_file_put_back_twice_has_one_name_in_the_end(root: Path) -> None:
    """A crash between the two steps of putting back leaves two links to one file."""
    delivered(root)
    os.link(root / "f.json", root / "f.json.synced")
    identity = seen(root, b"f.json")[0]
    assert settle(root, identity, RENAME) == "f.json.synced"
    assert names(root) == ["f.json.synced"]


def test_a_settled_file_of_the_same_name_is_never_replaced(root: Path) -> None:
    (root / "f.json.synced").write_bytes(b"earlier")
    sent = root.parent / "sent"
    sent.mkdir()
    (sent / "f.json").write_bytes(b"earlier")
    identity = delivered(root)
    for _ in range(2):
        assert settle(root, identity, RENAME) == f"f.json{MARK}.synced"
    assert (root / "f.json.synced").read_bytes() == b"earlier"
    identity = delivered(root)
    for _ in range(2):
        assert settle(root, identity, moving(root)) == str(sent / f"f{MARK}.json")
    assert (sent / "f.json").read_bytes() == b"earlier"


def test_a_file_that_its_owner_took_away_is_settled(root: Path) -> None:
    """Also beside an older settled file of its name, which stays where it is."""
    (root / "f.json.synced").write_bytes(b"earlier")
    os.utime(root / "f.json.synced", ns=(9 * 10**17, 9 * 10**17))
    for after in (RENAME, DELETE, moving(root)):
        identity = delivered(root)
        (root / "f.json").unlink()
        assert settle(root, identity, after) == ""
    assert names(root) == ["f.json.synced"]


def test_46_a_folder_that_is_gone_settles_nothing(root: Path) -> None:
    identity = delivered(root)
    root.rename(root.parent / "unmounted")
    for after in (RENAME, DELETE, moving(root)):
        with pytest.raises(OSError, match="No such file"):
            settle(root, identity, after)


@pytest.mark.parametrize(
    "name",
    [
        *("n" * 255, "n" * 250 + ".json", "n" * 249, "é" * 127, "." + "x" * 254),
        *("a." + "e" * 253, "€" * 85),
    ],
)
def test_44_the_longest_names_are_settled_in_names_that_are_whole(root: Path, name: str) -> None:
    identity = delivered(root, name)
    for _ in range(2):
        settled = settle(root, identity, RENAME, name)
        assert settled.endswith(f"{MARK}.synced")
        assert len(os.fsencode(settled)) <= 255
        settled.encode()
    (root.parent / "sent").mkdir()
    (root.parent / "sent" / name).touch()
    identity = delivered(root, name)
    moved = settle(root, identity, moving(root), name)
    assert MARK in moved
    assert moved.rpartition("/")[2] in names(root.parent / "sent")


def test_44_names_that_are_no_text_are_settled(root: Path) -> None:
    for raw in (b"\xff\xfe.json", b"a\nb", b"-rf"):
        name = os.fsdecode(raw)
        assert settle(root, delivered(root, name), RENAME, name) == name + ".synced"


def test_a_folder_in_the_place_of_the_file_is_put_back(root: Path) -> None:
    identity = delivered(root)
    (root / "f.json").unlink()
    (root / "f.json").mkdir()
    (root / "f.json" / "inside").touch()
    for after in (RENAME, DELETE, moving(root)):
        with pytest.raises(SourceChangedError):
            settle(root, identity, after)
        assert names(root.parent) == ["in/f.json/inside"]


def test_the_setting_is_read_and_refused(tmp_path: Path) -> None:
    assert After.parse("rename", tmp_path) == RENAME
    assert After.parse("delete", tmp_path) == DELETE
    assert After.parse("keep", tmp_path) == KEEP
    assert After.parse("move:sent", tmp_path) == After(Action.MOVE, tmp_path / "sent")
    for text in ("", "move", "move:", "rename:x", "Delete", "remove"):
        with pytest.raises(ConfigError) as caught:
            After.parse(text, tmp_path)
        assert "move:DIR" in caught.value.hint
