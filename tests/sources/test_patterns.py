"""Which names of a folder are items."""

import pytest

from sealift.sources.patterns import IGNORED, matcher


@pytest.mark.parametrize(
    ("include", "exclude", "path", "wanted"),
    [
        (["*"], [], b"a", True),
        (["*.json"], [], b"a.json", True),
        (["*.json"], [], b"a.json.bak", False),
        (["*.json"], [], b"a.JSON", False),
        (["*.json", "*.xml"], [], b"a.xml", True),
        (["*.json"], [], b"sub/a.json", True),
        (["*.json"], ["a*"], b"a.json", False),
        (["*.json"], ["a*"], b"a/b.json", True),
        (["*.json"], ["a/*"], b"a/b.json", False),
        (["in/*.json"], [], b"in/a.json", True),
        (["in/*.json"], [], b"in/deep/a.json", True),
        (["in/*.json"], [], b"a.json", False),
        (["in/*.json", "*.xml"], ["*/x*"], b"a.xml", True),
        (["in/*.json", "*.xml"], ["*/x*"], b"in/x.xml", False),
        (["?.json"], [], "é.json".encode(), True),
        (["?.json"], [], b"\xff.json", True),
        (["[äé].json"], [], "é.json".encode(), True),
        (["é*"], [], "épée".encode(), True),
        (["*.json"], [], b"a\nb.json", True),
        (["*.json"], [], b"-rf.json", True),
        (["*.json"], [], b"\xff\xfe.json", True),
        (["a.json"], [], b"abjson", False),
        (["[!a].json"], [], b"a.json", False),
        ([], [], b"a", False),
    ],
)
def test_a_name_is_an_item_or_not(
    include: list[str], exclude: list[str], path: bytes, *, wanted: bool
) -> None:
    assert matcher(include, exclude)(path.rpartition(b"/")[2], path) is wanted


@pytest.mark.parametrize(
    "name",
    [
        *(b".hidden", b".a.json.swp", b"a.json.synced", b"a.json~", b"a.tmp", b"a.json.part"),
        *(b"#a.json#", b"~$a.docx", b"a.crdownload", b".sealift-0199"),
    ],
)
def test_what_is_unfinished_hidden_or_settled_is_ignored(name: bytes) -> None:
    assert not matcher(["*"], IGNORED)(name, name)
    assert matcher(["*"], [])(name, name)


def test_the_usual_name_is_not_ignored() -> None:
    is_item = matcher(["*"], IGNORED)
    for name in (b"a.json", b"synced", b"tmp", b"a~b.json", b"a.synced.json", b"part.1"):
        assert is_item(name, name)
