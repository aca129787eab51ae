"""What is forgotten after a time, and what never is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.ledger.desk import Desk
from sealift.ledger.ledger import Ledger
from sealift.ledger.pruning import prune
from sealift.ledger.uploads import DeliveryParts
from tests.ledger.samples import NOW, arrived, reserved

LATER = NOW + 1000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "state") as ledger:
        yield ledger


def kept(ledger: Ledger) -> list[int]:
    return [row[0] for row in ledger.fetch("SELECT seq FROM item ORDER BY seq")]


def finished(ledger: Ledger, seqs: list[int], settled_as: bytes = b"x.synced") -> None:
    ledger.record([arrived(seq) for seq in seqs], [])
    ledger.done([(seq, settled_as) for seq in seqs], NOW)


def test_what_is_done_and_gone_is_forgotten_but_never_the_last(ledger: Ledger) -> None:
    seqs = reserved(ledger, 1, 2, 3)
    finished(ledger, seqs)
    assert prune(ledger, "r", before=LATER, above=0, most=100) is None
    assert kept(ledger) == seqs[-1:]
    assert ledger.fetch("SELECT count(*) FROM delivery") == [(1,)]


def test_numbers_go_on_after_all_was_forgotten(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        seqs = reserved(ledger, 1, 2, 3)
        finished(ledger, seqs)
        prune(ledger, "r", before=LATER, above=0, most=100)
    with Ledger(tmp_path) as ledger:
        assert reserved(ledger, 4)[0] > seqs[-1]


def test_what_may_be_sent_again_or_waits_stays(ledger: Ledger) -> None:
    in_place, waiting, refused, dropped, other, uploading, last = reserved(ledger, *range(7))
    path = ledger.fetch("SELECT path FROM item WHERE seq = ?", (in_place,))[0][0]
    finished(ledger, [in_place], settled_as=path)
    ledger.refuse(refused, "a", code="c", reason="r")
    ledger.refuse(dropped, "a", code="c", reason="r")
    with Desk(ledger.path.parent) as desk:
        desk.drop([item for item in desk.history() if item.seq == dropped], now=NOW)
    finished(ledger, [other])
    ledger._connection.execute("UPDATE item SET route = 'elsewhere' WHERE seq = ?", (other,))
    DeliveryParts(ledger, uploading, "a", lambda: NOW).begin("id", 5)
    ledger.vanish(uploading, code="vanished", reason="r", now=NOW)
    prune(ledger, "r", before=LATER, above=0, most=100)
    assert kept(ledger) == [in_place, waiting, refused, dropped, other, uploading, last]


def test_what_is_young_stays(ledger: Ledger) -> None:
    seqs = reserved(ledger, 1, 2)
    finished(ledger, seqs)
    assert prune(ledger, "r", before=NOW - 1, above=0, most=100) is None
    assert kept(ledger) == seqs


def test_it_goes_on_chunk_by_chunk(ledger: Ledger) -> None:
    seqs = reserved(ledger, *range(10))
    finished(ledger, seqs)
    above, chunks = 0, 0
    while (more := prune(ledger, "r", before=LATER, above=above, most=3)) is not None:
        assert more > above
        above, chunks = more, chunks + 1
    assert (kept(ledger), chunks) == (seqs[-1:], 3)
