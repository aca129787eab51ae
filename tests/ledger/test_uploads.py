"""Large uploads are remembered part by part, and forgotten when they end."""

from pathlib import Path

from sealift.destinations.base import Part
from sealift.ledger.ledger import Ledger
from sealift.ledger.uploads import DeliveryParts


def part(number: int) -> Part:
    return Part(number=number, size=5 << 20, etag=f"e{number}", sha256=f"{number:064x}")


def test_an_upload_goes_on_after_a_restart(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        parts = DeliveryParts(ledger, 1, "a", lambda: 5.0)
        assert parts.load() is None
        parts.begin("u1", 5 << 20)
        for number in (2, 10, 1, 2):
            parts.add(part(number))
    with Ledger(tmp_path) as ledger:
        upload = DeliveryParts(ledger, 1, "a", lambda: 6.0).load()
        assert upload
        assert (upload.upload_id, upload.part_bytes) == ("u1", 5 << 20)
        assert upload.parts == [part(1), part(2), part(10)]
        assert DeliveryParts(ledger, 1, "b", lambda: 6.0).load() is None
        assert DeliveryParts(ledger, 2, "a", lambda: 6.0).load() is None


def test_a_new_upload_forgets_the_parts_of_the_earlier(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        parts = DeliveryParts(ledger, 1, "a", lambda: 5.0)
        parts.begin("u1", 5 << 20)
        parts.add(part(1))
        parts.begin("u2", 8 << 20)
        upload = parts.load()
        assert upload
        assert (upload.upload_id, upload.part_bytes, upload.parts) == ("u2", 8 << 20, [])


def test_a_cleared_upload_leaves_nothing_and_others_stay(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        one, two = (DeliveryParts(ledger, 1, name, lambda: 5.0) for name in "ab")
        for parts in (one, two):
            parts.begin("u", 1)
            parts.add(part(1))
        one.clear()
        assert one.load() is None
        assert two.load()
        assert ledger.fetch("SELECT count(*) FROM part") == [(1,)]
