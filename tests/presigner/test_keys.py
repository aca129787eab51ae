"""Keys: one for each item, made from what the device proved, and nothing else."""

import unicodedata
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.naming import new_id
from sealift.presigner.keys import (
    check_device,
    check_item_id,
    encode_filename,
    make_key,
)
from sealift.presigner.problems import ProblemError
from tests.presigner.rig import ITEM_ID

NFD = unicodedata.normalize("NFD", "é")
filenames = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda name: "/" not in name and name not in {".", ".."}
)


def test_the_key_is_the_one_that_the_contract_shows() -> None:
    assert (
        make_key("uploads/", "dev001", ITEM_ID, "conversation_123.json")
        == f"uploads/dev001/2025-01-27T10-30-00Z_{ITEM_ID}_conversation_123.json"
    )


@given(filenames)
def test_a_name_comes_back_byte_for_byte_from_its_key(name: str) -> None:
    encoded = encode_filename(name)
    assert unquote_to_bytes(encoded) == name.encode()
    assert "/" not in encoded
    assert unicodedata.is_normalized("NFC", encoded)


@given(filenames, filenames)
def test_names_that_differ_stay_different(one: str, other: str) -> None:
    assert (encode_filename(one) == encode_filename(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("a b(1)+~.json", "a b(1)+~.json"),
        ("é.json", "é.json"),
        (f"{NFD}.json", "e%CC%81.json"),
        ("100%.json", "100%25.json"),
        ("a%2Fb", "a%252Fb"),
        ("a\\b", "a%5Cb"),
        ("a\x00\n\x7f", "a%00%0A%7F"),
        ("\u202egpj.exe", "%E2%80%AEgpj.exe"),
        ("a\u200bb", "a%E2%80%8Bb"),
        ("...", "..."),
        (".hidden", ".hidden"),
        ("日" * 85, "日" * 85),
    ],
)
def test_a_hostile_name_can_be_seen_in_the_key(name: str, encoded: str) -> None:
    assert encode_filename(name) == encoded


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "a/b", "../x", "\ud800", "a" * 256, "日" * 86, "\x01" * 256]
)
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(ProblemError) as refused:
        encode_filename(name)
    assert refused.value.code == "invalid_filename"


def test_a_key_over_1024_bytes_is_refused() -> None:
    make_key("p" * 200 + "/", "d", ITEM_ID, "\x01" * 253)
    with pytest.raises(ProblemError) as refused:
        make_key("p" * 207 + "/", "d", ITEM_ID, "\x01" * 253)
    assert refused.value.code == "invalid_filename"


@given(st.floats(0, 246_000_000_000), st.binary(min_size=10, max_size=10))
def test_every_id_that_a_device_can_make_is_taken(now: float, chance: bytes) -> None:
    item_id = new_id(now, lambda _: chance)
    assert check_item_id(item_id) == item_id
    assert make_key("", "d", item_id, "n").endswith(f"_{item_id}_n")


@pytest.mark.parametrize(
    "item_id",
    [
        "",
        ITEM_ID.upper(),
        ITEM_ID + "\n",
        ITEM_ID.replace("-7f", "-4f"),
        ITEM_ID.replace("-9d", "-cd"),
        ITEM_ID.replace("-", ""),
        "ffffffff-ffff-7f2e-9d0e-5b1f7c2a4e6d",
        ITEM_ID[:-1] + "٣",
    ],
)
def test_an_id_of_another_kind_is_refused(item_id: str) -> None:
    with pytest.raises(ProblemError):
        check_item_id(item_id)


@pytest.mark.parametrize("device", ["a", "dev001", "A.b_c-9", "9" * 64])
def test_a_plain_name_is_a_device(device: str) -> None:
    assert check_device(device) == device


@pytest.mark.parametrize(
    "device", ["", ".", "..", "-a", "_a", "a/b", "a b", "a\n", "é", "a" * 65, "a%2F", "٣"]
)
def test_a_name_that_could_leave_its_folder_is_no_device(device: str) -> None:
    with pytest.raises(ProblemError) as refused:
        check_device(device)
    assert refused.value.code == "device_name"
