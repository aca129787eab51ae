"""NDJSON is redacted line by line, in memory and in pieces alike."""

import hashlib
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sealift.errors import InvalidContentError, SourceChangedError, TooLargeError
from sealift.sealing.ndjson import whole_lines
from sealift.sealing.seal import POLICY, Sealer, SealOptions
from tests.sealing.redact.samples import EMAIL, redactor

LINES = [
    b'{"ssn": "123-45-6789"}\n',
    b"\r\n",
    b"4111111111111111\n",
    b'["x", 1e5]\n',
    f'{{"{EMAIL}": "é", "a@b.com": 1}}\n'.encode(),
    b'"last john@example.com"',
]
DATA = b"".join(LINES)


@dataclass
class Source:
    """A large body whose content a test may change between readings."""

    content: list[bytes]

    def chunks(self) -> Iterator[bytes]:
        yield from self.content


@dataclass
class Given:
    """A large body that is read once."""

    pieces: Iterator[bytes]

    def chunks(self) -> Iterator[bytes]:
        return self.pieces


def sealer(**options: object) -> Sealer:
    return Sealer(SealOptions(redact_deny=("john@example.com", "4111111111111111"), **options))


def test_each_line_is_a_document_of_its_own() -> None:
    done = redactor().redact(DATA, "ndjson")
    assert done.data.splitlines(keepends=True) == [
        b'{"ssn": "BLOCKED"}\n',
        b"\r\n",
        b'"BLOCKED"\n',
        b'["x", 1e5]\n',
        '{"BLOCKED": "é", "BLOCKED_2": 1}\n'.encode(),
        b'"last BLOCKED"',
    ]
    assert done.counts == {"ssn": 1, "card": 1, "email": 3}


def test_what_belongs_to_two_lines_belongs_to_none() -> None:
    data = b'"ssn"\n"123-45-6789"\n{"ssn":1}\n123456789\n'
    assert redactor().redact(data, "ndjson").data is data


@pytest.mark.parametrize("size", [1, 7, 30, 10_000])
def test_pieces_of_any_size_end_where_lines_end(size: int) -> None:
    chunks = [DATA[at : at + size] for at in range(0, len(DATA), size)]
    pieces = list(whole_lines(chunks))
    assert b"".join(pieces) == DATA
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])
    assert pieces[-1] == (DATA if size > len(DATA) else LINES[-1]) or size > 30


@pytest.mark.parametrize("name", [b"a.ndjson", b"a.json", b"a.xml", b"a.txt"])
@pytest.mark.parametrize("compress", ["none", "gzip"])
def test_a_large_body_is_sealed_as_a_small_one(name: bytes, compress: str) -> None:
    data = {
        b"a.ndjson": DATA,
        b"a.json": f'{{"a": ["{EMAIL}", 4111111111111111]}}'.encode(),
        b"a.xml": f"<a b='{EMAIL}'>4111111111111111</a>".encode(),
        b"a.txt": f"{EMAIL} 4111111111111111".encode(),
    }[name]
    seal = sealer(compress=compress)
    whole = seal.seal(data, name)
    parcel = seal.seal_large(Source([data[:9], data[9:20], data[20:]]), name)
    body = b"".join(parcel.body.chunks())
    assert (len(body), hashlib.sha256(body).hexdigest()) == (parcel.size, parcel.sha256)
    assert body == b"".join(parcel.body.chunks())
    assert parcel.redactions == whole.redactions == {"deny-list": 3 if name == b"a.ndjson" else 2}
    assert parcel.metadata == whole.metadata == {POLICY: seal.policy}
    if compress == "none":
        assert body == whole.body
        assert EMAIL.encode() not in body


@pytest.mark.parametrize("name", [b"a.ndjson", b"a.json", b"a.xml", b"a.txt"])
def test_nothing_unredacted_leaves_a_large_body_that_changes(name: bytes) -> None:
    """Whatever the file becomes between two readings, no value that must go is yielded."""
    wraps = {b"a.ndjson": b'"%s"\n', b"a.json": b'["%s"]', b"a.xml": b"<a>%s</a>", b"a.txt": b"%s"}
    source = Source([wraps[name] % b"harmless"])
    parcel = sealer().seal_large(source, name)
    secret = EMAIL.encode()
    for change in (wraps[name] % secret, secret, b'" ' + secret, b"\xff" + secret, b"", secret * 9):
        source.content = [change, b""]
        read: list[bytes] = []
        with pytest.raises(SourceChangedError):
            read.extend(parcel.body.chunks())
        assert secret not in b"".join(read)


def test_what_must_be_held_whole_is_refused_above_the_limit() -> None:
    """A line of NDJSON, and of other formats the whole document; of NDJSON never the whole."""
    seal = sealer(max_document_bytes=100)
    for name in (b"a.json", b"a.xml", b"a.txt"):
        for data in (b"<a>" + b"x" * 120 + b"</a>", b'"' + b"x" * 120 + b'"'):
            with pytest.raises((TooLargeError, InvalidContentError)):
                seal.seal(data, name)
            with pytest.raises((TooLargeError, InvalidContentError)):
                seal.seal_large(Source([data]), name)
    with pytest.raises(TooLargeError, match="redacted or converted as a whole"):
        seal.seal(b"x" * 101, b"a.txt")
    with pytest.raises(TooLargeError, match="redacted or converted as a whole"):
        seal.seal_large(Source([b"x" * 99, b"xx"]), b"a.txt")
    endless = Source([b"x"] * 1000)
    read = iter(endless.chunks())
    with pytest.raises(TooLargeError):
        seal.seal_large(Given(read), b"a.txt")
    assert len(list(read)) > 800
    lines = b'"john@example.com"\n' * 50
    assert seal.seal(lines, b"a.ndjson").redactions == {"deny-list": 50}
    assert seal.seal_large(Source([lines]), b"a.ndjson").redactions == {"deny-list": 50}
    with pytest.raises(TooLargeError):
        seal.seal_large(Source([b'"' + b"x" * 120 + b'"\n']), b"a.ndjson")


def test_a_large_ndjson_is_never_held_whole() -> None:
    class Long:
        def chunks(self) -> Iterator[bytes]:
            lines = b'{"text": "%s"}\n' % (b"nothing " * 500) * 50 + b'"john@example.com"\n'
            for _ in range(200):
                yield lines

    tracemalloc.start()
    try:
        parcel = sealer().seal_large(Long(), b"a.ndjson")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert parcel.redactions == {"deny-list": 200}
    assert peak < 24 << 20
