"""XML is taken without DTD, in UTF-8, and in bounded memory."""

import pytest

from sealift.errors import InvalidContentError, TooLargeError
from sealift.sealing.strict_xml import XmlChecker


def read(*chunks, max_bytes=1 << 16, max_depth=10):
    document = XmlChecker(max_bytes=max_bytes, max_depth=max_depth)
    for chunk in chunks:
        document.feed(chunk)
    document.close()


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b"\xef\xbb\xbf<a/>",
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a/>\n<!-- end -->\n',
        b"<a>" + b"<b/>" * 1000 + b"</a>",
        b'<a xmlns:b="urn:b"><b:c/><undeclared:d/></a>',
        b"<a><![CDATA[</a><b>]]></a>",
        b"<a>&amp;&#233;\xc3\xa9</a>",
        b"<a>" + b"text without a tag " * 10_000 + b"</a>",
    ],
)
def test_takes_one_document(data):
    """Whole or byte by byte, the verdict is the same."""
    read(data)
    read(*[data[at : at + 1] for at in range(len(data))])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "line 1, column 1: no element found"),
        (b"\n  \n", "no element found"),
        (b"<a>", "line 1, column 4: no element found"),
        (b"<a/>\n<b/>", "line 2, column 1: junk after document element"),
        (b"text", "line 1, column 1"),
        (b"<a>\n <b></c>\n</a>", "line 2, column 7: mismatched tag"),
        (b"<a>\xff</a>", "line 1, column 4"),
        (b"<a>\xc3\xa9&nope;</a>", "undefined entity"),
        (b"<a>\x00</a>", "line 1"),
        (b"<!DOCTYPE a><a/>", "a DTD is not taken"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a DTD is not taken"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "a DTD is not taken"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>', "another encoding"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "another encoding"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "another encoding"),
        ("<a/>".encode("utf-16"), "not UTF-8"),
        ("<a/>".encode("utf-16-le"), "not UTF-8"),
        ("<a/>".encode("utf-16-be"), "not UTF-8"),
        (b"<a>" * 11 + b"</a>" * 11, "line 1, column 34: nested deeper than max_depth = 10"),
    ],
)
def test_refuses_the_rest(data, why):
    """The message names place and reason, whole or byte by byte."""
    with pytest.raises(InvalidContentError) as caught:
        read(data)
    assert why in str(caught.value)
    assert caught.value.__context__ is None
    with pytest.raises(InvalidContentError):
        read(*[data[at : at + 1] for at in range(len(data))])


def test_depth_is_of_the_nest_not_of_the_count():
    """Siblings do not add up."""
    read(b"<a>" + b"<b><c/></b>" * 50 + b"</a>", max_depth=3)
    with pytest.raises(InvalidContentError):
        read(b"<a><b><c/></b></a>", max_depth=2)


@pytest.mark.parametrize("start", [b'<a b="', b"<a><!-- ", b"<a><?x "])
def test_a_tag_without_end_is_too_large(start):
    """What the parser must hold whole is limited; the source is not read to its end for it."""
    fed = 0

    def endless():
        nonlocal fed
        yield start
        while True:
            fed += 1
            yield b"canary " * 1000

    with pytest.raises(TooLargeError, match="max_document_bytes = 65536") as caught:
        read(*iter_until(endless(), 1000), max_bytes=65536)
    assert "canary" not in str(caught.value)


def iter_until(chunks, count):
    for _, chunk in zip(range(count), chunks, strict=False):
        yield chunk
