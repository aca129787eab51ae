"""What is no profile is refused, each with its own sentence."""

from typing import Any

import pytest

from sealift.aggregate.payload import check_payload
from sealift.errors import PayloadError

MISSING = "Could not find payload.traits.smi_uid"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({}, MISSING),
        ({"traits": None}, MISSING),
        ({"traits": {}}, MISSING),
        ({"traits": {"smi_uid": None}}, MISSING),
        ({"traits": {"smi_uid": ""}}, MISSING),
        (None, "payload must be an object, and is null."),
        ([], "payload must be an object, and is a list."),
        ("x", "payload must be an object, and is a text."),
        ({"traits": []}, "payload.traits must be an object, and is a list."),
        ({"traits": {"smi_uid": 17}}, "payload.traits.smi_uid must be a text, and is a number."),
        (
            {"traits": {"smi_uid": True}},
            "payload.traits.smi_uid must be a text, and is true or false.",
        ),
        (
            {"traits": {"smi_uid": {}}},
            "payload.traits.smi_uid must be a text, and is an object.",
        ),
        (
            {"traits": {"smi_uid": "a"}, "segments": "b"},
            "payload.segments must be a list, and is a text.",
        ),
        (
            {"traits": {"smi_uid": "a"}, "segments": {}},
            "payload.segments must be a list, and is an object.",
        ),
        (
            {"traits": {"smi_uid": "a"}, "segments": ["b", None]},
            "payload.segments[1] must be a text, and is null.",
        ),
        (
            {"traits": {"smi_uid": "a"}, "segments": {1}},
            "payload.segments must be a list, and is a set.",
        ),
    ],
)
def test_what_is_no_profile(payload: Any, message: str) -> None:
    with pytest.raises(PayloadError) as caught:
        check_payload(payload)
    assert caught.value.message == message
    assert str(caught.value) == message


@pytest.mark.parametrize("segments", [None, [], ()])
def test_no_segments_count_as_none(segments: Any) -> None:
    assert check_payload({"traits": {"smi_uid": "a"}, "segments": segments}).segments == ()
    assert check_payload({"traits": {"smi_uid": "a"}}).segments == ()


def test_what_else_it_holds_is_left_alone() -> None:
    profile = check_payload(
        {"id": 1, "traits": {"smi_uid": "a", "email": "x"}, "segments": ["b", "a", "b"]}
    )
    assert (profile.smi_uid, profile.segments) == ("a", ("b", "a", "b"))
