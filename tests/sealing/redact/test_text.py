"""Plain text is UTF-8 or nothing leaves; what is found in it goes."""

import pytest

from sealift.errors import InvalidContentError
from tests.sealing.redact.samples import CARD, EMAIL, redactor

MINE = redactor()


@pytest.mark.parametrize("text", ["", "x", "\ufeffé,東京\r\n", "1234 5678 9012 3456\n"])
def test_what_holds_nothing_stays_the_very_same(text: str) -> None:
    data = text.encode()
    assert MINE.redact(data, "any").data is data
    assert MINE.redact_text(text).data is text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{EMAIL}", "BLOCKED"),
        (f"é {EMAIL} 東京 {CARD}\n", "é BLOCKED 東京 BLOCKED\n"),
        ("my name is Zoë Müller, é", "my name is BLOCKED, é"),
        ('{"ssn": "123-45-6789"', '{"ssn": "BLOCKED"'),
    ],
)
def test_what_is_found_goes_and_nothing_else(text: str, expected: str) -> None:
    assert MINE.redact(text.encode(), "any").data.decode() == expected
    assert MINE.redact_text(text).data == expected


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"abc\xff" + EMAIL.encode(), 3),
        (b"ok \xc3", 3),
        (EMAIL.encode("utf-16-le"), 1),
        (b"\x00\xff", 0),
        (b"\xff\x00", 0),
        (b"\x89PNG\r\n\x1a\n\x00", 0),
        ("\ud800".encode("utf-8", "surrogatepass"), 0),
    ],
)
def test_what_cannot_be_read_never_leaves(data: bytes, offset: int) -> None:
    """The offset is told, and nothing of the content hangs on the error."""
    with pytest.raises(InvalidContentError, match=f"at byte {offset},") as raised:
        MINE.redact(data, "any")
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
