"""With read-back, no object counts before its bytes were seen, and only our own are removed."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sealift.deliver import Address, find, lift
from sealift.destinations.base import Found
from sealift.errors import (
    KeyCollisionError,
    OutcomeUnknownError,
    StoreRefusedError,
    TransientError,
)
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import Fault
from sealift.testing.samples import parcel_of
from tests.destinations.s3_samples import at


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def _damage_of(body: bytes, **changes: Any) -> Fault:
    """What a store answers that changed one stored body and kept all else."""
    etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
    damaged = Fault(
        operation="GetObject", status=200, body=b"damaged", headers={"ETag": f'"{etag}"'}
    )
    return replace(damaged, **changes)


def test_a_damaged_object_is_replaced(faults: FaultServer) -> None:
    faults.fail(Fault(operation="GetObject", status=200, body=b"damaged"))
    at(faults, verify="read-back").put("k", parcel_of(b"x"), put_id="id")
    puts = faults.calls("PutObject")
    assert len(puts) == 2
    assert "if-match" in puts[1].call.headers


def test_an_object_that_stays_damaged_is_removed(faults: FaultServer) -> None:
    faults.fail(_damage_of(b"x", times=None))
    with pytest.raises(TransientError, match="deleted") as caught:
        at(faults, verify="read-back").put("k", parcel_of(b"x"), put_id="id")
    assert not faults.objects
    assert not isinstance(caught.value, OutcomeUnknownError)


@pytest.mark.parametrize("theirs", [b"theirs", b"x"])
def test_an_object_that_came_in_between_is_not_removed(faults: FaultServer, theirs: bytes) -> None:
    """The same bytes have the same ETag; only the metadata tells that they are another's."""
    faults.fail(_damage_of(b"x", times=None))
    destination = at(faults, verify="read-back")
    look = destination.eyes.look

    def replaced_before(key: str) -> Found | None:
        faults.bucket.put(key, theirs)
        return look(key)

    destination.eyes.look = replaced_before  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError, match="not touched"):
        destination.put("k", parcel_of(b"x"), put_id="id")
    assert faults.objects["k"].body == theirs
    assert not faults.calls("DeleteObject")


def test_damage_that_may_not_be_deleted_is_never_delivered(faults: FaultServer) -> None:
    faults.fail(_damage_of(b"x", times=None))
    faults.fail(operation="DeleteObject", status=403, code="AccessDenied", times=None)
    destination = at(faults, verify="read-back")
    parcel = parcel_of(b"x")
    address = Address("k", "id", parcel.sha256)
    with pytest.raises(KeyCollisionError):
        lift(destination, address, parcel)
    with pytest.raises(KeyCollisionError):
        find(destination, address)


def test_what_a_crash_left_unread_is_read_before_it_counts(faults: FaultServer) -> None:
    parcel = parcel_of(b"x")
    at(faults).put("k", parcel, put_id="id")
    destination = at(faults, verify="read-back")
    whole = destination.head("k")
    faults.fail(_damage_of(b"x"))
    broken = destination.head("k")
    assert whole
    assert (whole.put_id, whole.sha256) == ("id", parcel.sha256)
    assert broken
    assert (broken.put_id, broken.sha256) == ("", "")


def test_what_may_not_be_read_pauses_instead_of_passing(faults: FaultServer) -> None:
    """A key with the put id in it is taken for ours if it merely may not be seen."""
    at(faults).put("id.json", parcel_of(b"x"), put_id="id")
    faults.fail(operation="GetObject", status=403, code="AccessDenied", times=None)
    parcel = parcel_of(b"x")
    with pytest.raises(StoreRefusedError, match="s3:GetObject"):
        lift(at(faults, verify="read-back"), Address("id.json", "id", parcel.sha256), parcel)
