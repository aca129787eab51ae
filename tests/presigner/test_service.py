"""What a good request gets: one key for an item, and a URL that fits one upload."""

import errno
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from sealift.destinations.s3_credentials import Credential
from sealift.errors import CredentialsError
from sealift.presigner.auth import Unproven, Vouched
from sealift.presigner.auth_hmac import HmacAuth, device_secret
from sealift.presigner.exchange import Request
from sealift.presigner.identity import Identity
from sealift.presigner.problems import ProblemError
from sealift.presigner.service import Terms
from tests.presigner.rig import (
    CREDENTIAL,
    ITEM_ID,
    MASTER,
    NOW,
    OLD_MASTER,
    STORE,
    Desk,
    Device,
    order,
    read,
    seen,
)

KEY = f"uploads/dev001/2025-01-27T10-30-00Z_{ITEM_ID}_conversation_123.json"
GOOD = order(b"{}")


def test_the_full_form_signs_all_that_makes_the_upload_this_one() -> None:
    desk = Desk()
    status, answer = desk.device.new({**GOOD, "metadata": {"policy": "7"}})
    assert status == 200
    query = parse_qs(urlsplit(answer["url"]).query)
    assert query["X-Amz-SignedHeaders"][0] == (
        "content-length;content-md5;content-type;host;if-none-match;x-amz-checksum-sha256;"
        "x-amz-meta-policy;x-amz-meta-sealift-id;x-amz-meta-sha256;x-amz-server-side-encryption"
    )
    assert query["X-Amz-Expires"] == ["300"]
    assert answer["headers"] == {
        "content-length": "2",
        "content-md5": "mZFLkyvTelC5g8XnyQrpOw==",
        "content-type": "application/json",
        "if-none-match": "*",
        "x-amz-checksum-sha256": "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=",
        "x-amz-meta-policy": "7",
        "x-amz-meta-sealift-id": ITEM_ID,
        "x-amz-meta-sha256": GOOD["sha256"],
        "x-amz-server-side-encryption": "AES256",
    }
    assert (answer["key"], answer["item_id"]) == (KEY, ITEM_ID)
    assert answer["expires_at"] == "2025-01-27T10:35:00Z"


def test_the_minimal_form_gets_what_old_clients_know_and_no_more() -> None:
    desk = Desk(auth=Unproven())
    body = b'{"device_id": "dev001", "filename": "conversation_123.json"}'
    status, answer = read(
        desk.presigner.answer(Request(method="POST", path="/ingest/new", body=body))
    )
    assert status == 200
    assert answer.keys() == {"url", "key"}
    assert answer["key"].startswith("uploads/dev001/2025-01-27T10-30-00Z_")
    assert parse_qs(urlsplit(answer["url"]).query)["X-Amz-SignedHeaders"] == ["host"]
    [line] = desk.audit
    assert (line["length"], line["sha256"]) == (None, None)


def test_31_asking_again_gives_the_same_key_whatever_happened_in_between() -> None:
    first = Desk()
    keys = {first.device.new(GOOD)[1]["key"]}
    first.now += 7 * 86_400
    keys.add(first.device.new(GOOD)[1]["key"])
    restarted = Desk(now=NOW + 9_999_999)
    keys.add(restarted.device.new(GOOD)[1]["key"])
    keys.add(restarted.device.post("/ingest/batch", {"items": [GOOD]})[1]["items"][0]["key"])
    keys.add(Device(restarted, secret=device_secret(OLD_MASTER, "dev001")).new(GOOD)[1]["key"])
    assert keys == {KEY}


def test_an_item_without_an_id_is_given_one() -> None:
    desk = Desk()
    body = {name: value for name, value in GOOD.items() if name != "item_id"}
    one, other = desk.device.new(body)[1], desk.device.new(body)[1]
    assert one["item_id"] != other["item_id"]
    assert f"2025-01-27T10-30-00Z_{one['item_id']}_" in one["key"]


def test_every_device_has_a_folder_of_its_own() -> None:
    desk = Desk()
    key = Device(desk, "dev002").new(GOOD)[1]["key"]
    assert key == KEY.replace("dev001", "dev002")


def test_the_audit_has_a_line_for_each_url_and_no_url() -> None:
    desk = Desk()
    answer = desk.device.post("/ingest/batch", {"items": [GOOD, order(b"[]", filename="b")]})[1]
    assert desk.audit[0] == {
        "event": "presigner.signed",
        "time": "2025-01-27T10:30:00Z",
        "device": "dev001",
        "key": KEY,
        "sha256": GOOD["sha256"],
        "length": 2,
        "expires_at": "2025-01-27T10:35:00Z",
        "source": "192.0.2.1",
    }
    assert len(desk.audit) == len(answer["items"]) == 2
    for secret in (b"X-Amz", b"Signature", b"https:", device_secret(MASTER, "dev001").encode()):
        assert secret not in desk.written
    assert desk.counted == {"signed": 2}


def test_a_url_that_cannot_be_written_down_does_not_leave() -> None:
    class FullDisk(Desk):
        def _write(self, lines: bytes) -> None:
            raise OSError(errno.ENOSPC, "full")

    desk = FullDisk()
    answer = desk.presigner.answer(desk.device.request("/ingest/new", GOOD))
    assert answer.status == 500
    assert b"X-Amz" not in answer.body


def test_the_service_may_stand_below_any_path() -> None:
    desk = Desk()
    for prefix in ("", "/prod", "/a/ingest/b"):
        status, answer = desk.device.post(f"{prefix}/ingest/new", GOOD)
        assert (status, answer["key"]) == (200, KEY)


def test_a_request_counts_up_to_the_edge_of_the_window() -> None:
    desk = Desk()
    for seconds in (-300, 300):
        request = desk.device.request("/ingest/new", GOOD, now=desk.now + seconds)
        assert desk.presigner.answer(request).status == 200


@pytest.mark.parametrize("waited", [0, 299, 600])
def test_a_request_never_counts_twice_while_its_time_does(waited: int) -> None:
    desk = Desk()
    request = desk.device.request("/ingest/new", GOOD, now=NOW + 300)
    assert desk.presigner.answer(request).status == 200
    desk.now += waited
    assert desk.presigner.answer(request).status == 401
    assert desk.audit[-1]["reason"] == "replayed"


def test_a_replaced_secret_stops_to_count_and_its_successor_counts() -> None:
    desk = Desk(auth=HmacAuth([MASTER], {"dev001": 2}))
    assert desk.device.new(GOOD)[0] == 401
    assert Device(desk, secret=device_secret(MASTER, "dev001", 2)).new(GOOD)[0] == 200


def test_a_gateway_s_word_counts_and_the_body_s_does_not() -> None:
    desk = Desk(auth=Vouched())
    body = desk.device.request("/ingest/new", GOOD).body
    alone = Request(method="POST", path="/ingest/new", body=body)
    vouched = Request(method="POST", path="/ingest/new", body=body, authorized_device="dev009")
    assert desk.presigner.answer(alone).status == 401
    assert read(desk.presigner.answer(vouched))[1]["key"].startswith("uploads/dev009/")


def test_a_name_that_a_provider_gives_must_fit_a_key_too() -> None:
    desk = Desk(auth=Vouched())
    request = Request(
        method="POST", path="/ingest/new", body=b'{"filename": "a"}', authorized_device="a|../b"
    )
    assert read(desk.presigner.answer(request))[1]["code"] == "device_name"


def test_a_url_lives_no_longer_than_the_keys_that_signed_it() -> None:
    end = datetime.fromtimestamp(int(NOW) + 100, UTC)
    credential = Credential(access_key_id="A", secret_access_key="s", token="t+/=", expires_at=end)
    desk = Desk(credential=credential)
    answer = desk.device.new(GOOD)[1]
    assert parse_qs(urlsplit(answer["url"]).query)["X-Amz-Expires"] == ["99"]
    assert answer["expires_at"] == "2025-01-27T10:31:39Z"
    desk.now += 90
    refused = desk.presigner.answer(desk.device.request("/ingest/new", GOOD))
    assert (refused.status, read(refused)[1]["code"]) == (503, "credentials_unavailable")
    desk.credential = CREDENTIAL
    desk.now += 61
    assert desk.device.new(GOOD)[0] == 200


def test_keys_are_asked_for_once_a_minute_and_a_failure_is_told() -> None:
    asked = []

    def credentials() -> Credential:
        asked.append(1)
        if len(asked) == 2:
            raise CredentialsError("none")
        return CREDENTIAL

    identity = Identity(STORE, credentials)
    signers = [identity.signer(NOW + after, 300)[0] for after in (0, 30, 59)]
    assert (len(asked), len(set(map(id, signers)))) == (1, 1)
    with pytest.raises(ProblemError) as refused:
        identity.signer(NOW + 61, 300)
    assert refused.value.code == "credentials_unavailable"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, {"stored": False}),
        (403, {"stored": None}),
        (200, {"stored": True, "content_length": 2, "sha256": "abc", "etag": "e"}),
    ],
)
def test_a_look_tells_what_the_store_tells(status: int, expected: dict[str, object]) -> None:
    look = seen(status, content_length="2", x_amz_meta_sha256="abc", etag='"e"')
    desk = Desk(look=look)
    assert desk.device.look(ITEM_ID, "conversation_123.json") == (
        200,
        {"item_id": ITEM_ID, "key": KEY, **expected},
    )


def test_a_look_goes_to_the_device_s_own_key_only() -> None:
    urls = []

    def look(url: str) -> object:
        urls.append(url)
        return seen(404)(url)

    desk = Desk(look=look)
    name = "ä b+c&d=e?.json"
    status, answer = Device(desk, "dev002").look(ITEM_ID, name)
    assert status == 200
    assert answer["key"].endswith(f"uploads/dev002/2025-01-27T10-30-00Z_{ITEM_ID}_{name}")
    assert "/uploads/dev002/" in urls[0]


def test_without_encryption_none_is_asked_for() -> None:
    headers = Desk(terms=Terms(encryption=())).device.new(GOOD)[1]["headers"]
    assert not [name for name in headers if "encryption" in name]
