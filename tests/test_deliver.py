"""One delivery against scripted destinations: each unclear answer is resolved by a look."""

import pytest

from sealift.deliver import Address, find, lift
from sealift.destinations.base import Found, PartLog, Stored
from sealift.destinations.memory import MemoryDestination
from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    BucketError,
    ItemRefusedError,
    KeyCollisionError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    SourceChangedError,
    ThrottledError,
    TransientError,
)
from sealift.sealing.parcel import Parcel
from sealift.testing.samples import parcel_of

PARCEL = parcel_of(b"bytes")
ID = "018f0000-0000-7000-8000-000000000001"
ADDRESS = Address(key="k/file.json", put_id=ID, sha256=PARCEL.sha256)
LOST = OutcomeUnknownError("The answer was lost.")
THERE = AlreadyThereError("Something is there.")
DENIED = AccessDeniedError("You may not look.")
OURS = Found(size=5, etag="e", put_id=ID)
SAME_BYTES = Found(size=5, etag="e", put_id="another", sha256=PARCEL.sha256)
FOREIGN = Found(size=9, etag="f", put_id="another", sha256="0" * 64)
NAMELESS = Found(size=5, etag="n")


class Scripted(MemoryDestination):
    """Answers put and head as told, and remembers what was asked."""

    def __init__(
        self, put: Stored | SealiftError, head: Found | SealiftError | None = None
    ) -> None:
        super().__init__()
        self.answers = (put, head)
        self.asked: list[str] = []

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        self.asked.append(f"put create={create} {key} {put_id}")
        if isinstance(self.answers[0], SealiftError):
            raise self.answers[0]
        return self.answers[0]

    def head(self, key: str) -> Found | None:
        self.asked.append(f"head {key}")
        if isinstance(self.answers[1], SealiftError):
            raise self.answers[1]
        return self.answers[1]


def test_a_clear_answer_needs_no_look() -> None:
    store = Scripted(Stored(etag="e"))
    assert lift(store, ADDRESS, PARCEL) == Stored(etag="e")
    assert store.asked == [f"put create=True k/file.json {ID}"]


@pytest.mark.parametrize("unclear", [LOST, THERE], ids=["lost answer", "412"])
@pytest.mark.parametrize("found", [OURS, SAME_BYTES], ids=["our id", "our bytes"])
def test_13_16_an_unclear_answer_is_a_delivery_when_ours_is_there(
    unclear: SealiftError, found: Found
) -> None:
    store = Scripted(unclear, found)
    assert lift(store, ADDRESS, PARCEL) == Stored(etag="e")
    assert store.asked[1:] == ["head k/file.json"]


@pytest.mark.parametrize("unclear", [LOST, THERE], ids=["lost answer", "412"])
@pytest.mark.parametrize("found", [FOREIGN, NAMELESS], ids=["other id", "no metadata"])
def test_14_an_object_of_somebody_else_is_a_collision_and_stays(
    unclear: SealiftError, found: Found
) -> None:
    store = Scripted(unclear, found)
    with pytest.raises(KeyCollisionError, match="not touched"):
        lift(store, ADDRESS, PARCEL)
    assert len(store.asked) == 2


@pytest.mark.parametrize("unclear", [LOST, THERE], ids=["lost answer", "412"])
def test_11_16_an_unclear_answer_with_nothing_there_is_left_to_the_next_attempt(
    unclear: SealiftError,
) -> None:
    with pytest.raises(OutcomeUnknownError):
        lift(Scripted(unclear, None), ADDRESS, PARCEL)


@pytest.mark.parametrize(
    "error",
    [
        NotSentError("Not sent."),
        ThrottledError("Slower."),
        TransientError("409: nothing was stored."),
        BucketError("No bucket."),
        SourceChangedError("Changed."),
    ],
    ids=lambda error: error.code,
)
def test_11_what_is_known_to_have_stored_nothing_is_passed_on_without_a_look(
    error: SealiftError,
) -> None:
    store = Scripted(error, OURS)
    with pytest.raises(type(error)) as caught:
        lift(store, ADDRESS, PARCEL)
    assert caught.value is error
    assert len(store.asked) == 1


@pytest.mark.parametrize("key", [f"{ID}_file.json", f"{PARCEL.sha256}.json"], ids=["id", "hash"])
def test_28_who_may_not_look_trusts_a_key_that_only_this_item_can_have(key: str) -> None:
    address = ADDRESS._replace(key=key)
    assert lift(Scripted(THERE, DENIED), address, PARCEL) == Stored(etag="")


def test_28_who_may_not_look_trusts_no_other_key() -> None:
    with pytest.raises(ItemRefusedError, match="may not be looked at") as caught:
        lift(Scripted(THERE, DENIED), ADDRESS, PARCEL)
    assert "{id}" in caught.value.hint


def test_28_who_may_not_look_puts_again_after_a_lost_answer() -> None:
    address = ADDRESS._replace(key=f"{ID}_file.json")
    with pytest.raises(OutcomeUnknownError) as caught:
        lift(Scripted(LOST, DENIED), address, PARCEL)
    assert caught.value is LOST


@pytest.mark.parametrize(
    "trouble", [TransientError("500"), BucketError("No bucket.")], ids=lambda error: error.code
)
def test_19_a_look_that_fails_decides_nothing(trouble: SealiftError) -> None:
    with pytest.raises(type(trouble)):
        lift(Scripted(LOST, trouble), ADDRESS, PARCEL)


def test_replacing_puts_without_the_condition() -> None:
    store = Scripted(Stored(etag="e"))
    lift(store, ADDRESS, PARCEL, replace=True)
    assert store.asked == [f"put create=False k/file.json {ID}"]


@pytest.mark.parametrize("found", [None, FOREIGN])
def test_replacing_is_not_done_while_another_object_is_seen(found: Found | None) -> None:
    with pytest.raises(OutcomeUnknownError):
        lift(Scripted(LOST, found), ADDRESS, PARCEL, replace=True)


def test_replacing_is_done_when_ours_is_seen() -> None:
    assert lift(Scripted(LOST, OURS), ADDRESS, PARCEL, replace=True) == Stored(etag="e")


def test_finding_tells_ours_nothing_and_others_apart() -> None:
    assert find(Scripted(LOST, OURS), ADDRESS) == Stored(etag="e")
    assert find(Scripted(LOST, None), ADDRESS) is None
    with pytest.raises(KeyCollisionError):
        find(Scripted(LOST, FOREIGN), ADDRESS)
    with pytest.raises(AccessDeniedError):
        find(Scripted(LOST, DENIED), ADDRESS)


def test_lifting_again_after_anything_leaves_one_object_of_ours() -> None:
    store = MemoryDestination()
    for _ in range(3):
        lift(store, ADDRESS, PARCEL)
    assert [(o.put_id, o.body) for o in store.objects.values()] == [(ID, b"bytes")]
