"""JSON is redacted in place: what is removed goes, and every other byte stays."""

import json
import time

import orjson
import pytest

from sealift.sealing.redact import Rule
from tests.sealing.redact.samples import CARD, EMAIL, RULES, redactor

MINE = redactor()


def clean(text: str) -> str:
    return MINE.redact(text.encode(), "json").data.decode()


UNTOUCHED = [
    '{"b": 1.0, "a": 1e5, "big": 123456789012345678901234567890, "neg": -0.0}',
    "\n\t[1, 2,\r\n 3]  \n",
    '"\\u00e9 \\/ \\" \\\\ \\n \\ud83d\\ude00 é 東京"',
    '{"": {"": [[], {}, true, false, null]}}',
    "0",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_holds_nothing_stays_the_very_same(text: str) -> None:
    data = text.encode()
    done = MINE.redact(data, "json")
    assert done.data is data
    assert (done.counts, done.edits) == ({}, ())


CHANGED = [
    # Only the value goes; order, spelling and space stay.
    (f'{{"z": 1.10,  "a": "x {EMAIL} y", "b":1E2 }}', '{"z": 1.10,  "a": "x BLOCKED y", "b":1E2 }'),
    # Escapes hide nothing, and those beside it stay as they are.
    (r'["\u0041 john\u0040example\u002ecom \u00e9 \/ \n"]', r'["\u0041 BLOCKED \u00e9 \/ \n"]'),
    (r'["a\\n john@example.com\n\"q\""]', r'["a\\n BLOCKED\n\"q\""]'),
    (r'["\ud83d\ude00john@example.com\ud83d\ude00"]', r'["\ud83d\ude00BLOCKED\ud83d\ude00"]'),
    (r'["é \" 東京 john@example.com é"]', r'["é \" 東京 BLOCKED é"]'),
    (r'["\u0022john@example.com\u0022", "\u0002"]', r'["\u0022BLOCKED\u0022", "\u0002"]'),
    (r'["\u0000john@example.com"]', r'["\u0000BLOCKED"]'),
    # Values at the very ends of strings, several in one.
    (f'["{EMAIL}","{EMAIL} {CARD}"]', '["BLOCKED","BLOCKED BLOCKED"]'),
    # Numbers that carry identifiers become strings.
    ("[4111111111111111, 7]", '["BLOCKED", 7]'),
    ('{"n":4111111111111111}', '{"n":"BLOCKED"}'),
    ("4111111111111111", '"BLOCKED"'),
    # A key is context for its value.
    ('{"ssn": 123456789, "n": 123456789}', '{"ssn": "BLOCKED", "n": 123456789}'),
    ('{"ssn" :\n "123-45-6789"}', '{"ssn" :\n "BLOCKED"}'),
    ('{"user_password": "hunter2"}', '{"user_password": "BLOCKED"}'),
    # It is context for each element of its list, however that is laid out.
    ('{"ssn": [123456789, 123456788, 7]}', '{"ssn": ["BLOCKED", "BLOCKED", 7]}'),
    # A member that names a thing is context for the one that holds it, near or behind it.
    ('{"type": "ssn", "value": "123456789"}', '{"type": "ssn", "value": "BLOCKED"}'),
    ('{"label":"SSN?","x":{"y":1},"answer":123456789}',) * 2,
    ('{"label":"SSN?","x":1,"answer":123456789}', '{"label":"SSN?","x":1,"answer":"BLOCKED"}'),
    ('{"t": {"text": "ssn"}, "value": "123456789"}', '{"t": {"text": "ssn"}, "value": "BLOCKED"}'),
    ('{"value": "123456789", "type": "ssn"}', '{"value": "BLOCKED", "type": "ssn"}'),
    ('[{"type": "ssn"}, {"value": "123456789"}]',) * 2,
    # What an object is called explains its number, behind other members, too.
    ('{"ssn": {"of": "x", "number": 123456789}}', '{"ssn": {"of": "x", "number": "BLOCKED"}}'),
    ('{"type": "ssn", "docNumber": "123456789"}', '{"type": "ssn", "docNumber": "BLOCKED"}'),
    ('{"ssn": {"of": {}, "number": 123456789}}',) * 2,
    ('{"ssn": {"of": "x"}, "number": 123456789}',) * 2,
    # And for each key of a map that is a number.
    (
        '{"ssn": {"123456789": {"a": {"123456787": 1}}, "123456788": 2}, "n": {"123456789": 3}}',
        '{"ssn": {"BLOCKED": {"a": {"123456787": 1}}, "BLOCKED_2": 2}, "n": {"123456789": 3}}',
    ),
    (
        '{"ssn": {"123-45-6789": [{"x": 1}], "123456788": {"y": "}"}}}',
        '{"ssn": {"BLOCKED": [{"x": 1}], "BLOCKED_2": {"y": "}"}}}',
    ),
    (
        '{"ssn": [\n  "123-45-6789",\n  "1",\n  "x 123456789"\n], "n": ["123456789"]}',
        '{"ssn": [\n  "BLOCKED",\n  "1",\n  "x 123456789"\n], "n": ["123456789"]}',
    ),
    (
        r'{"s\u0073n": ["12345\u00367 89", "123456789"]}',
        r'{"s\u0073n": ["12345\u00367 89", "123456789"]}',
    ),
    (
        r'{"s\u0073n": ["12345678\u0039", "12345678\u0039"]}',
        r'{"s\u0073n": ["BLOCKED", "BLOCKED"]}',
    ),
    ('{"ssn": [[123456789, 123456788]]}', '{"ssn": [[123456789, 123456788]]}'),
    # And for each key of its map, at that depth.
    (
        '{"ssn": {"123456789": {"123456788": [1]}, "123456788": 2, "x": 3}, "123456788": 4}',
        '{"ssn": {"BLOCKED": {"123456788": [1]}, "BLOCKED_2": 2, "x": 3}, "123456788": 4}',
    ),
    ('{"password": {"hunter": 1}}', '{"password": {"hunter": 1}}'),
    (f'{{"ssn": ["{EMAIL}", 123456789]}}', '{"ssn": ["BLOCKED", "BLOCKED"]}'),
    (f'{{"ssn": ["{EMAIL}", "{EMAIL}"]}}', '{"ssn": ["BLOCKED", "BLOCKED"]}'),
    ('{"a": "ssn: [123456789, 123456788]"}', '{"a": "ssn: [123456789, 123456788]"}'),
    # Keys are redacted, and stay different.
    (f'{{"{EMAIL}": 1, "x": 2}}', '{"BLOCKED": 1, "x": 2}'),
    (
        '{"a@b.com": {"a@b.com": 1}, "BLOCKED": 2, "c@b.com": "d@b.com", "e@b.com": 5}',
        '{"BLOCKED_2": {"BLOCKED": 1}, "BLOCKED": 2, "BLOCKED_3": "BLOCKED", "BLOCKED_4": 5}',
    ),
    (
        '{"4111111111111111": 4111111111111111, "4111-1111-1111-1111": 1}',
        '{"BLOCKED": "BLOCKED", "BLOCKED_2": 1}',
    ),
    # What belongs to two strings belongs to none.
    (f'["ssn", "123-45-6789", "{EMAIL}"]', '["ssn", "123-45-6789", "BLOCKED"]'),
    ('["my name is", "John"]', '["my name is", "John"]'),
    ("[4111, 1111, 1111, 1111]", "[4111, 1111, 1111, 1111]"),
]


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_what_is_found_goes_and_nothing_else(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert clean(expected) == expected
    orjson.loads(expected)


def test_the_layout_does_not_matter() -> None:
    """Pretty, compact and sorted in any way, the same values go."""
    value = {"ssn": "123-45-6789", "to": [EMAIL, {"card": 4111111111111111}], "x": ["1", 2]}
    expected = {"ssn": "BLOCKED", "to": ["BLOCKED", {"card": "BLOCKED"}], "x": ["1", 2]}
    for indent in (None, 0, 2, "\t"):
        for separators in ((",", ":"), (", ", ": "), (" ,", " : ")):
            text = json.dumps(value, indent=indent, separators=separators)
            assert json.loads(clean(text)) == expected
            assert clean(text) == json.dumps(expected, indent=indent, separators=separators)


GREEDY = Rule(name="greedy", label="G", pattern=r"from [^.]+\.")
"""Takes anything but a full stop, and so runs through the structure."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What is found in the last string by itself is not removed twice.
        (f'["from a", "b. then {EMAIL}"]', '["from a", "b. then BLOCKED"]'),
        # A key is context there, too.
        ('{"password": "from you", "b": "x."}', '{"password": "BLOCKED you", "b": "x."}'),
        ('["from me", {"ssn": "123-45-6789."}]', '["from me", {"ssn": "BLOCKED."}]'),
        ('["from me", {"ssn": 123456789}, "."]', '["from me", {"ssn": "BLOCKED"}, "."]'),
    ],
)
def test_what_a_greedy_match_runs_over_is_found_all_the_same(text: str, expected: str) -> None:
    mine = redactor(rules=(GREEDY, *RULES))
    done = mine.redact(text.encode(), "json")
    assert done.data.decode() == expected
    assert sum(done.counts.values()) == 1


def test_a_match_may_begin_or_end_with_a_quotation_mark_of_the_document() -> None:
    """What is removed is within the strings; the marks stay."""
    rules = (
        Rule(name="after", label="A", pattern=r'":\s*"secret'),
        Rule(name="whole", label="W", pattern=r'"\w+ly"'),
        Rule(name="before", label="B", pattern=r'end",'),
    )
    text = b'{"a": "secret b", "quickly": ["slowly", "x end", "", 1]}'
    done = redactor(rules=rules).redact(text, "json")
    assert done.data == b'{"a": "BLOCKED b", "BLOCKED": ["BLOCKED", "x BLOCKED", "", 1]}'
    assert done.counts == {"after": 1, "whole": 2, "before": 1}


def test_part_of_a_number_takes_all_of_it() -> None:
    done = redactor(deny=("1234", "56")).redact(b"[991234, -91234.5e7, 12345678, 123]", "json")
    assert done.data == b'["BLOCKED", "BLOCKED", "BLOCKED", 123]'


def test_an_escaped_quotation_mark_is_one_to_the_rules() -> None:
    quoted = Rule(name="quoted", label="Q", pattern=r'say "(?P<it>\w+)"')
    done = redactor(rules=(quoted,)).redact(rb'["say \"hush\" say \u0022hush\u0022"]', "json")
    assert done.data == rb'["say \"BLOCKED\" say \u0022BLOCKED\u0022"]'


def test_a_match_across_strings_is_asked_for_again_in_each() -> None:
    mine = redactor(rules=(GREEDY,))
    text = '{"a": "x from one", "from ": "two.", "b": ["from me.", 7, "from you", "."]}'
    done = mine.redact(text.encode(), "json")
    assert done.data == (
        b'{"a": "x from one", "from ": "BLOCKED", "b": ["BLOCKED", 7, "from you", "."]}'
    )
    assert done.counts == {"greedy": 2}


def test_a_key_that_is_context_may_hold_something_itself() -> None:
    own = Rule(name="own", label="OWN", pattern=r'\w+"?\s*:\s*"?[0-9]{9}\b')
    done = redactor(rules=(*RULES, own)).redact(b'{"john@example.com": "123456789"}', "json")
    assert done.data == b'{"BLOCKED": "BLOCKED"}'


def test_what_is_in_one_object_is_cut_nowhere() -> None:
    """Wherever the document is cut for the search, an object with few members stays whole."""
    member = {"label": "ssn", "value": "123-45-6789"}
    results = set()
    for padding in range(1900, 2200, 7):
        data = orjson.dumps([{"text": "x" * padding}, member, {"text": "y" * 3000}])
        results.add("123-45-6789" in MINE.redact(data, "json").data.decode())
    assert len(results) == 1


def test_counts_are_by_rule() -> None:
    done = MINE.redact(f'{{"{EMAIL}": ["{EMAIL}", 4111111111111111]}}'.encode(), "json")
    assert done.counts == {"email": 2, "card": 1}


def test_a_long_list_under_a_key_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        data = orjson.dumps({"ssn": [123456789] * count, "x": [[[0.5]]] * count})
        start = time.process_time()
        assert MINE.redact(data, "json").counts == {"ssn": count}
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 9 * seconds(2000)


LINEAR = {
    "maps": lambda count: [{"ssn": {"123456789": 1}}] * count,
    "one map": lambda count: {"ssn": {f"{n + 123456789}": {} for n in range(count)}},
    "lists": lambda count: [{"ssn": [123456789]}] * count,
    "numbered": lambda count: {"n": {str(123_450_000 + n): n for n in range(count)}},
    "named": lambda count: [{"type": "ssn", "value": 123456789}] * count,
    "held": lambda count: [{"ssn": {"of": "x", "number": 123456789}}] * count,
    "unnamed": lambda count: {"value": 123456789, "x": [{"name": "ab"}] * count},
    "asked": lambda count: ["And your ssn?", "123456789"] * count,
    "found numbers": lambda count: [4111111111111111] * count,
    "points": lambda count: [[52.520008, 13.404954]] * (4 * count),
}


@pytest.mark.parametrize("shape", LINEAR)
def test_time_grows_with_the_document_and_no_faster(shape: str) -> None:
    def seconds(count: int) -> float:
        data = orjson.dumps(LINEAR[shape](count))
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            MINE.redact(data, "json")
            best = min(best, time.process_time() - start)
        return best

    assert seconds(16000) < 9 * seconds(4000) + 0.05


def test_many_finds_in_one_number_take_linear_time() -> None:
    mine = redactor(deny=["1234"])
    start = time.process_time()
    assert mine.redact(b"[0." + b"1234" * 20_000 + b"]", "json").data == b'["BLOCKED"]'
    assert time.process_time() - start < 2


def test_many_keys_that_become_the_same_take_linear_time() -> None:
    """A name is never tried again that is known to be taken."""
    count = 40_000
    text = "{" + ",".join(f'"u{n}@example.com":{n}' for n in range(count)) + "}"
    start = time.process_time()
    found = orjson.loads(clean(text))
    assert time.process_time() - start < 8
    assert len(found) == count
    assert list(found.values()) == list(range(count))
    assert {"BLOCKED", f"BLOCKED_{count}"} <= set(found)
