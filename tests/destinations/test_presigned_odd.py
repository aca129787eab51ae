"""Odd answers of a presigner, or of what stands in its place: nothing is lost or misdirected."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sealift.destinations.base import KeyOrder
from sealift.destinations.presigned_link import is_loopback
from sealift.errors import (
    KeyNameError,
    OutcomeUnknownError,
    SealiftError,
    StoreRefusedError,
    ThrottledError,
)
from sealift.testing.bucket import Answer
from tests.destinations.presigned_rig import PresignerServer, Rig, a_rig, key_of, order, serving

JSON = {"Content-Type": "application/json"}
KEY = "uploads/dev001/2025-01-27T10-30-00Z_0194a74f-9d3a-7f2e-9d0e-5b1f7c2a4e6d_a.json"
OTHER_MD5 = "0" * 32


@pytest.fixture
def rig() -> Iterator[Rig]:
    with a_rig() as made:
        yield made


def says(found: object) -> Answer:
    return Answer(headers=JSON, body=json.dumps(found).encode())


def gives(rig: Rig, **changes: Any) -> Answer:
    url = f"{rig.store.endpoint_url}/{rig.store.bucket.name}/{changes.get('key', KEY)}"
    return says({"items": [{"url": url, "key": KEY, "headers": {}, **changes}]})


def asked(rig: Rig, answer: Answer, one: KeyOrder | None = None) -> str | SealiftError:
    rig.server.script.append(answer)
    try:
        (found,) = rig.destination(form="batch").name_keys([one or order()])
    except SealiftError as error:
        return error
    return found


@pytest.mark.parametrize(
    ("changes", "kind", "what"),
    [
        ({"headers": {"content-length": "5"}}, StoreRefusedError, "another length"),
        ({"headers": {"content-length": 17}}, StoreRefusedError, "headers"),
        ({"headers": {"x-amz-meta-a": "b\r\nx: y"}}, StoreRefusedError, "headers"),
        ({"headers": {"a b": "c"}}, StoreRefusedError, "headers"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, StoreRefusedError, "headers"),
        ({"headers": {"host": "elsewhere"}}, StoreRefusedError, "headers"),
        ({"headers": ["content-type"]}, StoreRefusedError, "headers"),
        ({"url": "http://[bad"}, StoreRefusedError, "a URL that is none"),
        ({"url": "http://host:99999/k"}, StoreRefusedError, "a URL that is none"),
        ({"url": "httpx://host/k"}, StoreRefusedError, "not the answer of a presigner"),
        ({"key": "uploads/dev001/../dev002/k"}, KeyNameError, "segment"),
        ({"key": "/uploads/dev001/k"}, KeyNameError, "slash"),
        ({"key": ""}, StoreRefusedError, "not the answer of a presigner"),
    ],
)
def test_what_cannot_be_used_as_it_is_is_not_used(
    rig: Rig, changes: dict[str, Any], kind: type[SealiftError], what: str
) -> None:
    error = asked(rig, gives(rig, **changes))
    assert type(error) is kind
    assert what in str(error)
    assert rig.puts() == []


def test_a_key_of_another_device_is_not_used(rig: Rig) -> None:
    one = order()
    answer = gives(rig, key=KEY.replace("dev001", "dev002"), item_id=one.put_id)
    error = asked(rig, answer, one)
    assert type(error) is StoreRefusedError
    assert "another device" in str(error)


def test_one_key_that_cannot_be_used_does_not_spoil_the_others(rig: Rig) -> None:
    bad, good = (json.loads(gives(rig, key=key).body)["items"][0] for key in ("a/../b", KEY))
    rig.server.script.append(says({"items": [bad, good]}))
    first, second = rig.destination(form="batch").name_keys([order(), order()])
    assert (type(first), second) == (KeyNameError, KEY)


@pytest.mark.parametrize(
    "detail",
    ["https://inbox.s3.amazonaws.com/k?X-Amz-Signature=0a1b", {"X-Amz-Signature": "0a1b"}, 7],
)
@pytest.mark.parametrize("code", ["odd", ["odd"], "x" * 1000, None])
def test_a_problem_is_told_without_urls(rig: Rig, code: object, detail: object) -> None:
    problem = {"code": code, "detail": detail}
    for answer in (
        says({"items": [{"problem": problem}]}),
        Answer(status=422, headers=JSON, body=json.dumps(problem).encode()),
    ):
        error = asked(rig, answer)
        assert isinstance(error, StoreRefusedError)
        assert "0a1b" not in str(error)


def test_a_problem_is_told_briefly_and_in_one_line(rig: Rig) -> None:
    problem = {"code": "odd", "detail": "a\n\x1b[31m" * 100_000}
    error = asked(rig, says({"items": [{"problem": problem}]}))
    assert len(str(error)) < 500
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"Date": "\xb2\xff"},
        {"Retry-After": "\xb2"},
        {"Retry-After": "9" * 400},
    ],
)
def test_headers_that_say_nothing_are_passed_over(rig: Rig, headers: dict[str, str]) -> None:
    assert type(asked(rig, Answer(status=429, headers=headers))) is ThrottledError


@pytest.mark.parametrize(
    "changes",
    [
        {"stored": "yes"},
        {"sha256": 5},
        {"etag": {"a": 1}},
        {"content_length": "many"},
        {"key": [KEY]},
    ],
)
def test_a_look_up_that_says_nothing_is_none(rig: Rig, changes: dict[str, Any]) -> None:
    rig.server.script.append(says({"stored": True, "key": KEY, "sha256": "0" * 64} | changes))
    with pytest.raises(StoreRefusedError, match="not the answer of a presigner"):
        rig.destination().head(KEY)


@pytest.mark.parametrize(
    ("marks", "stored"),
    [
        ({}, False),
        ({"x-amz-server-side-encryption": "AES256"}, False),
        ({"x-amz-server-side-encryption": "aws:kms"}, True),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, True),
    ],
)
def test_the_answer_to_another_upload_is_no_success(
    rig: Rig, marks: dict[str, str], *, stored: bool
) -> None:
    answer = Answer(headers={"ETag": f'"{OTHER_MD5}"', "x-amz-request-id": "1", **marks})
    destination, one = rig.destination(form="batch"), order()
    with serving(PresignerServer(lambda _request: answer)) as proxy:
        rig.server.script.append(gives(rig, url=proxy.url))
        key = key_of(destination, one)
        if stored:
            assert destination.put(key, one.parcel, put_id=one.put_id).etag == OTHER_MD5
        else:
            with pytest.raises(OutcomeUnknownError, match="other bytes"):
                destination.put(key, one.parcel, put_id=one.put_id)


def test_an_item_keeps_the_name_in_its_key_when_its_file_is_told_otherwise(rig: Rig) -> None:
    one = order(filename="jo@example.com \u00e9 100%.json")
    key = key_of(rig.destination(), one)
    again = KeyOrder(put_id=one.put_id, filename="BLOCKED.json", parcel=one.parcel, key=key)
    assert key_of(rig.destination(), again) == key


def test_a_key_of_an_old_presigner_does_not_keep_a_present_one_from_naming(rig: Rig) -> None:
    one = order()
    again = KeyOrder(put_id=one.put_id, filename="a.json", parcel=one.parcel, key="up/x_y.json")
    assert key_of(rig.destination(), again).endswith(f"{one.put_id}_a.json")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:80/k", True),
        ("http://127.0.0.1/k", True),
        ("http://[::1]:9000/k", True),
        ("http://localhost.example.com/k", False),
        ("http://127.example.com/k", False),
        ("http://127.0.0.1.example.com/k", False),
    ],
)
def test_this_machine_is_told_from_hosts_that_are_called_like_it(url: str, *, here: bool) -> None:
    assert is_loopback(url) is here
