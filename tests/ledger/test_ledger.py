"""The agent's side of the ledger: each step of an item's life, and what is asked about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.errors import StateError
from sealift.ledger.desk import Desk
from sealift.ledger.ledger import Ledger
from sealift.ledger.records import DeliveryState, Identity, ItemState, Pause
from tests.ledger.samples import (
    NOW,
    arrived,
    due_seqs,
    failed,
    identity_of,
    item_at,
    new_item,
    reserved,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "state") as ledger:
        yield ledger


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    with Desk(ledger.path.parent) as desk:
        yield desk


def test_a_reserved_item_has_its_keys_and_is_in_flight(ledger: Ledger, desk: Desk) -> None:
    (seq,) = reserved(ledger, 3, to=("a", "b"))
    item = item_at(ledger, 3)
    assert (item.seq, item.state, item.identity) == (seq, ItemState.RESERVED, identity_of(3))
    assert (item.redactions, item.sealed_size, item.created_at) == ({"email": 3}, 100, NOW + 3)
    assert [(d.destination, d.key) for d in desk.deliveries(seq)] == [("a", "a/3"), ("b", "b/3")]
    assert due_seqs(ledger, now=NOW * 2) == []
    assert ledger.waiting("r") == 0


def test_an_item_is_whole_when_every_destination_has_it(ledger: Ledger, desk: Desk) -> None:
    one, two = reserved(ledger, 1, 2, to=("a", "b"))
    assert ledger.record([arrived(one), arrived(two)]) == set()
    assert ledger.record([arrived(two, "b")], [failed(one, "b")]) == {two}
    first = desk.deliveries(two)[0]
    assert (first.state, first.etag, first.tries) == (DeliveryState.DELIVERED, f"e{two}", 1)
    assert first.delivered_at == NOW


def test_a_failed_delivery_is_due_at_its_time_and_keeps_its_key(ledger: Ledger) -> None:
    (seq,) = reserved(ledger, 1)
    ledger.record([], [failed(seq, at=NOW + 60)])
    assert due_seqs(ledger, now=NOW + 59) == []
    assert ledger.next_due_at("r", "a") == NOW + 60
    (due,) = ledger.due("r", "a", now=NOW + 60, limit=9)
    assert (due.delivery.key, due.delivery.tries, due.delivery.code) == ("a/1", 1, "throttled")
    assert ledger.still_tried("r", "a", tries=2)
    assert not ledger.still_tried("r", "a", tries=1)
    ledger.claim([due], until=NOW + 3600)
    assert due_seqs(ledger, now=NOW + 61) == []


def test_the_longest_overdue_goes_first(ledger: Ledger) -> None:
    seqs = reserved(ledger, 1, 2, 3)
    ledger.record([], [failed(s, at=NOW - s) for s in seqs])
    assert due_seqs(ledger, now=NOW) == seqs[::-1]
    assert [d.item.seq for d in ledger.due("r", "a", now=NOW, limit=1)] == seqs[-1:]


def test_a_late_failure_does_not_take_back_an_arrival(ledger: Ledger, desk: Desk) -> None:
    (seq,) = reserved(ledger, 1)
    ledger.record([arrived(seq)])
    ledger.record([], [failed(seq)])
    ledger.postpone([(seq, "a", 0.0)])
    assert desk.deliveries(seq)[0].state is DeliveryState.DELIVERED
    assert due_seqs(ledger, now=NOW * 2) == []


def test_done_tells_where_the_source_is_now(ledger: Ledger) -> None:
    (seq,) = reserved(ledger, 1)
    ledger.record([arrived(seq)])
    ledger.done([(seq, b"1.json.synced")], NOW + 9)
    item = item_at(ledger, 1)
    assert (item.state, item.settled_as, item.ended_at) == (
        *(ItemState.DONE, b"1.json.synced"),
        NOW + 9,
    )
    assert ledger.unsettled("r") == []


def test_an_item_whose_source_could_not_be_settled_is_remembered(ledger: Ledger) -> None:
    one, two = reserved(ledger, 1, 2)
    ledger.record([arrived(one), arrived(two)])
    ledger.unsettled_now([two, one])
    assert [i.seq for i in ledger.unsettled("r")] == [one, two]
    assert ledger.unsettled("other") == []


def test_a_refused_item_waits_for_a_person(ledger: Ledger, desk: Desk) -> None:
    (seq,) = reserved(ledger, 1, to=("a", "b"))
    ledger.refuse(seq, "a", code="key_collision", reason="Not ours.")
    item = item_at(ledger, 1)
    assert (item.state, item.code) == (ItemState.QUARANTINED, "key_collision")
    assert item.reason == "Not ours."
    assert [d.state for d in desk.deliveries(seq)] == [
        *(DeliveryState.REFUSED, DeliveryState.WAITING)
    ]
    assert ledger.record([arrived(seq, "b")]) == set()


def test_a_vanished_item_ends_but_what_arrived_stays_arrived(ledger: Ledger, desk: Desk) -> None:
    (seq,) = reserved(ledger, 1, to=("a", "b"))
    ledger.record([arrived(seq)])
    ledger.vanish(seq, code="vanished", reason="The file is gone.", now=NOW)
    assert item_at(ledger, 1).state is ItemState.VANISHED
    assert [d.state for d in desk.deliveries(seq)] == [
        *(DeliveryState.DELIVERED, DeliveryState.ENDED)
    ]
    assert due_seqs(ledger, "b", now=NOW * 2) == []


def test_a_new_version_takes_the_place_of_one_in_quarantine_only(ledger: Ledger) -> None:
    one, _two = reserved(ledger, 1, 2)
    ledger.refuse(one, "a", code="item", reason="No.")
    ledger.quarantine_new([(new_item(1, route="other"), "invalid_content", "Broken.")])
    ledger.supersede("r", [b"1.json", b"2.json"], now=NOW)
    ledger.supersede("r", [], now=NOW)
    assert (item_at(ledger, 1).state, item_at(ledger, 1).code) == (ItemState.VANISHED, "replaced")
    assert item_at(ledger, 2).state is ItemState.RESERVED
    assert item_at(ledger, 1, route="other").state is ItemState.QUARANTINED


def test_a_collision_may_give_another_key_which_stays(ledger: Ledger) -> None:
    (seq,) = reserved(ledger, 1)
    ledger.rekey([("a/1-x", seq, "a")])
    ledger.postpone([(seq, "a", 0.0)])
    (due,) = ledger.due("r", "a", now=NOW, limit=9)
    assert (due.delivery.key, due.delivery.tries) == ("a/1-x", 0)


def test_an_adopted_item_only_waits_to_be_settled(ledger: Ledger, desk: Desk) -> None:
    (seq,) = ledger.adopt([(new_item(5), "earlier-id")])
    (item,) = ledger.unsettled("r")
    assert (item.seq, item.code) == (seq, "duplicate")
    assert "earlier-id" in item.reason
    assert desk.deliveries(seq) == []


def test_the_newest_version_of_a_path_is_the_one_that_counts(ledger: Ledger) -> None:
    ledger.reserve([(new_item(n, path=b"same"), {"a": f"k{n}"}) for n in (1, 2)])
    ledger.reserve([(new_item(3, path=b"same", route="other"), {"a": "k3"})])
    assert ledger.newest("r", [b"same", b"none"]) == {b"same": (identity_of(2), ItemState.RESERVED)}


def test_only_what_was_delivered_counts_as_delivered_before(ledger: Ledger) -> None:
    one, two = ledger.reserve(
        [(new_item(n, path=b"p", sha256="s"), {"a": f"k{n}"}) for n in (1, 2)]
    )
    assert ledger.delivered_before("r", b"p", "s") is None
    ledger.record([arrived(one)])
    ledger.done([(one, b"")], NOW)
    ledger.vanish(two, code="vanished", reason="", now=NOW)
    before = ledger.delivered_before("r", b"p", "s")
    assert before
    assert before.seq == one
    assert ledger.delivered_before("r", b"p", "t") is None
    assert ledger.delivered_before("r", b"q", "s") is None


def test_a_destination_that_left_the_configuration_is_named(ledger: Ledger, desk: Desk) -> None:
    (seq,) = reserved(ledger, 1, to=("a", "gone"))
    ledger.record([], [failed(seq), failed(seq, "gone")])
    assert desk.strangers("r", ["a"]) == ["gone"]


def test_pauses_come_and_go(ledger: Ledger, desk: Desk) -> None:
    pauses = [
        Pause(route="r", place=place, code="bucket", reason="Gone.", hint="Make it.", since=NOW)
        for place in ("a", "source")
    ]
    for pause in (*pauses, pauses[0]):
        ledger.pause(pause)
    assert desk.pauses() == pauses
    ledger.resume("r", "a")
    assert desk.pauses() == pauses[1:]
    ledger.resume("r")
    assert desk.pauses() == []


def test_44_names_and_numbers_come_back_as_they_were(ledger: Ledger) -> None:
    path = b"sub\n/\xff\xfe-" + b"\xc3\xa9" * 100
    identity = Identity(device=2**64 - 1, inode=2**63 + 5, size=2**62, mtime_ns=-1)
    ledger.reserve([(new_item(1)._replace(path=path, identity=identity), {"a": "k"})])
    assert ledger.newest("r", [path])[path][0] == identity
    item = ledger.newest_item("r", path)
    assert item
    assert (item.path, item.identity) == (path, identity)


def test_44_a_reason_may_name_a_file_that_is_no_utf8(ledger: Ledger, desk: Desk) -> None:
    reason = b"The folder \xff is gone.".decode("utf-8", "surrogateescape")
    one, two = reserved(ledger, 1, 2)
    ledger.pause(Pause(route="r", place="source", code="c", reason=reason, hint=reason, since=0))
    ledger.refuse(one, "a", code="c", reason=reason)
    ledger.record([], [failed(two)._replace(error=reason)])
    ledger.quarantine_new([(new_item(3), "c", reason)])
    assert "is gone." in desk.pauses()[0].reason
    assert [i.code for i in desk.quarantined()] == ["c", "c"]


def test_a_batch_is_one_transaction_or_nothing(ledger: Ledger) -> None:
    def half_a_turn() -> None:
        with ledger.commit():
            reserved(ledger, 1)
            ledger.mark("r", None)
            raise KeyError

    with pytest.raises(KeyError):
        half_a_turn()
    assert ledger.newest("r", [b"1.json"]) == {}
    assert reserved(ledger, 2) == [item_at(ledger, 2).seq]


def test_a_closed_ledger_is_not_called_damaged(ledger: Ledger) -> None:
    ledger.close()
    with pytest.raises(StateError, match="cannot be used") as caught:
        ledger.unsettled("r")
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("item WHERE state = 'delivered' AND route = 'r' ORDER BY seq", "item_open (state=? AND"),
        ("item WHERE state = 'quarantined' AND route = 'r' AND path IN (x'00')", "item_open"),
        ("delivery WHERE route = 'r' AND state = 'waiting' AND next_try_at < 1e17", "_waiting"),
    ],
)
def test_the_questions_of_every_turn_use_an_index(ledger: Ledger, sql: str, index: str) -> None:
    plan = ledger.fetch(f"EXPLAIN QUERY PLAN SELECT * FROM {sql}")
    assert index in plan[0][3]
