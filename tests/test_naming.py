"""Keys are valid, readable, and different for different items."""

import os
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from sealift.errors import ConfigError, KeyNameError
from sealift.naming import (
    DateFrom,
    KeyFacts,
    KeyTemplate,
    encode_name,
    item_time,
    new_id,
    prefixed,
)

TIME = datetime(2025, 7, 29, 16, 15, 7, 42, tzinfo=UTC)
ID = "01985767-1234-7abc-8def-0123456789ab"
SHA256 = "0123456789abcdef" * 4


def facts(name=b"memory/a.json", **changes):
    known = {"id": ID, "time": TIME, "sha256": SHA256, "route": "r1", "device_id": "d1"}
    return KeyFacts(name=name, **{**known, "host": "h1", **changes})


def expand(template, *args, **changes):
    return KeyTemplate.parse(template).expand(facts(*args, **changes))


@given(st.floats(0, 2**48 / 1000 - 1))
def test_ids_are_uuid7(now):
    """The id holds the time in milliseconds, version and variant."""
    made = uuid.UUID(new_id(now, os.urandom))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == int(now * 1000)


def test_ids_use_all_chance_and_sort_by_time():
    """All 74 random bits count, and a later millisecond sorts later."""
    ones, zeros = (new_id(1.5, lambda size, byte=byte: byte * size) for byte in (b"\xff", b"\x00"))
    assert (uuid.UUID(ones).int ^ uuid.UUID(zeros).int).bit_count() == 74
    assert ones < new_id(1.501, lambda size: b"\x00" * size)
    assert len({new_id(0, os.urandom) for _ in range(1000)}) == 1000
    assert uuid.UUID(new_id(-5, os.urandom)).int >> 80 == 0


@pytest.mark.parametrize(
    ("raw", "encoded"),
    [
        (b"a.json", "a.json"),
        (b"My file (1).json", "My file (1).json"),
        (b"folder/sub/a", "folder/sub/a"),
        (b"-rf", "-rf"),
        (b".hidden", ".hidden"),
        (b"...", "..."),
        (b"100%.txt", "100%25.txt"),
        (b"a\\b", "a%5Cb"),
        (b"a\nb\x00\x7f", "a%0Ab%00%7F"),
        (b"a\xff\xfe", "a%FF%FE"),
        (b"\xed\xa0\x80", "%ED%A0%80"),
        (b"\xc0\xaf", "%C0%AF"),
        ("\u202eexe".encode(), "%E2%80%AEexe"),
        ("a\u200bb\ufeff".encode(), "a%E2%80%8Bb%EF%BB%BF"),
        ("a\x85\uffff".encode(), "a%C2%85%EF%BF%BF"),
        ("e\u0301".encode(), "\u00e9"),
        ("日本 😀".encode(), "日本 😀"),
    ],
)
def test_names_stay_readable(raw, encoded):
    """Only what cannot be seen or trusted is escaped."""
    assert encode_name(raw) == encoded


@pytest.mark.parametrize(
    "raw", [b"", b"/", b"/a", b"a/", b"a//b", b".", b"..", b"../a", b"a/../b", b"a/."]
)
def test_names_that_lead_elsewhere_are_refused(raw):
    """Empty and dotted segments never reach a key."""
    with pytest.raises(KeyNameError):
        encode_name(raw)


def nfc(raw):
    text = raw.decode("utf-8", "surrogateescape")
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")


awkward = st.sampled_from(
    [b"%", b"%25", b"25", b"\\", b"%5C", b"\n", b"0A", b"\xc3", b"\xa9", b"\xff", b"%FF", b"a"]
    + [text.encode() for text in ("é", "e\u0301", "\u0301", "\u200b", "/", "\u212b", "\u00c5")]
)
names = st.lists(awkward, min_size=1, max_size=4).map(b"".join) | st.binary(min_size=1, max_size=6)


@given(names, names)
@example(b"\n", b"%0A")
@example(b"%", b"%25")
def test_distinct_names_stay_distinct(one, other):
    """Two names that differ in NFC give two keys; equal ones give one."""
    try:
        keys = encode_name(one), encode_name(other)
    except KeyNameError:
        assume(False)
    assert (keys[0] == keys[1]) == (nfc(one) == nfc(other))


@given(names)
def test_keys_hold_nothing_that_is_not_seen(raw):
    """No control character, bidirectional control or lone surrogate is in a key."""
    try:
        key = encode_name(raw)
    except KeyNameError:
        return
    assert not {unicodedata.category(character) for character in key} & {"Cc", "Cs", "Zl", "Zp"}
    key.encode()


@pytest.mark.parametrize(
    ("template", "key"),
    [
        (
            "{device_id}/{time:%Y-%m-%dT%H-%M-%SZ}_{id}_{name}",
            f"d1/2025-07-29T16-15-07Z_{ID}_a.json",
        ),
        ("{time}_{name}", "2025-07-29T16-15-07Z_a.json"),
        ("{date}/{path}", "2025/07/29/memory/a.json"),
        (
            "x/{date:%F}/{dir}/{stem}-{sha256:16}{suffix}",
            f"x/2025-07-29/memory/a-{SHA256[:16]}.json",
        ),
        ("{route}@{host}/{sha256}", f"r1@h1/{SHA256}"),
        (
            "{date:%y%j %G-W%V-%u %H%M%S.%f %s %% %%F}{id}",
            f"25210 2025-W31-2 161507.000042 1753805707 % %F{ID}",
        ),
        ("é ü/{id}", f"é ü/{ID}"),
        ("{id}", ID),
    ],
)
def test_templates_expand(template, key):
    """Each field gives its fact."""
    assert expand(template) == key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (b"a.tar.gz", "a.tar|.gz.zst"),
        (b"folder.d/plain", "plain|.zst"),
        (b".hidden", ".hidden|.zst"),
        (b"..a.b", "..a|.b.zst"),
        (b"..b", "..b|.zst"),
        (b"end.", "end.|.zst"),
    ],
)
def test_stem_and_suffix_make_the_name(name, key):
    """Stem and suffix together are always the name, with what sealing appends."""
    assert expand("{stem}|{suffix}", name, name_suffix=".zst") == key
    together = expand("x{stem}{suffix}", name, name_suffix=".zst")
    assert together == expand("x{name}", name, name_suffix=".zst")


def test_a_missing_folder_takes_its_slash_along():
    """`{dir}/` is nothing for an item at the top."""
    assert expand("x/{dir}/{name}", b"a") == "x/a"
    assert expand("{dir}/{name}", b"a") == "a"
    assert expand("{dir}/{name}", b"b/c/a") == "b/c/a"


def test_times_are_utc():
    """A time of another zone is written in UTC; one without a zone is refused."""
    east = TIME.astimezone(timezone(timedelta(hours=9)))
    assert expand("{time}{id}", time=east) == expand("{time}{id}")
    assert expand("{date:%Y}{id}", time=datetime(7, 1, 1, tzinfo=UTC)) == f"0007{ID}"
    with pytest.raises(ValueError, match="aware"):
        expand("{time}{id}", time=TIME.replace(tzinfo=None))


def test_values_cannot_add_segments():
    """A device id with a slash stays one segment."""
    assert expand("{device_id}/{id}", device_id="../a\n") == f"..%2Fa%0A/{ID}"


def test_fields_are_told():
    """Callers see whether the hash is needed."""
    assert KeyTemplate.parse("{date:%F}/{sha256:8}_{name}").fields == {"date", "sha256", "name"}


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("", "is empty"),
        ("{nmae}", "Did you mean {name}"),
        ("{name}{}", "unknown field"),
        ("/{name}", "slash"),
        ("{name}/", "slash"),
        ("a//{name}", "empty segment"),
        ("../{name}", "'..'"),
        ("a/./{name}", "'.'"),
        ("a\n{name}", "control character"),
        ("\u202e{name}", "control character"),
        ("{name", "brace"),
        ("{{name}}", "brace"),
        ("{date:%Q}{name}", "%Q"),
        ("{date:%A}{name}", "%A"),
        ("{date:%Y%}{name}", "directive"),
        ("{date:nothing}{name}", "no directive"),
        ("{date:\x01%Y}{name}", "control character"),
        ("{name:x}", "takes no format"),
        ("{sha256:65}", "1 to 64"),
        ("{sha256:0}", "1 to 64"),
        ("{sha256:-1}", "1 to 64"),
        ("{date}/{route}", "same key"),
        ("x", "same key"),
        ("é" * 512 + "{name}", "1024 bytes"),
    ],
)
def test_bad_templates_are_refused(template, word):
    """A template that cannot work is a configuration error, with the reason."""
    with pytest.raises(ConfigError) as caught:
        KeyTemplate.parse(template)
    assert word in str(caught.value)


@pytest.mark.parametrize(
    ("template", "changes"),
    [
        ("{name}", {"name": b"n" * 1025}),
        ("{name}", {"name": "é".encode() * 513}),
        ("{device_id}/{name}", {"device_id": ""}),
        ("{device_id}/{name}", {"device_id": ".."}),
        ("x{sha256}", {"sha256": ""}),
        ("{name}/{suffix}/{id}", {"name": b"a"}),
        ("{id}/{suffix}", {"name": b"a"}),
        ("{dir}x/{id}", {"name": b"../a"}),
    ],
)
def test_keys_that_cannot_be_are_refused(template, changes):
    """No key is made rather than a wrong one; long names are named as such."""
    with pytest.raises(KeyNameError):
        expand(template, **changes)


def test_the_longest_key():
    """1,024 bytes are a key, 1,025 are none, with the prefix counted."""
    assert len(expand("{name}", b"n" * 1024)) == 1024
    assert len(expand("{name}", "é".encode() * 512).encode()) == 1024
    assert prefixed("p/", "k" * 1022) == "p/" + "k" * 1022
    with pytest.raises(KeyNameError, match="1025 bytes"):
        prefixed("p/", "k" * 1023)


@given(names)
def test_expanded_keys_are_valid(raw):
    """Whatever the name, a key has no empty or dotted segment and no stray slash."""
    for template in ("{path}", "{dir}/{name}", "{stem}{suffix}", "x-{stem}/{id}{suffix}"):
        try:
            key = expand(template, raw)
        except KeyNameError:
            continue
        assert not {"", ".", ".."} & set(key.split("/"))
        assert len(key.encode()) <= 1024


MTIME = datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "time"),
    [
        (b"20250729_161500.xml", datetime(2025, 7, 29, 16, 15, tzinfo=UTC)),
        (b"a_2025-07-29T16-15-07Z_b.json", datetime(2025, 7, 29, 16, 15, 7, tzinfo=UTC)),
        (b"log-2025-07-29.txt", datetime(2025, 7, 29, tzinfo=UTC)),
        (b"log20250729.txt", datetime(2025, 7, 29, tzinfo=UTC)),
        (b"20251399-20250729.txt", datetime(2025, 7, 29, tzinfo=UTC)),
        (b"\xff20250729\xff", datetime(2025, 7, 29, tzinfo=UTC)),
        (b"20250729_996100.xml", MTIME),
        (b"2025-02-29.txt", MTIME),
        (b"120250729.txt", MTIME),
        (b"202507299.txt", MTIME),
        (b"10101010.txt", MTIME),
        (b"20250729/a.txt", MTIME),
        (b"plain.txt", MTIME),
    ],
)
def test_time_from_the_name(name, time):
    """A valid date in the file's own name counts, else the time of the file."""
    mtime_ns = int(MTIME.timestamp()) * 10**9
    assert item_time(name, mtime_ns, 0.0, DateFrom.NAME) == time
    assert item_time(name, mtime_ns, 0.0, DateFrom.MTIME) == MTIME


@given(st.integers(-(2**63), 2**63 - 1), st.floats(-1e12, 1e12))
@example(10**30, 1e18)
@example(-(10**30), 0.0)
def test_no_time_is_too_odd(mtime_ns, now):
    """Any time a file system or a clock can give is survived."""
    for source in DateFrom:
        assert item_time(b"a", mtime_ns, now, source).tzinfo is UTC
    assert item_time(b"a", 1_500_000_000, 0.0, DateFrom.MTIME).microsecond == 500_000
    assert item_time(b"a", 0, 1.5, DateFrom.NOW) == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)
