"""A put by a presigned URL stores the bytes once, under the key that was named."""

import threading
import time
from collections.abc import Iterator

import pytest

from sealift.deliver import Address, find, lift
from sealift.destinations.base import KeyOrder
from sealift.destinations.presigned_client import MAX_BATCH
from sealift.errors import (
    AlreadyThereError,
    ItemRefusedError,
    KeyCollisionError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    SourceChangedError,
    TooLargeError,
)
from sealift.presigner import orders
from sealift.sealing.parcel import Parcel
from sealift.testing import faults
from sealift.testing.samples import Pieces
from tests.destinations.presigned_rig import BODY, Rig, a_rig, key_of, order

EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@pytest.fixture
def rig() -> Iterator[Rig]:
    with a_rig() as made:
        yield made


def address(one: KeyOrder, key: str) -> Address:
    return Address(key=key, put_id=one.put_id, sha256=one.parcel.sha256)


def test_a_file_is_stored_under_the_key_that_was_named(rig: Rig) -> None:
    destination, one = rig.destination(), order(metadata={"sealift-policy": "p 7"})
    key = key_of(destination, one)
    assert key.startswith("uploads/dev001/")
    assert one.put_id in key
    stored = destination.put(key, one.parcel, put_id=one.put_id)
    found = rig.store.objects[key]
    assert (found.body, found.etag) == (BODY, stored.etag)
    assert destination.url(key) == f"s3://bucket/{key}"
    (sent,) = rig.puts()
    assert sent.call.headers["if-none-match"] == "*"
    assert sent.call.headers["x-amz-meta-sealift-id"] == one.put_id
    assert sent.call.headers["x-amz-meta-sha256"] == one.parcel.sha256
    assert sent.call.headers["x-amz-meta-sealift-policy"] == "p%207"
    assert sent.call.headers["content-md5"]
    assert "authorization" not in sent.call.headers


def test_an_empty_file_is_an_object(rig: Rig) -> None:
    destination, one = rig.destination(), order(b"")
    key = key_of(destination, one)
    destination.put(key, one.parcel, put_id=one.put_id)
    assert rig.store.objects[key].body == b""


def test_keys_are_asked_for_a_hundred_at_a_time_once_the_presigner_is_known(rig: Rig) -> None:
    destination = rig.destination()
    assert destination.names_at_once == 1
    key_of(destination, order())
    assert destination.names_at_once == MAX_BATCH == orders.MAX_BATCH
    many = [order(b'{"n": %d}' % n) for n in range(MAX_BATCH)]
    keys = destination.name_keys(many)
    assert rig.server.places == ["/ingest/batch"] * 2
    for one, key in zip(many, keys, strict=True):
        assert isinstance(key, str)
        destination.put(key, one.parcel, put_id=one.put_id)
    assert rig.server.places == ["/ingest/batch"] * 2, "each URL came with its key"
    assert [rig.store.objects[str(key)].body for key in keys] == [o.parcel.body for o in many]


def test_asking_again_gives_the_same_key_also_after_a_restart(rig: Rig) -> None:
    one = order()
    first = rig.destination()
    assert key_of(first, one) == key_of(first, one)
    assert len(rig.server.requests) == 1, "a URL that is good is not asked for again"
    assert key_of(rig.destination(), one) == key_of(first, one)


def test_one_refused_item_does_not_spoil_the_others(rig: Rig) -> None:
    destination = rig.destination(max_bytes=100)
    key_of(destination, order())
    found = destination.name_keys(
        [order(), order(filename=".."), order(b"x" * 101), order(metadata={"B_": "x"})]
    )
    assert isinstance(found[0], str)
    assert [type(one) for one in found[1:]] == [KeyNameError, TooLargeError, ItemRefusedError]
    assert "'.' or '..'" in str(found[1])


def test_an_url_past_its_end_is_not_used(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    for clock in (rig, rig.desk):
        clock.now += 300
    destination.put(key, one.parcel, put_id=one.put_id)
    assert len(rig.server.requests) == 2
    (sent,) = rig.puts()
    assert sent.call.query["X-Amz-Date"] == time.strftime(
        "%Y%m%dT%H%M%SZ", time.gmtime(rig.desk.now)
    )


def test_the_end_of_a_url_is_judged_by_the_presigners_clock(rig: Rig) -> None:
    rig.now -= 250
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    assert destination.presigner.skew_seconds == -250
    for seconds, requests in ((290, 1), (10, 2), (290, 2), (10, 3)):
        rig.now += seconds
        rig.desk.now += seconds
        assert key_of(destination, one) == key
        assert len(rig.server.requests) == requests


def test_an_url_is_used_no_longer_than_is_set(rig: Rig) -> None:
    destination, one = rig.destination(url_life_seconds=10.0), order()
    key_of(destination, one)
    rig.now += 8
    key_of(destination, one)
    assert len(rig.server.requests) == 1
    rig.now += 2
    key_of(destination, one)
    assert len(rig.server.requests) == 2


def test_what_the_store_calls_expired_goes_with_a_new_url_to_the_same_key(rig: Rig) -> None:
    rig.store.fail(operation="PutObject", status=403, body=EXPIRED)
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    destination.put(key, one.parcel, put_id=one.put_id)
    assert list(rig.store.objects) == [key]
    assert len(rig.server.requests) == 2
    first, second = rig.puts()
    assert first.call.key == second.call.key == key


def test_urls_that_are_always_expired_are_not_asked_for_without_end(rig: Rig) -> None:
    rig.store.fail(operation="PutObject", status=403, body=EXPIRED, times=None)
    destination, one = rig.destination(), order()
    with pytest.raises(SealiftError):
        destination.put(key_of(destination, one), one.parcel, put_id=one.put_id)
    assert len(rig.puts()) == 3


@pytest.mark.parametrize("fault", [faults.LOST_ANSWER, faults.HALF_ANSWER, faults.NO_ETAG])
def test_a_lost_answer_is_resolved_by_asking(rig: Rig, fault: faults.Fault) -> None:
    rig.store.fail(fault, operation="PutObject")
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    stored = lift(destination, address(one, key), one.parcel)
    assert stored.etag == rig.store.objects[key].etag
    assert len(rig.puts()) == 1
    assert rig.server.places[1:] == [f"/ingest/items/{one.put_id}"]


@pytest.mark.parametrize("fault", [faults.LOST_BODY, faults.CAPTIVE_PAGE])
def test_what_is_not_stored_is_not_believed_to_be(rig: Rig, fault: faults.Fault) -> None:
    rig.store.fail(fault, operation="PutObject")
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    with pytest.raises(OutcomeUnknownError):
        lift(destination, address(one, key), one.parcel)
    lift(destination, address(one, key), one.parcel)
    assert rig.store.objects[key].body == BODY


def test_our_own_object_at_the_key_is_a_delivery(rig: Rig) -> None:
    one = order()
    first, second = rig.destination(), rig.destination()
    key = key_of(first, one)
    first.put(key, one.parcel, put_id=one.put_id)
    key_of(second, one)
    stored = second.put(key, one.parcel, put_id=one.put_id)
    assert stored.etag == rig.store.objects[key].etag
    assert len(rig.store.bucket.landings) == 1


def test_where_nobody_may_look_it_is_put_again_and_what_is_met_twice_is_ours(rig: Rig) -> None:
    one = order()
    first = rig.destination()
    key = key_of(first, one)
    first.put(key, one.parcel, put_id=one.put_id)
    rig.store.fail(faults.HEAD_FORBIDDEN)
    second = rig.destination()
    key_of(second, one)
    second.put(key, one.parcel, put_id=one.put_id)
    assert len(rig.puts()) == 3
    assert len(rig.store.bucket.landings) == 1


def test_what_is_gone_when_it_is_put_again_is_stored(rig: Rig) -> None:
    rig.store.fail(operation="PutObject", status=412, code="PreconditionFailed")
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    destination.put(key, one.parcel, put_id=one.put_id)
    assert len(rig.puts()) == 2
    assert rig.store.objects[key].body == BODY


def test_anothers_object_at_the_key_is_a_collision(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    other = order(b"other")
    rig.server.requests.clear()
    sneaked = KeyOrder(put_id=one.put_id, filename=one.filename, parcel=other.parcel)
    second = rig.destination()
    second.put(key_of(second, sneaked), other.parcel, put_id=one.put_id)
    with pytest.raises(KeyCollisionError):
        lift(destination, address(one, key), one.parcel)
    assert rig.store.objects[key].body == b"other"


def test_head_tells_what_is_stored(rig: Rig) -> None:
    destination, one = rig.destination(), order(filename="é %41 _ ..json")
    key = key_of(destination, one)
    assert destination.head(key) is None
    assert find(destination, address(one, key)) is None
    destination.put(key, one.parcel, put_id=one.put_id)
    found = rig.destination().head(key)
    assert found
    assert (found.size, found.sha256) == (len(BODY), one.parcel.sha256)
    assert find(rig.destination(), address(one, key))


def test_a_presigner_that_names_another_key_is_not_followed(rig: Rig) -> None:
    one = order()
    first = rig.destination()
    key = key_of(first, one)
    with a_rig(prefix="elsewhere/") as other:
        second = other.destination()
        with pytest.raises(NotSentError, match="another key"):
            second.put(key, one.parcel, put_id=one.put_id)
        assert other.puts() == []
        assert key_of(second, one).startswith("elsewhere/")


def test_a_damaged_upload_is_sent_again(rig: Rig) -> None:
    rig.store.fail(operation="PutObject", status=400, code="BadDigest", times=2)
    destination, one = rig.destination(), order()
    destination.put(key_of(destination, one), one.parcel, put_id=one.put_id)
    assert len(rig.puts()) == 3
    rig.store.fail(operation="PutObject", status=400, code="BadDigest", times=None)
    two = order(b"two")
    with pytest.raises(ItemRefusedError):
        destination.put(key_of(destination, two), two.parcel, put_id=two.put_id)


def large(changes_after: int | None = None) -> Parcel:
    return Pieces(30, 100_000, changes_after=changes_after).sealed()


def test_a_large_body_is_sent_piece_by_piece(rig: Rig) -> None:
    one = KeyOrder(put_id=order().put_id, filename="large.bin", parcel=large())
    destination = rig.destination()
    key = key_of(destination, one)
    destination.put(key, one.parcel, put_id=one.put_id)
    assert rig.store.objects[key].body == Pieces(30, 100_000).bytes()
    (sent,) = rig.puts()
    assert sent.call.headers["content-length"] == "3000000"


def test_a_large_body_that_is_not_what_was_sealed_is_not_stored(rig: Rig) -> None:
    one = KeyOrder(put_id=order().put_id, filename="large.bin", parcel=large())
    destination = rig.destination()
    key = key_of(destination, one)
    with pytest.raises(SourceChangedError):
        destination.put(key, large(changes_after=29), put_id=one.put_id)
    two = KeyOrder(put_id=order().put_id, filename="large.bin", parcel=large(changes_after=3))
    (found,) = destination.name_keys([two])
    assert isinstance(found, SourceChangedError)
    assert rig.store.objects == {}


def test_many_threads_may_put_at_once(rig: Rig) -> None:
    destination = rig.destination()
    key_of(destination, order())
    many = [order(b'{"n": %d}' % n) for n in range(80)]
    keys = [str(key) for key in destination.name_keys(many)]
    failed: list[BaseException] = []

    def put(numbers: range) -> None:
        try:
            for n in numbers:
                destination.put(keys[n], many[n].parcel, put_id=many[n].put_id)
        except BaseException as error:  # noqa: BLE001  told below
            failed.append(error)

    threads = [threading.Thread(target=put, args=(range(n, 80, 8),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failed == []
    assert len(rig.store.objects) == 80


def test_no_url_and_no_secret_is_in_a_repr_or_an_error(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    grant = destination._grants.last(one.put_id)
    assert grant
    assert "X-Amz-Signature" not in repr(grant)
    assert "secret" not in repr(destination._options)
    rig.store.fail(faults.LOST_BODY, operation="PutObject")
    with pytest.raises(OutcomeUnknownError) as failed:
        destination.put(key, one.parcel, put_id=one.put_id)
    assert failed.value.__cause__ is None
    assert "X-Amz" not in str(failed.value)
    assert one.filename not in str(failed.value)


def test_412_with_a_presigner_that_does_not_answer_stays_unclear(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    rig.store.fail(operation="PutObject", status=412, code="PreconditionFailed", times=None)
    with pytest.raises(AlreadyThereError):
        destination.put(key, one.parcel, put_id=one.put_id)
