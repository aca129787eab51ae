"""A URL stores the bytes that it was made for, once, and nothing else."""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from sealift.destinations.s3_credentials import Credential
from sealift.presigner.auth import Unproven
from sealift.presigner.exchange import Request
from sealift.presigner.service import Terms
from sealift.presigner.sign import store_of
from tests.presigner.rig import ITEM_ID, Desk, order, put, read
from tests.servers import Bucket

pytestmark = pytest.mark.server

BODY = b'{"text": "hello"}'
OTHER = b'{"text": "HELLO"}'
NAMES = ["c.json", "a b+c=é%41,'(1)~.json", "日本 ?#&.json", "...", "%2e%2e%2fx", "\u202egpj"]


@pytest.fixture
def desk(ministack_bucket: Bucket) -> Desk:
    return desk_for(ministack_bucket)


def desk_for(bucket: Bucket, **more: Any) -> Desk:
    server = bucket.server
    return Desk(
        store=store_of(bucket.name, server.region, server.endpoint_url),
        credential=Credential(
            access_key_id=server.access_key_id, secret_access_key=server.secret_access_key
        ),
        now=time.time() + more.pop("later", 0),
        **more,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_upload_arrives_with_what_was_signed(
    desk: Desk, ministack_bucket: Bucket, name: str
) -> None:
    status, answer = desk.device.new(order(BODY, filename=name, metadata={"policy": "p-7"}))
    assert status == 200
    assert put(answer["url"], BODY, answer["headers"])[0] == 200
    found = ministack_bucket.client.get_object(Bucket=ministack_bucket.name, Key=answer["key"])
    assert found["Body"].read() == BODY
    assert found["ContentType"] == "application/json"
    assert found["ServerSideEncryption"] == "AES256"
    assert found["Metadata"] == {
        "sealift-id": ITEM_ID,
        "sha256": hashlib.sha256(BODY).hexdigest(),
        "policy": "p-7",
    }
    assert ministack_bucket.keys() == [answer["key"]]
    status, looked = desk.device.look(ITEM_ID, name)
    assert (status, looked["stored"], looked["sha256"]) == (
        200,
        True,
        hashlib.sha256(BODY).hexdigest(),
    )
    assert looked["content_length"] == len(BODY)


def test_a_second_upload_meets_the_first(desk: Desk, ministack_bucket: Bucket) -> None:
    answers = [desk.device.new(order(BODY))[1] for _ in range(2)]
    assert desk.device.look(ITEM_ID, "conversation_123.json")[1]["stored"] is False
    codes = [put(one["url"], BODY, one["headers"])[0] for one in (*answers, *answers)]
    assert codes == [200, 412, 412, 412]
    assert len(ministack_bucket.keys()) == 1


Change = Callable[[dict[str, str]], tuple[bytes, dict[str, str]]]
LONGER = BODY + b" "


def without(name: str) -> Change:
    return lambda headers: (BODY, {n: v for n, v in headers.items() if n != name})


def changed(name: str, value: str) -> Change:
    return lambda headers: (BODY, {**headers, name: value})


CHANGES: list[tuple[str, Change, int]] = [
    ("longer", lambda h: (LONGER, {**h, "content-length": str(len(LONGER))}), 403),
    ("empty", lambda h: (b"", {**h, "content-length": "0"}), 403),
    ("other bytes of the same length", lambda h: (OTHER, h), 400),
    *((f"without {name}", without(name), 403) for name in (
        "content-md5", "content-type", "if-none-match", "x-amz-checksum-sha256",
        "x-amz-meta-sealift-id", "x-amz-meta-sha256", "x-amz-server-side-encryption",
    )),
    ("other type", changed("content-type", "text/html"), 403),
    ("other id", changed("x-amz-meta-sealift-id", "x"), 403),
    ("other condition", changed("if-none-match", '"e"'), 403),
    ("other bytes, their own MD5", lambda h: (OTHER, {**h, "content-md5": "x"}), 403),
]  # fmt: skip


def test_a_stolen_url_stores_nothing_but_its_own_bytes(
    desk: Desk, ministack_bucket: Bucket
) -> None:
    answer = desk.device.new(order(BODY))[1]
    got, wanted = {}, {}
    for name, change, status in CHANGES:
        body, headers = change(answer["headers"])
        got[name], wanted[name] = put(answer["url"], body, headers)[0], status
    assert got == wanted
    moved = answer["url"].replace("conversation_123", "conversation_124")
    assert put(moved, BODY, answer["headers"])[0] == 403
    longer = answer["url"].replace("X-Amz-Expires=300", "X-Amz-Expires=900")
    assert put(longer, BODY, answer["headers"])[0] == 403
    assert ministack_bucket.keys() == []


def test_29_an_expired_url_is_refused_and_the_next_is_for_the_same_key(
    ministack_bucket: Bucket,
) -> None:
    old = desk_for(ministack_bucket, later=-400).device.new(order(BODY))[1]
    new = desk_for(ministack_bucket).device.new(order(BODY))[1]
    status, said = put(old["url"], BODY, old["headers"])
    assert status == 403
    assert b"expired" in said.lower()
    assert put(new["url"], BODY, new["headers"])[0] == 200
    assert ministack_bucket.keys() == [old["key"]] == [new["key"]]


def test_the_minimal_form_s_url_takes_what_old_clients_send(ministack_bucket: Bucket) -> None:
    desk = desk_for(ministack_bucket, auth=Unproven())
    body = b'{"device_id": "dev001", "filename": "conversation_123.json"}'
    answer = read(desk.presigner.answer(Request(method="POST", path="/ingest/new", body=body)))[1]
    assert put(answer["url"], BODY, {"content-type": "application/json"})[0] == 200
    assert ministack_bucket.raw_get(answer["key"]) == BODY


def test_compressed_bytes_are_signed_as_such(desk: Desk, ministack_bucket: Bucket) -> None:
    answer = desk.device.new(order(BODY, content_encoding="gzip"))[1]
    assert put(answer["url"], BODY, answer["headers"])[0] == 200
    head = ministack_bucket.client.head_object(Bucket=ministack_bucket.name, Key=answer["key"])
    assert head["ContentEncoding"] == "gzip"


def test_without_encryption_by_header_the_upload_works_too(ministack_bucket: Bucket) -> None:
    desk = desk_for(ministack_bucket, terms=Terms(encryption=(), prefix=""))
    answer = desk.device.new(order(b""))[1]
    assert put(answer["url"], b"", answer["headers"])[0] == 200
    assert answer["key"].startswith("dev001/")
