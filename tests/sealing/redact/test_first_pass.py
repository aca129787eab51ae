"""The first pass gives the same answers by one automaton and by several, and picks the faster."""

from itertools import chain, count, repeat

import orjson
import pytest

from sealift.sealing.redact.packs import load_pack
from sealift.sealing.redact.search.first_pass import FirstPass
from tests.sealing.redact.test_conversations import FOLDER
from tests.sealing.redact.test_quality import corpus

RULES = [rule for pack in ("pii", "secrets", "hipaa") for rule in load_pack(pack)]


@pytest.fixture(scope="module")
def texts() -> list[bytes]:
    prose = [path.read_bytes() for path in sorted(FOLDER.glob("[0-9]*.json"))]
    return [orjson.dumps(one["document"]) for one in corpus()] + [
        data[start : start + 2000] for data in prose for start in range(0, len(data), 2000)
    ]


@pytest.mark.parametrize("parted", [False, True], ids=["one", "several"])
def test_no_automaton_gives_up_on_usual_texts(texts: list[bytes], *, parted: bool) -> None:
    first = FirstPass(RULES)
    if parted:
        first.part()
    for one in first._automata:
        assert [text for text in texts if len(one.numbers) not in one.match(text)] == []


def test_several_automata_answer_as_one(texts: list[bytes]) -> None:
    one, several = FirstPass(RULES), FirstPass(RULES)
    several.part()
    for text in texts:
        assert sorted(one.possible([text])[0]) == sorted(several.possible([text])[0])


def test_when_too_much_time_is_lost_there_are_several() -> None:
    slow = FirstPass(RULES, clock=count(0.0, 0.01).__next__)
    answers = {tuple(sorted(slow.possible([b"write to ana@example.com"])[0])) for _ in range(200)}
    assert len(slow._automata) > 1
    assert len(answers) == 1


def test_a_slow_start_is_forgiven() -> None:
    """The first texts lead to states that are not built yet."""
    ticks = chain.from_iterable(repeat((0.0, seconds), 20) for seconds in (0.04, 0.01, 0.0004))
    quick = FirstPass(RULES, clock=chain(*ticks, repeat(0.0)).__next__)
    for _ in range(200):
        quick.possible([b"x" * 2000])
    assert len(quick._automata) == 1


def test_a_late_loss_is_noticed_in_a_sample() -> None:
    """Once a thousand looks were quick, the clock is asked at one of eight."""
    asked = count()
    seconds = (0.0 if number < 2000 else 0.1 * number for number in asked)
    first = FirstPass(RULES, clock=seconds.__next__)
    for _ in range(1500):
        first.possible([b"x"])
    assert len(first._automata) > 1
    assert next(asked) < 2000 + 2 * 500 / 8


def test_an_automaton_that_gives_up_lets_its_rules_look() -> None:
    first = FirstPass(RULES)
    first.part()
    names = first._automata[1]
    first._automata[1] = names._replace(match=lambda data: [])
    assert first.possible([b"nothing"]) == [list(names.numbers)]
