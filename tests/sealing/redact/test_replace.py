"""What stands where something was removed is safe in every format, and always the same."""

import re
from itertools import pairwise

import pytest

from sealift.errors import ConfigError
from sealift.sealing.redact.replace import Replacement, key_id
from tests.sealing.redact.samples import EMAIL, redactor

KEY = b"not a secret"


def test_a_word_a_label_or_a_pseudonym() -> None:
    texts = {
        how: redactor(replacement=how, key=KEY).redact_text(f"to {EMAIL}!").data
        for how in ("BLOCKED", "label", "hash", "[gone]")
    }
    assert texts["BLOCKED"] == "to BLOCKED!"
    assert texts["label"] == "to [EMAIL]!"
    assert texts["[gone]"] == "to [gone]!"
    assert re.fullmatch(r"to \[EMAIL~[b-df-hj-np-tv-xz]{14}\]!", texts["hash"])


def test_the_same_value_has_the_same_pseudonym_in_every_file() -> None:
    """Case, width and separators are no difference; another key is one, and the label is seen."""
    one = Replacement("hash", KEY)
    same = one.text("EMAIL", EMAIL)
    assert same == Replacement("hash", KEY).text("EMAIL", EMAIL.upper())
    assert same != Replacement("hash", b"other").text("EMAIL", EMAIL)
    assert same != one.text("EMAIL", "j" + EMAIL)
    assert one.text("C", "4111 1111 1111 1111") == one.text("C", "4111-1111-1111-1111")
    assert one.text("C", "\uff14\uff11\uff11\uff11 1111 1111 1111") == one.text(
        "C", "4111111111111111"
    )
    assert one.text("X", "a-b") != one.text("X", "ab")


def test_a_pseudonym_is_known_by_heart() -> None:
    """It must be the same in every version, or files of different years could not be joined."""
    assert Replacement("hash", KEY).text("EMAIL", EMAIL) == "[EMAIL~nbxlqqpgknmjbb]"


def test_pseudonyms_spread() -> None:
    tokens = [Replacement("hash", KEY).text("N", str(number)) for number in range(2000)]
    assert len(set(tokens)) == len(tokens)
    letters = {text[3:-1][place] for text in tokens for place in (0, 13)}
    assert len(letters) == 20
    assert any(a[3] != b[3] for a, b in pairwise(tokens))


@pytest.mark.parametrize(
    "how",
    [
        "",
        " ",
        "a\nb",
        "<b>",
        'a"b',
        "a&b",
        "a--b",
        "]]",
        "é",
        "x" * 65,
        "-",
        "a ",
        "\\",
        "a'b",
        "?",
    ],
)
def test_a_text_that_could_break_a_document_is_refused(how: str) -> None:
    with pytest.raises(ConfigError, match="replacement"):
        Replacement(how)


def test_a_pseudonym_needs_a_key_and_no_key_is_told() -> None:
    with pytest.raises(ConfigError, match="redact_key"):
        Replacement("hash")
    assert key_id(b"") == ""
    assert re.fullmatch("[0-9a-f]{16}", key_id(KEY))
    assert key_id(KEY) != key_id(b"other")
    assert "secret" not in repr(vars(redactor(replacement="hash", key=KEY)))
