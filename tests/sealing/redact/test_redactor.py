"""The redactor is deterministic, tells its policy, and fails closed."""

import pickle
import re
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sealift.errors import (
    ConfigError,
    InvalidContentError,
    RedactionError,
    ShortageError,
    TooLargeError,
    UsageError,
)
from sealift.sealing.redact import Redactor, Rule
from sealift.sealing.redact.search.finder import Finder
from sealift.sealing.seal import Sealer, SealOptions
from sealift.sealing.validate import Format, Limits
from tests.sealing.redact.samples import CARD, EMAIL, RULES, redactor

SECRET = EMAIL.encode()
DOCUMENTS = {"json": b'["%s"]', "ndjson": b'"%s"\n', "xml": b"<a>%s</a>", "any": b"%s"}


def test_the_policy_tells_all_that_decides_what_is_removed() -> None:
    """Each setting makes another policy; what changes no byte makes none."""
    other = Rule(name="other", label="OTHER", pattern="other")
    policies = [
        redactor().policy,
        redactor(rules=(*RULES, other)).policy,
        redactor(rules=RULES[:-1]).policy,
        redactor(replacement="label").policy,
        redactor(allow=("a",)).policy,
        redactor(deny=("a",)).policy,
        redactor(key=b"one").policy,
        redactor(key=b"other").policy,
        redactor(fields={"$.a": "drop"}).policy,
        redactor(fields={"$.a": "redact"}).policy,
        Redactor(("pii",)).policy,
        Redactor(("secrets",)).policy,
    ]
    assert len(set(policies)) == len(policies)
    assert all(re.fullmatch("[0-9a-f]{16}", policy) for policy in policies)
    assert redactor(seconds=5.0, limits=Limits(max_depth=3)).policy == policies[0]
    assert redactor(allow=("a", "b")).policy == redactor(allow=("b", "a")).policy


def test_the_policy_of_a_seal_tells_its_redaction() -> None:
    plain, one, other = (
        Sealer(SealOptions(redact_deny=deny)).policy for deny in ((), ("x",), ("y",))
    )
    assert len({plain, one, other}) == 3


def test_what_is_allowed_stays_and_what_is_denied_goes() -> None:
    mine = redactor(allow=("*@example.com",), deny=("Project Heron", "a.b"))
    text = f"{EMAIL} ann@other.com project heron, a.b axb PROJECT HERON"
    assert mine.redact_text(text).data == f"{EMAIL} BLOCKED BLOCKED, BLOCKED axb BLOCKED"


class FailingFinder(Finder):
    """Fails as it is told."""

    fault: Any = None

    def find(self, text: str, *arguments: Any) -> Any:
        if isinstance(self.fault, BaseException):
            raise self.fault
        return self.fault

    def find_in_parts(self, *arguments: Any, **named: Any) -> Any:
        return [self.find("")]


@pytest.fixture
def failing() -> tuple[Redactor, FailingFinder]:
    mine = redactor()
    finder = FailingFinder(RULES)
    mine._finder = finder
    return mine, finder


@pytest.mark.parametrize("format", DOCUMENTS)
@pytest.mark.parametrize(
    "fault", [ValueError(EMAIL), RecursionError(), RuntimeError(EMAIL), AssertionError(), object()]
)
def test_49_a_rule_that_raises_stops_the_item(
    failing: tuple[Redactor, FailingFinder],
    format: str,  # noqa: A002
    fault: object,
) -> None:
    """The error is ours, and nothing of the document or of the foreign error hangs on it."""
    mine, finder = failing
    finder.fault = fault
    with pytest.raises(RedactionError) as raised:
        mine.redact(DOCUMENTS[format] % SECRET, format)
    assert EMAIL not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_49_a_shortage_of_memory_is_no_fault_of_the_item(
    failing: tuple[Redactor, FailingFinder],
) -> None:
    mine, finder = failing
    finder.fault = MemoryError()
    with pytest.raises(ShortageError):
        mine.redact(b'["x@y.com"]', "json")


@pytest.mark.parametrize("format", DOCUMENTS)
def test_49_a_rule_that_takes_too_long_stops_the_item(format: str) -> None:  # noqa: A002
    ticks = count(0.0, 0.25)
    mine = redactor(seconds=5.0, clock=lambda: next(ticks), wall=count(0.0, 5.0).__next__)
    data = DOCUMENTS[format] % SECRET
    assert SECRET not in mine.redact(data, format).data
    ticks = count(0.0, 6.0)
    with pytest.raises(RedactionError, match="redact_seconds = 5"):
        mine.redact(data, format)


def test_49_making_many_changes_takes_of_the_time_too() -> None:
    mine = redactor(seconds=9.0, clock=count(0.0, 1.0).__next__, wall=count(0.0, 9.0).__next__)
    with pytest.raises(RedactionError, match="redact_seconds = 9"):
        mine.redact(b'["' + b" ".join([EMAIL.encode()] * 20) + b'"]', "json")


BAD = [
    ("json", b'{"a": "%s"', InvalidContentError),
    ("json", b'{"a": "\xff%s"}', InvalidContentError),
    ("json", b'{"a": "%s", "a": 1}', InvalidContentError),
    ("json", b"[" * 20 + b'"%s"' + b"]" * 20, InvalidContentError),
    ("json", b'["%s' + b"x" * 2000 + b'"]', TooLargeError),
    ("ndjson", b'"%s"\n{', InvalidContentError),
    ("xml", b"<a>%s", InvalidContentError),
    ("xml", b"<a>\xff%s</a>", InvalidContentError),
    ("xml", b'<!DOCTYPE a [<!ENTITY e "%s">]><a>&e;</a>', InvalidContentError),
    ("any", b"\xff%s", InvalidContentError),
]


@pytest.mark.parametrize(("format", "data", "error"), BAD)
def test_what_cannot_be_read_is_refused_without_a_word_of_it(
    format: str,  # noqa: A002
    data: bytes,
    error: type[Exception],
) -> None:
    mine = redactor(limits=Limits(max_document_bytes=1000, max_depth=10))
    with pytest.raises(error) as raised:
        mine.redact(data % SECRET, format)
    assert EMAIL not in str(raised.value)
    assert raised.value.__context__ is None


def test_parsed_values() -> None:
    """A new value comes back, or the very same if it holds nothing."""
    mine = redactor()
    value = {"a": [EMAIL, 4111111111111111, 1.5, None, True], EMAIL: {"ssn": 123456789}}
    done = mine.redact_value(value)
    expected = {"a": ["BLOCKED", "BLOCKED", 1.5, None, True], "BLOCKED": {"ssn": "BLOCKED"}}
    assert done.data == expected
    assert done.counts == {"email": 2, "card": 1, "ssn": 1}
    assert value["a"][0] == EMAIL
    clean = {"big": 10**30, "é": "\x00"}
    assert mine.redact_value(clean).data is clean


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, b"x", {"a": object()}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(UsageError) as raised:
        redactor().redact_value(value)
    assert raised.value.__context__ is None


def test_a_value_too_deep_or_with_a_half_character_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, "\ud800"):
        with pytest.raises((UsageError, InvalidContentError)):
            redactor().redact_value(value)


NAMES = [
    (b"report.json", b"report.json"),
    (b"john@example.com.json", b"BLOCKED.json"),
    (b"to_4111-1111-1111-1111_x.json", b"to_BLOCKED_x.json"),
    (b"my_name_is_John_Smith.xml", b"my_name_is_BLOCKED.xml"),
    (b"in/ssn_123-45-6789/\xff\xfe 4111111111111111", b"in/ssn_BLOCKED/\xff\xfe BLOCKED"),
    (b"a\xff@b.com \xc3\xa9.txt", b"a\xff@b.com \xc3\xa9.txt"),
    (b"mail@host.zip", b"BLOCKED.zip"),
    (b"john@example.com", b"BLOCKED"),
    (b"x.unknown", b"x.unknown"),
    (b"", b""),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_50_file_names_go_through_it_too(name: bytes, expected: bytes) -> None:
    """A blank is often written as `_` there; the suffix stays."""
    seal = Sealer(SealOptions(redact_deny=("x",)))
    seal._redactor = redactor()
    assert seal.name(name) == expected
    assert seal.name(expected) == expected


def test_without_redaction_a_name_is_what_it_is() -> None:
    assert Sealer(SealOptions()).name(b"john@example.com.json") == b"john@example.com.json"


def test_many_threads_may_share_one() -> None:
    mine = redactor()

    def run(number: int) -> bool:
        text = f'["u{number}@example.com", "{CARD}", {number}]'.encode()
        return mine.redact(text, "json").data == f'["BLOCKED", "BLOCKED", {number}]'.encode()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(500)))


def test_wrong_settings_are_refused() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"replacement": "a@b.com"}, "replacement"),
        ({"replacement": "my name is Bob"}, "itself"),
        ({"deny": ("",)}, "redact_deny"),
        ({"deny": ("locked",)}, "itself"),
        ({"seconds": 0.0}, "redact_seconds"),
        ({"rules": (*RULES, RULES[0])}, "email"),
    ]
    for options, word in wrong:
        with pytest.raises(ConfigError, match=word):
            redactor(**options)
    with pytest.raises(ConfigError, match="Did you mean 'pii'"):
        Redactor(("pi",))


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="yaml"):
        redactor().redact(b"x", "yaml")


def test_the_built_in_packs_clean_the_fixture() -> None:
    """What a person sees in the sample conversation is gone; what is no person's stays."""
    path = Path(__file__).parents[2] / "fixtures" / "conversation.json"
    text = Redactor(("pii", "secrets")).redact(path.read_bytes(), Format.JSON).data.decode()
    for gone in ("john@", "555-123", "4111", "192.168", "John Smith", "123-45-6789", "42 Maple"):
        assert gone not in text
    for kept in ("conversation_123", "2025-01-27T10:30:00Z", "order 1234567890123456", "1.2.3"):
        assert kept in text


def test_what_the_documentation_shows_works(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "redaction.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(program, {})
    [rule] = re.findall(r"```toml\n(\[\[rule\]\].*?)```", text, re.DOTALL)
    (tmp_path / "mine.toml").write_text(rule, encoding="utf-8")
    assert Redactor([tmp_path / "mine.toml"]).redact_text("S-1234").data == "S-BLOCKED"
    [table] = re.findall(r"(\[routes\.conversations\.seal\.redact_fields\].*?)```", text, re.DOTALL)
    seal = tomllib.loads(table)["routes"]["conversations"]["seal"]
    value = {"messages": [{"author": "Ann"}], "x": {"deviceId": 1}, "credit card": [1]}
    done = redactor(fields=seal["redact_fields"], key=b"key").redact_value(value).data
    assert done["x"] == {}
    assert done["credit card"] == "BLOCKED"
    assert done["messages"][0]["author"].startswith("[AUTHOR~")


def test_what_was_removed_is_in_no_result() -> None:
    done = redactor().redact(f'["{EMAIL}"]'.encode(), "json")
    assert EMAIL not in repr(done)
    assert EMAIL.encode() not in pickle.dumps(done)
