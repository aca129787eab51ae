"""How events change a day, beside a model that is too simple to be wrong."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sealift.aggregate.document import DayText
from sealift.aggregate.merge import Event, merged
from sealift.aggregate.options import Merge

uids = st.sampled_from(["a", "b", "c", "é\ud800"])
segments = st.lists(st.sampled_from("uvwxyz"), max_size=4)
old_entries = st.fixed_dictionaries(
    {"smi_uid": uids | st.sampled_from([7, "7", None]), "segments": segments | st.none()},
    optional={"plan": st.integers(0, 3)},
)


def events_of(pairs: list[tuple[str, list[str]]]) -> list[Event]:
    return [Event(n, "w", n, uid, tuple(found)) for n, (uid, found) in enumerate(pairs, 1)]


def fold(body: bytes, pairs: list[tuple[str, list[str]]], merge: Merge, **how: bool) -> Any:
    text = DayText(body)
    how = {"distinct": False} | how
    written = text.written(merged(text.read, events_of(pairs), merge, **how), rev=1)
    return json.loads(written)["profiles"]


def model(old: list[dict[str, Any]], pairs: list[tuple[str, list[str]]], merge: str) -> Any:
    new = [{"smi_uid": uid, "segments": found} for uid, found in pairs]
    if merge == "append":
        return old + new
    found: list[dict[str, Any]] = []
    for entry in old + new:
        uid = entry["smi_uid"]
        same = [
            e
            for e in found
            if uid is not None and (e["smi_uid"], type(e["smi_uid"])) == (uid, type(uid))
        ]
        if not same:
            found.append(dict(entry))
            if merge == "union" and any(uid == e["smi_uid"] for e in new):
                found[-1]["segments"] = list(dict.fromkeys(entry["segments"] or []))
            continue
        before = same[0]["segments"] or []
        same[0].update(entry)
        if merge == "union":
            same[0]["segments"] = list(dict.fromkeys([*before, *(entry["segments"] or [])]))
        else:
            same[0]["segments"] = entry["segments"] or []
    return found


@given(
    old=st.lists(old_entries, max_size=8),
    pairs=st.lists(st.tuples(uids, segments), max_size=8),
    merge=st.sampled_from(["union", "latest", "append"]),
)
def test_a_day_after_events_is_what_the_model_says(
    old: list[dict[str, Any]], pairs: list[tuple[str, list[str]]], merge: Merge
) -> None:
    body = json.dumps({"profiles": old}).encode()
    assert fold(body, pairs, merge) == model(old, pairs, merge)


@given(
    first=st.lists(st.tuples(uids, segments), max_size=6),
    second=st.lists(st.tuples(uids, segments), max_size=6),
    merge=st.sampled_from(["union", "latest", "append"]),
)
def test_two_batches_are_as_good_as_one(
    first: list[tuple[str, list[str]]], second: list[tuple[str, list[str]]], merge: Merge
) -> None:
    half = json.dumps({"profiles": fold(b"", first, merge)}).encode()
    assert fold(half, second, merge, distinct=merge != "append") == fold(b"", first + second, merge)


def test_what_the_old_plugin_wrote_is_joined_and_its_own_fields_are_kept() -> None:
    old = {
        "profiles": [
            {"smi_uid": "a", "segments": ["x"], "plan": "gold"},
            {"smi_uid": "b", "segments": []},
            {"smi_uid": "a", "segments": ["y", "x"], "city": "Bonn"},
        ],
        "made_by": "hand",
    }
    text = DayText(json.dumps(old).encode())
    new = merged(text.read, events_of([("c", ["z"])]), "union", distinct=False)
    assert json.loads(text.written(new, rev=1)) == {
        "profiles": [
            {"smi_uid": "a", "segments": ["x", "y"], "plan": "gold", "city": "Bonn"},
            {"smi_uid": "b", "segments": []},
            {"smi_uid": "c", "segments": ["z"]},
        ],
        "made_by": "hand",
    }


def test_segments_of_others_need_not_be_texts() -> None:
    body = b'{"profiles": [{"smi_uid": "a", "segments": [{"id": 1}, 2, {"id": 1}]}]}'
    [entry] = fold(body, [("a", ["x"])], "union")
    assert entry["segments"] == [{"id": 1}, 2, "x"]


def test_what_nothing_changes_keeps_its_text() -> None:
    body = b'{"profiles":[{"smi_uid":"a","segments":["x"],"n":1.0e0}]}'
    text = DayText(body)
    [raw] = merged(text.read, events_of([("a", ["x"])]), "union", distinct=True)
    assert raw == '{"smi_uid":"a","segments":["x"],"n":1.0e0}'
