"""What people ask of the ledger, and what they decide, beside an agent that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.ledger.desk import Desk
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import DeliveryState, ItemState
from tests.ledger.samples import (
    NOW,
    arrived,
    due_seqs,
    failed,
    item_at,
    line_of,
    new_item,
    reserved,
    running,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def desk(ledger: Ledger, tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path) as desk:
        yield desk


def test_an_item_is_found_by_its_id_or_a_beginning_of_one_alone(ledger: Ledger, desk: Desk) -> None:
    reserved(ledger, 1, 0x20000001, 0x20000002)
    for text in (new_item(1).id, "00000001", "0"):
        found = desk.find(text)
        assert found
        assert found.path == b"1.json"
    assert desk.find("2000000") is None
    assert desk.find("3") is None


def test_the_history_of_a_file_goes_by_path_name_and_settled_name(
    ledger: Ledger, desk: Desk
) -> None:
    paths = [b"a.json", b"sub/a.json", b"ba.json", b"a.json"]
    seqs = ledger.reserve([(new_item(n, path=p), {"a": "k"}) for n, p in enumerate(paths)])
    ledger.done([(seqs[1], b"sub/a.json.synced")], NOW)
    assert [i.seq for i in desk.history()] == seqs[::-1]
    assert [i.seq for i in desk.history(limit=2)] == seqs[:1:-1]
    assert [i.seq for i in desk.history(b"a.json")] == [seqs[3], seqs[1], seqs[0]]
    for name in (b"sub/a.json", b"sub/a.json.synced", b"a.json.synced"):
        assert [i.seq for i in desk.history(name)] == [seqs[1]]


def test_what_a_destination_refused_is_tried_again_under_its_key(
    ledger: Ledger, desk: Desk
) -> None:
    (seq,) = reserved(ledger, 1, to=("a", "b"))
    ledger.record([arrived(seq, "b")])
    ledger.refuse(seq, "a", code="key_collision", reason="Not ours.")
    desk.release(desk.quarantined("r"), now=NOW)
    assert desk.quarantined() == []
    item = item_at(ledger, 1)
    assert (item.state, item.code, item.reason) == (ItemState.RESERVED, "", "")
    (due,) = ledger.due("r", "a", now=0, limit=9)
    assert due.delivery.key == "a/1"
    assert ledger.record([arrived(seq)]) == {seq}


def test_what_never_had_a_key_is_looked_at_anew(ledger: Ledger, desk: Desk) -> None:
    ledger.quarantine_new([(new_item(1), "invalid_content", "Broken.")])
    assert [i.code for i in desk.quarantined()] == ["invalid_content"]
    assert desk.quarantined("other") == []
    desk.release(desk.quarantined(), now=NOW)
    assert item_at(ledger, 1).state is ItemState.VANISHED
    assert desk.quarantined() == []


def test_a_dropped_item_is_never_delivered(ledger: Ledger, desk: Desk) -> None:
    one, two = reserved(ledger, 1, 2, to=("a", "b"))
    ledger.refuse(one, "a", code="item", reason="No.")
    desk.drop([item_at(ledger, 1), item_at(ledger, 2)], now=NOW)
    assert item_at(ledger, 1).state is ItemState.DROPPED
    assert [d.state for d in desk.deliveries(one)] == [DeliveryState.ENDED] * 2
    assert item_at(ledger, 2).state is ItemState.RESERVED
    desk.release([item_at(ledger, 1)], now=NOW)
    ledger.recover("r")
    assert due_seqs(ledger) == [two]


def test_hurry_makes_due_what_waits_but_not_what_is_in_flight(ledger: Ledger, desk: Desk) -> None:
    one, two, _ = reserved(ledger, 1, 2, 3)
    other = ledger.reserve([(new_item(4, route="other"), {"a": "k"})])
    ledger.record([], [failed(one), failed(two), failed(other[0])])
    assert desk.hurry("r") == 2
    assert due_seqs(ledger) == [one, two]
    assert due_seqs(ledger, route="other") == []
    assert desk.hurry() == 3


def test_the_backlog_counts_and_tells_the_oldest(ledger: Ledger, desk: Desk) -> None:
    seqs = reserved(ledger, 5, 6, 7, to=("a", "b"))
    ledger.record([arrived(seqs[0]), arrived(seqs[0], "b"), arrived(seqs[1])])
    ledger.done([(seqs[0], b"")], NOW)
    ledger.record([], [failed(seqs[1], "b")])
    ledger.quarantine_new([(new_item(8, route="other"), "item", "No.")])
    other, mine = desk.backlog()
    assert (other.route, other.states, other.oldest_waiting_at) == ("other", {"quarantined": 1}, 0)
    assert mine.states == {"done": 1, "reserved": 2}
    assert mine.oldest_waiting_at == NOW + 6
    assert mine.waiting == {"a": 1, "b": 2}
    assert mine.last_errors == {"b": "Slow down."}


_AGENT = """
import sys
from pathlib import Path
from sealift.ledger.ledger import Ledger
from tests.ledger.samples import due_seqs, reserved
ledger = Ledger(Path(sys.argv[1]))
for seq in reserved(ledger, *range(100)):
    ledger.refuse(seq, "a", code="item", reason="No.")
print("refused", flush=True)
for number, line in enumerate(sys.stdin):
    reserved(ledger, 1000 + number)
    print(*due_seqs(ledger), flush=True)
"""


def test_decisions_reach_an_agent_in_another_process(tmp_path: Path) -> None:
    with running(_AGENT, tmp_path) as agent:
        assert line_of(agent) == "refused"
        with Desk(tmp_path) as desk:
            items = desk.quarantined()
            assert len(items) == 100
            for number, item in enumerate(items[:5]):
                desk.release([item], now=NOW)
                assert agent.stdin
                agent.stdin.write("look\n")
                agent.stdin.flush()
                assert len(line_of(agent).split()) == number + 1
            assert len(desk.history(limit=1000)) == 105
