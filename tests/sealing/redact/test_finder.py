"""Finds all of it, in the written positions, once, in linear time."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import ConfigError
from sealift.sealing.redact.packs import load_pack
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.finder import SEPARATOR, Finder


def rule(name: str, pattern: str, **more: str) -> Rule:
    return Rule(name=name, label=name.upper(), pattern=pattern, **more)


EMAIL = rule("email", r"[a-z.]+@[a-z]+(?:\.[a-z]+)+")
CARD = rule("card", r"\b\d(?:[ -]?\d){12,18}\b", validator="luhn")
LINK = rule("link", r"https?://\S+")


@pytest.fixture(scope="module")
def everything() -> Finder:
    return Finder([rule for pack in ("pii", "secrets", "hipaa") for rule in load_pack(pack)])


def found(finder: Finder, text: str) -> list[tuple[str, str]]:
    return [(text[start:end], hit.name) for start, end, hit in finder.find(text)]


def test_hits_come_in_order_with_the_positions_of_the_text() -> None:
    finder = Finder([CARD, EMAIL])
    text = "é a@b.com, 4111 1111 1111 1111; ü c@d.org"
    assert found(finder, text) == [
        ("a@b.com", "email"),
        ("4111 1111 1111 1111", "card"),
        ("c@d.org", "email"),
    ]


def test_a_disguised_value_is_found_where_it_is_written() -> None:
    finder = Finder([EMAIL])
    assert found(finder, "to a\u200b&#64;\uff42.com now") == [("a\u200b&#64;\uff42.com", "email")]


def test_hits_that_overlap_become_one_named_after_the_longest() -> None:
    finder = Finder([EMAIL, LINK])
    assert found(finder, "see https://x.org/?to=a@b.com ok") == [
        ("https://x.org/?to=a@b.com", "link"),
    ]
    crossing = Finder([rule("left", "abcd"), rule("right", "cdefgh")])
    assert found(crossing, "xabcdefghx") == [("abcdefgh", "right")]


def test_of_two_rules_that_find_the_same_the_first_is_named() -> None:
    twin = rule("twin", EMAIL.pattern)
    assert found(Finder([EMAIL, twin]), "a@b.com") == [("a@b.com", "email")]
    assert found(Finder([twin, EMAIL]), "a@b.com") == [("a@b.com", "twin")]


def test_only_the_marked_group_goes() -> None:
    finder = Finder([rule("pin", r"(?i:pin)[: ]+(?P<it>\d{4})\b")])
    assert found(finder, "PIN: 1234") == [("1234", "pin")]


def test_a_look_alike_stays_and_hides_nothing_behind_it() -> None:
    finder = Finder([rule("ip", r"\d+(?:\.\d+){3}", unless=r"version \d+(?:\.\d+)*")])
    assert found(finder, "version 1.2.3.4 at 5.6.7.8") == [("5.6.7.8", "ip")]


def test_a_match_that_took_a_word_too_many_is_shortened() -> None:
    finder = Finder([CARD])
    text = "pay 4111 1111 1111 1111 12 times"
    assert found(finder, text) == [("4111 1111 1111 1111", "card")]


def test_a_wrong_beginning_hides_no_value_behind_it() -> None:
    finder = Finder([CARD])
    assert found(finder, "12 4111 1111 1111 1111") == [("4111 1111 1111 1111", "card")]


def test_what_was_taken_for_a_value_may_announce_one() -> None:
    finder = Finder([rule("pass", r"(?:no|pass)[: ]+(?P<it>\w+)", validator="identifier")])
    assert found(finder, "no: pass 12345") == [("12345", "pass")]


def test_two_values_that_share_a_separator_are_both_found() -> None:
    finder = Finder([rule("badge", r"(?:^|[ ,])(?P<it>B\d+)(?:[ ,]|$)")])
    assert found(finder, "B1,B2 B3") == [("B1", "badge"), ("B2", "badge"), ("B3", "badge")]


def test_a_group_that_took_nothing_removes_nothing_and_ends() -> None:
    finder = Finder([rule("maybe", r"x(?P<it>\d*)")])
    assert found(finder, "xx1x") == [("1", "maybe")]


def test_texts_joined_by_the_separator_are_searched_as_if_alone(everything: Finder) -> None:
    texts = ["my name is", "Zorblax Quill", "4111 1111", "1111 1111", "password:", "hunter22"]
    assert everything.find(SEPARATOR.join(texts)) == []
    one = "write to ana@example.com"
    joined = SEPARATOR.join([*texts, one] * 40)
    assert len(everything.find(joined)) == 40


def test_allowed_texts_stay_in_any_case_and_disguise() -> None:
    finder = Finder([EMAIL], allow=["Help@Example.com", "*@b.org"])
    text = "help@example.com help&#64;example.com a@b.org a@b.com"
    assert found(finder, text) == [("a@b.com", "email")]


@pytest.mark.parametrize(
    "text",
    [
        "password: BLOCKED",
        "my name is BLOCKED, call me at BLOCKED",
        "Dr. BLOCKED",
        "password: [PASSWORD]",
        "token=[SECRET~bcdfghjklmnpqr]",
        "Name: [NAME~bcdfghjklmnpqr]",
        "https://[LOGIN]@example.com",
        "Dear Dr. [NAME],",
        "Sehr geehrter Herr [NAME], anbei",
        "Kind regards,\n[NAME]\nRegional Controller",
        "Moja żona [NAME] odbierze",
        "here is the key:\n[PRIVATE_KEY]; `@everyone`",
        "**PATIENT:** BLOCKED Das passt so",
        "domicilio: BLOCKED, 3º B",
        "stripe_secret=BLOCKED&places_key=BLOCKED&lang=pt-BR",
    ],
)
def test_what_an_earlier_sealing_put_there_is_left(everything: Finder, text: str) -> None:
    assert everything.find(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[SSN] 078051120", "078051120"),
        ("see [SSN] 078051120", "078051120"),
        ("[NAME] John Smith", "John Smith"),
        ("line 1\n[NAME] John Smith", "John Smith"),
        ("see [NAME]: John Smith", "John Smith"),
        ("password: BLOCKED-7x!", "BLOCKED-7x!"),
        ("mail jo.BLOCKED@example.com", "jo.BLOCKED@example.com"),
        ("my ssn [NAME] is 078051120", "078051120"),
        ("password=[NAME]hunter2xyz9", "[NAME]hunter2xyz9"),
        ("**PATIENT:** BLOCKED John was here", "John"),
        ("Mr. Pan called.", "Pan"),
        ("Frau Herr ist da.", "Herr"),
        ("DE89370400440532013000\r\nThanks\r\n", "DE89370400440532013000"),
        ("call +41 79 123 45 67\r\n2 oaks", "+41 79 123 45 67"),
    ],
)
def test_a_label_in_brackets_may_announce_a_value(
    everything: Finder, text: str, value: str
) -> None:
    assert [text[hit.start : hit.end] for hit in everything.find(text)] == [value]


@pytest.mark.parametrize(
    "value", ["DE89370400440532013000", "AKIAIOSFODNN7EXAMPLA", "4111-1111-1111-1111"]
)
def test_a_value_in_brackets_is_no_label(everything: Finder, value: str) -> None:
    assert [name for name, _ in found(everything, f"it is [{value}]")] == [value]


def test_hits_that_meet_in_one_character_become_one() -> None:
    """\u2100 means a/c: one value ends in it, and another begins."""
    finder = Finder([EMAIL])
    text = "x@b.c\u2100@d.com " * 3 + "and john@example.com"
    assert [value for value, _ in found(finder, text)] == [*text.split()[:3], "john@example.com"]


def test_a_value_in_brackets_is_no_earlier_sealing(everything: Finder) -> None:
    assert found(everything, "[SSN:209-46-8653]") == [("209-46-8653", "ssn")]
    assert found(everything, "[PASSWORD:hunter22]") != []


def test_no_rules_find_nothing() -> None:
    finder = Finder([])
    assert finder.find("ana@example.com") == []
    assert finder.find_in_bytes(b"x") == []


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="two redaction rules are named email"):
        Finder([EMAIL, EMAIL])


def test_a_wrong_hint_is_refused_by_the_name_of_its_rule() -> None:
    with pytest.raises(ConfigError, match=r"redaction rule 'email': .* missing"):
        Finder([rule("email", "a@b", hint="(@")])


def test_a_first_pass_that_fails_makes_every_rule_look() -> None:
    finder = Finder([EMAIL])
    (only,) = finder._first_pass._automata
    finder._first_pass._automata[0] = only._replace(match=lambda data: [])
    assert found(finder, "to ana@example.com") == [("ana@example.com", "email")]


def test_a_number_in_brackets_is_no_replacement_of_an_earlier_sealing() -> None:
    finder = Finder([rule("number", r"[A-Z]+-?\d{2,}")], labels=["ICD-10"])
    assert found(finder, "[MRN-1298735] [ICD-10]") == [("MRN-1298735", "number")]


def test_a_lone_surrogate_hides_nothing() -> None:
    assert found(Finder([EMAIL]), "\ud800 a@b.com \udfff") == [("a@b.com", "email")]


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_value_is_found_among_any_text(everything: Finder, before: str, after: str) -> None:
    text = f"{before}\n{SEPARATOR}ana@example.com{SEPARATOR}\n{after}"
    at = len(before) + 1 + len(SEPARATOR)
    hits = everything.find(text)
    assert any(hit.start <= at and hit.end >= at + 15 for hit in hits)
    assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)
    assert all(first.end <= then.start for first, then in pairwise(hits))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "Their SSNs are 078051120, 219099999 and 457555462.",
            ["078051120", "219099999", "457555462"],
        ),
        ("Phone numbers:\n- 2125551234\n- 4144346990\nbye", ["2125551234", "4144346990"]),
        ("phones:\r\n* 2125551234\r\n* 4144346990", ["2125551234", "4144346990"]),
        ("MRNs: 123456; 234567, none", ["123456", "234567"]),
        ("Participants: Annabel Lee; Bo Berg, Munich", ["Annabel Lee", "Bo Berg"]),
        ("my name is Anna and Paul knows it", ["Anna", "Paul"]),
        ("I'm Anna, Paul knows it", ["Anna"]),
        ("my name is Anna and Munich is nice", ["Anna"]),
        ("my phone is 2125551234, 8100339075793834 is the order", ["2125551234"]),
        ("password: hunter22x, thanks 4 all", ["hunter22x"]),
        ("SSN 078051120, 12 beds", ["078051120"]),
    ],
)
def test_what_is_announced_may_be_several(everything: Finder, text: str, values: list[str]) -> None:
    assert [text[hit.start : hit.end] for hit in everything.find(text)] == values


SHAPES: dict[str, Callable[[int], str]] = {
    "digits": lambda n: "4" * n,
    "groups": lambda n: "4111 1111 " * (n // 10),
    "single digits": lambda n: "1 " * (n // 2),
    "capitals": lambda n: "Aa " * (n // 3),
    "names": lambda n: "my name is The " * (n // 15),
    "letters": lambda n: "a" * n,
    "ats": lambda n: "a@" * (n // 2),
    "dots": lambda n: "a." * (n // 2),
    "colons": lambda n: "a:" * (n // 2),
    "hex": lambda n: "ab:" * (n // 3),
    "blanks": lambda n: " " * n,
    "brackets": lambda n: "[" * n,
    "tokens": lambda n: "[A] BLOCKED " * (n // 12),
    "ampersands": lambda n: "&amp;" * (n // 5),
    "backslashes": lambda n: "\\" * n,
    "foreign digits": lambda n: "\uff14" * n,
    "zero width": lambda n: "4\u200b" * (n // 2),
    "passwords": lambda n: "password: " * (n // 10),
    "urls": lambda n: "https://a.b/u/" * (n // 14),
    "key": lambda n: "-----BEGIN PRIVATE KEY-----" * (n // 27),
    "streets": lambda n: "1 Aa Bb Cc Dd " * (n // 14),
    "ibans": lambda n: "DE00 " * (n // 5),
    "emails": lambda n: "a@b.cd " * (n // 7),
    "dates": lambda n: "1.2.2020 " * (n // 9),
    "phones": lambda n: "+1 555 " * (n // 7),
    "several": lambda n: "SSN 078051120" + ", 219099999" * (n // 11),
    "several of each": lambda n: "SSN 078051120, 1 " * (n // 17),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_time_grows_with_the_length_and_no_faster(everything: Finder, shape: str) -> None:
    """Four times the text takes far less than the sixteen times of a quadratic search."""

    def seconds(length: int) -> float:
        text = SHAPES[shape](length)
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            everything.find(text)
            best = min(best, time.process_time() - start)
        return best

    small, large = seconds(5_000), seconds(20_000)
    assert large < 9 * small + 0.01, (small, large)
    assert large < 3
