"""Compressing gives the same bytes every time, and gives them back."""

import gzip
import importlib
import os
import random

import pytest
from backports import zstd

from sealift.errors import ConfigError
from sealift.sealing import compress as compress_module
from sealift.sealing.compress import Compression, compress, compressing, identity

UNPACK = {
    Compression.NONE: bytes,
    Compression.GZIP: gzip.decompress,
    Compression.ZSTD: zstd.decompress,
}
HOWS = list(Compression)


def sample(size):
    chance = random.Random(size)
    words = [chance.randbytes(chance.randrange(1, 9)) for _ in range(200)]
    return b"".join(chance.choices(words, k=size))[:size]


def cut(data, *sizes):
    at = 0
    turn = 0
    while at < len(data):
        yield data[at : at + sizes[turn % len(sizes)]]
        at += sizes[turn % len(sizes)]
        turn += 1


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("size", [0, 1, 10_000, 1_000_000])
def test_gives_back_what_it_took(how, size):
    """At once or in pieces, other tools unpack the same bytes."""
    data = sample(size)
    assert UNPACK[how](compress(data, how)) == data
    assert UNPACK[how](b"".join(compressing([data], how))) == data


@pytest.mark.parametrize("how", HOWS)
def test_cuts_do_not_show(how):
    """The same bytes come out, however the input is cut."""
    data = sample(1_500_000)
    whole = b"".join(compressing([data], how))
    for sizes in ([1000], [1, 65536], [262144], [262143, 2], [700_000, 0x1FFFF]):
        assert b"".join(compressing(cut(data, *sizes), how)) == whole
    assert b"".join(compressing([b"", data, b""], how)) == whole
    assert compress(data, how) == compress(bytes(bytearray(data)), how)


@pytest.mark.parametrize("how", HOWS)
def test_pieces_are_never_empty(how):
    """A consumer may take an empty piece for the end, so there is none."""
    assert all(compressing(cut(sample(2_000_000), 1000), how))


def test_gzip_has_no_time_and_no_name():
    """The header is the same on every day: flags, time and name are zero."""
    head = compress(b"x", Compression.GZIP)[:9]
    assert head == b"".join(compressing([b"x"], Compression.GZIP))[:9]
    assert head[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"


def test_zstd_carries_a_checksum():
    """A flipped bit is found when unpacking."""
    packed = bytearray(compress(os.urandom(1000), Compression.ZSTD))
    packed[500] ^= 1
    with pytest.raises(zstd.ZstdError):
        zstd.decompress(bytes(packed))


def test_suffixes_and_identities_differ():
    """Each way has a suffix and an identity of its own."""
    assert [how.suffix for how in HOWS] == ["", ".gz", ".zst"]
    assert len({identity(how) for how in HOWS}) == len(HOWS)


def test_the_missing_extra_is_named(monkeypatch):
    """Without the library the message says what to install."""

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    compress_module._zstd.cache_clear()
    for use in (
        lambda: compress(b"", Compression.ZSTD),
        lambda: list(compressing([b""], Compression.ZSTD)),
        lambda: identity(Compression.ZSTD),
    ):
        with pytest.raises(ConfigError, match=r"pip install 'sealift\[zstd\]'"):
            use()
