"""Sealing is pure: the same bytes in, the same parcel out, or an error and nothing."""

import gzip
import hashlib
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from backports import zstd

from sealift.errors import (
    ConfigError,
    InvalidContentError,
    ItemError,
    SourceChangedError,
    TooLargeError,
)
from sealift.sealing.compress import Compression
from sealift.sealing.content_types import content_type_of
from sealift.sealing.convert import Conversion
from sealift.sealing.seal import Sealer, SealOptions

CONVERSATION = (Path(__file__).parent.parent / "fixtures" / "conversation.json").read_bytes()


@dataclass
class Source:
    """A large body whose content a test may change between readings."""

    content: list[bytes]

    def chunks(self):
        yield from self.content


def sealer(**options):
    return Sealer(SealOptions(**options))


def unpack(how, data):
    unpackers = {Compression.GZIP: gzip.decompress, Compression.ZSTD: zstd.decompress}
    return unpackers.get(how, bytes)(data)


@pytest.mark.parametrize("how", list(Compression))
def test_a_parcel_tells_of_the_bytes_that_leave(how):
    """Size and hash are of the sealed body, and the body is the source, compressed."""
    parcel = sealer(compress=how).seal(CONVERSATION, b"conversation.json")
    assert unpack(how, parcel.body) == CONVERSATION
    assert parcel.size == len(parcel.body)
    assert parcel.sha256 == hashlib.sha256(parcel.body).hexdigest()
    assert parcel.content_type == "application/json"
    assert parcel.content_encoding == {"none": ""}.get(how.value, how.value)
    assert parcel == sealer(compress=how).seal(CONVERSATION, b"conversation.json")


@pytest.mark.parametrize("how", list(Compression))
def test_a_large_parcel_reads_again_as_the_same_bytes(how):
    """However the source is cut, each reading of the parcel gives the bytes that were hashed."""
    lines = [b'{"number": %d}\n' % number for number in range(40_000)]
    seal = sealer(compress=how)
    parcel = seal.seal_large(Source(lines), b"a.ndjson")
    first = b"".join(parcel.body.chunks())
    assert unpack(how, first) == b"".join(lines)
    assert (len(first), hashlib.sha256(first).hexdigest()) == (parcel.size, parcel.sha256)
    assert b"".join(parcel.body.chunks()) == first
    other = seal.seal_large(Source([b"".join(lines)]), b"a.ndjson")
    assert (other.size, other.sha256) == (parcel.size, parcel.sha256)
    assert parcel.content_type == "application/x-ndjson"


@pytest.mark.parametrize("how", list(Compression))
@pytest.mark.parametrize("change", [b"", b"[2]\n" * 10, b"[1]\n" * 11, b"[1]\n" * 9])
def test_a_changed_source_never_ends_well(how, change):
    """If the source gives other bytes, the reading fails before its last piece."""
    source = Source([b"[1]\n" * 10, b"[3]\n"])
    parcel = sealer(compress=how).seal_large(source, b"a.ndjson")
    source.content = [change, b"[3]\n"]
    read = []
    with pytest.raises(SourceChangedError):
        read.extend(parcel.body.chunks())
    assert sum(map(len, read)) < parcel.size


def test_a_large_body_is_never_held_whole():
    """Sealing and reading 100 MB takes a few MB of memory."""

    class Long:
        def chunks(self):
            yield b"<a>"
            for _ in range(400):
                yield b"<b>" + b"text" * 65_536 + b"</b>"
            yield b"</a>"

    tracemalloc.start()
    try:
        parcel = sealer(compress=Compression.ZSTD).seal_large(Long(), b"a.xml")
        assert sum(map(len, parcel.body.chunks())) == parcel.size
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


BAD = [
    (b"a.json", b'{"a":1,"a":2}', {}),
    (b"a.json", b"", {"allow_empty": True}),
    (b"a.txt", b"", {}),
    (b"a.txt", b"text", {"format": "json"}),
    (b"a.xml", b"<a>", {}),
    (b"a.jsonl", b"{}\n{", {}),
    (b"a.json", b"[[[]]]", {"max_depth": 2}),
]


@pytest.mark.parametrize(("name", "data", "options"), BAD)
def test_bad_content_gives_no_parcel(name, data, options):
    """In memory or in pieces, the error is the same."""
    seal = sealer(**options)
    with pytest.raises(InvalidContentError) as whole:
        seal.seal(data, name)
    with pytest.raises(InvalidContentError) as pieces:
        seal.seal_large(Source([data[:3], data[3:]]), name)
    assert str(whole.value) == str(pieces.value)


def test_the_size_limit_is_the_same_in_memory_and_in_pieces():
    """JSON over the limit is refused both ways; what is not held whole has no limit."""
    seal = sealer(max_document_bytes=100)
    data = b"[" + b"1," * 100 + b"1]"
    with pytest.raises(TooLargeError):
        seal.seal(data, b"a.json")
    with pytest.raises(TooLargeError):
        seal.seal_large(Source([data]), b"a.json")
    for name, fits in ((b"a.txt", data), (b"a.jsonl", b"[1]\n" * 100), (b"a.xml", XML)):
        assert seal.seal(fits, name).sha256 == seal.seal_large(Source([fits]), name).sha256


XML = b"<a>" + b"<b>text</b>" * 100 + b"</a>"


def test_empty_files_only_by_choice():
    """Zero bytes leave only if the option says so and nothing can be checked."""
    seal = sealer(allow_empty=True)
    assert seal.seal(b"", b"a.txt").size == 0
    parcel = seal.seal_large(Source([]), b"a.txt")
    assert (parcel.size, list(parcel.body.chunks())) == (0, [])


def test_a_schema_is_not_passed_by(tmp_path):
    """With a schema, an item that it cannot check is refused, not sent unchecked."""
    path = tmp_path / "schema.json"
    path.write_text('{"type": "object"}')
    seal = sealer(schema=path)
    assert seal.seal(b"{}", b"a.json").size == 2
    for name, data in ((b"a.json", b"[]"), (b"a.jsonl", b"{}\n[]"), (b"a.txt", b"{}")):
        with pytest.raises(InvalidContentError):
            seal.seal(data, name)
        with pytest.raises(InvalidContentError):
            seal.seal_large(Source([data]), name)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"redact": ("none",)}, "none"),
        ({"redact_deny": ("",)}, "redact_deny"),
        ({"redact_deny": ("x",), "redact_seconds": 0.0}, "redact_seconds"),
        ({"redact_deny": ("x",), "replacement": "<x>"}, "replacement"),
        ({"redact_deny": ("locked",)}, "replacement"),
        ({"convert": "yaml"}, "convert"),
        ({"convert": Conversion.NDJSON, "format": "xml"}, "takes json, and format is xml"),
        ({"convert": Conversion.XML_TO_JSON, "schema": Path("none.json")}, "cannot check what"),
        ({"compress": "brotli"}, "brotli"),
        ({"format": "yaml"}, "yaml"),
        ({"max_depth": 0}, "max_depth = 0"),
        ({"max_depth": 1025}, "1 to 1024"),
        ({"max_document_bytes": 0}, "max_document_bytes"),
        ({"schema": Path("none.json")}, "none.json"),
        ({"schema": Path("none.json"), "format": "xml"}, "format = xml"),
        ({"content_type": "text/plain\r\nx-evil: 1"}, "content_type"),
    ],
)
def test_options_that_cannot_be_are_refused(options, word):
    """A sealer that would not do as told is never made."""
    with pytest.raises(ConfigError, match=word):
        sealer(**options)


def test_every_option_explains_itself():
    """The configuration's reference is made from these."""
    assert all(option.metadata["help"].endswith(".") for option in fields(SealOptions))


def test_policy_changes_with_the_bytes_only():
    """Each compression has its own policy; a check changes none of the bytes."""
    policies = {how: sealer(compress=how).policy for how in Compression}
    assert len(set(policies.values())) == len(Compression)
    assert sealer(format="any", max_depth=3).policy == policies[Compression.NONE]
    assert [sealer(compress=how).suffix for how in Compression] == ["", ".gz", ".zst"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        (b"folder/a.xml", "application/xml"),
        (b"a.JSONL", "application/x-ndjson"),
        (b"a.json.gz", "application/gzip"),
        (b"a.csv", "text/csv"),
        (b"a.parquet", "application/vnd.apache.parquet"),
        (b"a.unheard-of", "application/octet-stream"),
        (b"json", "application/octet-stream"),
        (b".json", "application/octet-stream"),
        (b"folder.json/a", "application/octet-stream"),
    ],
)
def test_media_type_by_the_last_suffix(name, media_type):
    """Our own table decides, unless the option does."""
    assert content_type_of(name) == media_type
    chosen = sealer(format="any", content_type="text/x-mine").seal(b"x", name)
    assert chosen.content_type == "text/x-mine"


def test_many_threads_may_seal_with_one_sealer():
    """Good and bad documents side by side do not disturb each other."""
    seal = sealer(compress=Compression.GZIP)
    expected = seal.seal(CONVERSATION, b"a.json")

    def run(turn):
        if turn % 2:
            return seal.seal(CONVERSATION, b"a.json") == expected
        with pytest.raises(ItemError):
            seal.seal(CONVERSATION[:-1], b"a.json")
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(400)))
