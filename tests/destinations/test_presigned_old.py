"""Old presigners give a url and a key, another one each time, and say nothing more."""

import json
from collections.abc import Iterator

import pytest

from sealift.deliver import Address, find, lift
from sealift.errors import ItemRefusedError, NotSentError, OutcomeUnknownError
from sealift.testing import faults
from sealift.testing.fault_server import FaultServer
from tests.destinations.presigned_rig import (
    BODY,
    OldPresigner,
    PresignerServer,
    Rig,
    key_of,
    old_presigner,
    order,
    problem,
    serving,
)
from tests.presigner.rig import Desk


def rig_with(store: FaultServer, old: OldPresigner) -> Iterator[Rig]:
    with serving(PresignerServer(old)) as server:
        desk = Desk()
        yield Rig(store=store, server=server, desk=desk, now=server.clock(), options={"secret": ""})


@pytest.fixture(params=[False, True], ids=["lenient", "strict"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with FaultServer() as store:
        yield from rig_with(store, old_presigner(store, strict=request.param))


def test_a_file_goes_to_the_key_that_it_gave(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    destination.put(key, one.parcel, put_id=one.put_id)
    assert rig.store.objects[key].body == BODY
    (sent,) = rig.puts()
    assert not [name for name in sent.call.headers if name.startswith("x-amz-")]
    assert sent.call.headers["content-type"] == "application/json"
    assert destination.names_at_once == 1
    assert not destination.capabilities.conditional_create


def test_which_it_is_is_found_out_once(rig: Rig) -> None:
    destination = rig.destination()
    for _ in range(3):
        key_of(destination, order())
    assert rig.server.places.count("/ingest/batch") == 1
    assert len(rig.server.places) <= 5


def test_it_is_asked_as_it_expects_from_the_start_if_that_is_set(rig: Rig) -> None:
    key_of(rig.destination(form="minimal"), order())
    (asked,) = rig.server.requests
    assert json.loads(asked.body) == {"device_id": "dev001", "filename": "conversation_123.json"}
    assert "authorization" not in asked.headers


def test_after_an_unclear_answer_the_same_url_is_used_again_while_it_is_good(rig: Rig) -> None:
    rig.store.fail(faults.LOST_ANSWER, operation="PutObject")
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    address = Address(key=key, put_id=one.put_id, sha256=one.parcel.sha256)
    with pytest.raises(OutcomeUnknownError):
        lift(destination, address, one.parcel)
    assert key_of(destination, one) == key
    lift(destination, address, one.parcel)
    assert list(rig.store.objects) == [key]
    first, second = rig.puts()
    assert first.call.query == second.call.query


def test_when_it_has_expired_the_file_goes_to_another_key(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    rig.now += 301
    with pytest.raises(NotSentError, match="another key"):
        destination.put(key, one.parcel, put_id=one.put_id)
    assert rig.puts() == []
    rig.now -= 301
    another = key_of(rig.destination(), one)
    assert another != key


def test_nobody_can_look(rig: Rig) -> None:
    destination, one = rig.destination(), order()
    key = key_of(destination, one)
    with pytest.raises(ItemRefusedError, match="cannot be found out"):
        find(destination, Address(key=key, put_id=one.put_id, sha256=one.parcel.sha256))


def test_one_that_has_become_a_present_one_is_found_out() -> None:
    with FaultServer() as store:
        for rig in rig_with(store, old_presigner(store, strict=True)):
            destination = rig.destination()
            key_of(destination, order())
            assert destination.presigner.form == "minimal"
            rig.server.script.append(problem(422, "minimal_refused"))
            with pytest.raises(NotSentError):
                destination.name_keys([order()])
            assert destination.presigner.form == ""


def test_one_that_fails_is_not_taken_for_an_old_one() -> None:
    """With a present one a key of its own would be made for each request."""
    with FaultServer() as store:
        for rig in rig_with(store, old_presigner(store)):
            rig.server.answer = lambda _request: problem(500, "internal")
            destination = rig.destination()
            with pytest.raises(NotSentError):
                destination.name_keys([order()])
            assert rig.server.places == ["/ingest/batch"]
