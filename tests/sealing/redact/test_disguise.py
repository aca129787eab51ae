# ruff: noqa: RUF001 the look-alikes are what is tested
"""Disguises are taken off, and every position leads back to what was written."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.sealing.redact.search.disguise import plain


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("４１１１", "4111"),
        ("٤٢", "42"),
        ("𝟒𝟐", "42"),
        ("①", "1"),
        ("ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "john@example.com"),
        ("jo\u200bhn\u00ad@ex\u2060ample\ufeff.com", "john@example.com"),
        ("555\u2011123\u20134567", "555-123-4567"),
        ("a\u00a0b\u202fc\u2003d\u3000e", "a b c d e"),
        ("O\u2019Neil", "O'Neil"),
        ("john&#64;example&period;com", "john@example.com"),
        ("john&#x40;example.com", "john@example.com"),
        ("john&amp;amp;#64;example.com", "john@example.com"),
        ("a&nbsp;b&shy;c", "a bc"),
        ("&#xFF14;2", "42"),
        (r"john\u0040example.com", "john@example.com"),
        (r"https:\/\/example.com", "https://example.com"),
        (r"a\nb", "a\nb"),
        ("1\ufe0f\u20e3", "1"),
        ("ﬁne", "fine"),
        ("line\u2028break", "line\nbreak"),
    ],
)
def test_a_disguise_is_taken_off(written: str, seen: str) -> None:
    assert plain(written)[0] == seen


@pytest.mark.parametrize("text", ["", "plain", "é ß Ж 中 ا ñ", "a\tb\nc", "fish & chips, AT&T; ok"])
def test_a_text_without_disguise_is_the_very_same_object(text: str) -> None:
    seen, offsets = plain(text)
    assert seen is text
    assert offsets is None


def test_what_names_no_character_stays() -> None:
    assert plain("&nosuchthing; é")[0] == "&nosuchthing; é"
    assert plain("a=1&copy=2")[0] == "a=1&copy=2"


HIDING = st.sampled_from(["\u200b", "\u00ad", "\u2060\u200d", "", "", "", ""])
WRITINGS = {
    one: [one, chr(ord(one) + 0xFEE0), f"&#{ord(one)};", f"&#x{ord(one):X};", f"\\u{ord(one):04x}"]
    for one in "0123456789ab@."
}


@given(
    st.text(alphabet="xyz \u00e9\u200b&\uff11", max_size=8),
    st.lists(st.tuples(st.sampled_from(sorted(WRITINGS)), st.integers(0, 4), HIDING), min_size=1),
    st.text(alphabet="xyz \u00e9\u200b&\uff11", max_size=8),
)
def test_positions_lead_back_to_exactly_what_was_written(
    before: str, value: list[tuple[str, int, str]], after: str
) -> None:
    """The first and last character of a value are found again, with all that hides between."""
    plain_value = "".join(one for one, _, _ in value)
    hidden = "".join(WRITINGS[one][way] + gap for one, way, gap in value[:-1])
    hidden += WRITINGS[value[-1][0]][value[-1][1]]
    written = f"{before}|{hidden}|{after}"
    seen, offsets = plain(written)
    start = seen.index("|") + 1
    assert seen[start : start + len(plain_value)] == plain_value
    end = start + len(plain_value)
    if offsets is not None:
        start, end = offsets.start(start), offsets.end(end)
    assert written[start:end] == hidden


@given(st.text(max_size=80))
def test_every_position_stays_inside_the_text_and_in_order(written: str) -> None:
    seen, offsets = plain(written)
    if offsets is None:
        assert len(seen) == len(written)
        return
    at = [(offsets.start(n), offsets.end(n + 1)) for n in range(len(seen))]
    assert all(0 <= start < end <= len(written) for start, end in at)
    assert at == sorted(at)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F), max_size=40))
def test_ascii_without_entities_and_escapes_is_left_alone(text: str) -> None:
    if not {"&", "\\"} & set(text):
        assert plain(text)[0] is text


@given(st.text(alphabet="@.john019é", min_size=1, max_size=20))
def test_escaping_for_html_hides_nothing(text: str) -> None:
    assert plain(html.escape(text))[0] == text
