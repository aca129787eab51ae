"""What is no good request gets a status, a code that stays, and never a URL."""

from collections.abc import Callable
from typing import Any

import pytest

from sealift.presigner.auth_hmac import REVOKED, HmacAuth, device_secret
from sealift.presigner.exchange import Request
from sealift.presigner.orders import MAX_BODY_BYTES
from sealift.presigner.quotas import Limits
from sealift.presigner.service import Terms
from tests.presigner.rig import ITEM_ID, MASTER, Desk, Device, order, read, seen

NEW, BATCH, ITEM = "/ingest/new", "/ingest/batch", f"/ingest/items/{ITEM_ID}"
GOOD = order(b"{}")
Make = Callable[[Desk], Request]


def new(**changes: Any) -> Make:
    """The good request with some fields changed; `...` takes one out."""
    body = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return lambda desk: desk.device.request(NEW, body)


def raw(body: bytes, place: str = NEW) -> Make:
    return lambda desk: desk.device.request(place, body)


def batch(body: Any) -> Make:
    return lambda desk: desk.device.request(BATCH, body)


def ask(item_id: str = ITEM_ID, **query: str) -> Make:
    return lambda desk: desk.device.request(f"/ingest/items/{item_id}", method="GET", query=query)


def sent(method: str, place: str) -> Make:
    return lambda desk: desk.device.request(place, GOOD, method=method)


def with_header(value: str) -> Make:
    filled = value.replace("NONCE", "n" * 16).replace("DIGITS", "0" * 64)
    headers = {"authorization": filled} if value else {}
    return lambda _: Request(method="POST", path=NEW, body=b"{}", headers=headers)


def header(request: Request) -> str:
    return request.headers["authorization"]


def altered(**changes: Any) -> Make:
    """Signed, and then changed on the way."""

    def make(desk: Desk) -> Request:
        good = desk.device.request(NEW, GOOD)
        fields = {name: getattr(good, name) for name in ("method", "path", "query", "body")}
        return Request(**{**fields, **changes}, headers=good.headers)

    return make


def stale(seconds: float) -> Make:
    return lambda desk: desk.device.request(NEW, GOOD, now=desk.now + seconds)


def replayed(desk: Desk) -> Request:
    request = desk.device.request(NEW, GOOD)
    assert desk.presigner.answer(request).status == 200
    desk.audit.clear()
    return request


def replayed_to_another_place(desk: Desk) -> Request:
    good = desk.device.request(NEW, {"items": [GOOD]})
    return Request(method="POST", path=BATCH, body=good.body, headers=good.headers)


def by(name: str, secret: str = "") -> Make:
    return lambda desk: Device(desk, name, secret).request(NEW, GOOD)


def as_another(desk: Desk) -> Request:
    """Signed with one device's secret, and another's name written on it."""
    good = desk.device.request(NEW, GOOD)
    forged = header(good).replace("dev001:", "dev002:")
    return Request(method="POST", path=NEW, body=good.body, headers={"authorization": forged})


U = "unauthorized"
UNAUTHORIZED: list[tuple[str, Make]] = [
    ("no credentials", with_header("")),
    ("the scheme alone", with_header("Sealift-HMAC-SHA256")),
    ("another scheme", with_header("Bearer abc")),
    ("basic", with_header("Basic ZGV2MDAxOng=")),
    ("malformed", with_header("Sealift-HMAC-SHA256 x")),
    ("short nonce", with_header("Sealift-HMAC-SHA256 d:1737973800:n:DIGITS")),
    ("device with a slash", with_header("Sealift-HMAC-SHA256 a/b:1737973800:NONCE:DIGITS")),
    ("not ASCII digits", with_header("Sealift-HMAC-SHA256 d:١٧٣٧٩٧٣٨٠٠:NONCE:DIGITS")),
    ("made-up signature", with_header("Sealift-HMAC-SHA256 dev001:1737973800:NONCE:DIGITS")),
    ("wrong secret", by("dev001", "0" * 64)),
    ("another device's name", as_another),
    ("another master key", by("dev001", device_secret("x" * 32, "dev001"))),
    ("a later secret than counts", by("dev001", device_secret(MASTER, "dev001", 2))),
    ("revoked", by("lost")),
    ("first secret after it was replaced", by("renewed")),
    ("body changed", altered(body=b"{}")),
    ("method changed", altered(method="POST", path=BATCH)),
    ("query added", altered(query="a=b")),
    ("replayed", replayed),
    ("replayed elsewhere", replayed_to_another_place),
    ("an hour old", stale(-3600)),
    ("just outside the window", stale(-301)),
    ("from the future", stale(302)),
]  # fmt: skip

REFUSED: list[tuple[str, Make, int, str]] = [
    ("nothing there", sent("POST", "/"), 404, "not_found"),
    ("another path", sent("POST", "/ingest/old"), 404, "not_found"),
    ("below a path", sent("POST", "/ingest/new/x"), 404, "not_found"),
    ("encoded path", sent("POST", "/ingest%2Fnew"), 404, "not_found"),
    ("GET new", sent("GET", NEW), 405, "method_not_allowed"),
    ("PUT new", sent("PUT", NEW), 405, "method_not_allowed"),
    ("DELETE batch", sent("DELETE", BATCH), 405, "method_not_allowed"),
    ("POST item", sent("POST", ITEM), 405, "method_not_allowed"),
    ("too large", raw(b" " * (MAX_BODY_BYTES + 1)), 413, "body_too_large"),
    ("empty", raw(b""), 400, "malformed_json"),
    ("cut off", raw(b'{"filename": "a'), 400, "malformed_json"),
    ("no UTF-8", raw(b'{"filename": "\xff"}'), 400, "malformed_json"),
    ("NaN", raw(b'{"content_length": NaN}'), 400, "malformed_json"),
    ("a list", raw(b"[]"), 400, "malformed_json"),
    ("a number", raw(b"1"), 400, "malformed_json"),
    ("deep", raw(b"[" * 5000), 400, "malformed_json"),
    ("a form", raw(b"filename=a&device_id=b"), 400, "malformed_json"),
    ("lone surrogate", raw(b'{"filename": "\\ud800"}'), 400, "malformed_json"),
    ("nothing said", raw(b"{}"), 422, "missing_field"),
    ("no filename", new(filename=...), 422, "missing_field"),
    ("no length", new(content_length=...), 422, "missing_field"),
    ("no sha256", new(sha256=...), 422, "missing_field"),
    ("no md5", new(md5=...), 422, "missing_field"),
    ("a key of its own", new(key="uploads/dev002/x"), 422, "unknown_field"),
    ("a bucket of its own", new(bucket="other"), 422, "unknown_field"),
    ("an odd field", new(**{"\u202e\n": 1}), 422, "unknown_field"),
    ("another device", new(device_id="dev002"), 403, "device_mismatch"),
    ("device in other case", new(device_id="DEV001"), 403, "device_mismatch"),
    ("device no text", new(device_id=1), 422, "invalid_field"),
    ("device empty", new(device_id=""), 422, "invalid_field"),
    ("filename no text", new(filename=["a"]), 422, "invalid_field"),
    ("filename empty", new(filename=""), 422, "invalid_filename"),
    ("dot dot", new(filename=".."), 422, "invalid_filename"),
    ("path", new(filename="../dev002/x"), 422, "invalid_filename"),
    ("absolute", new(filename="/etc/passwd"), 422, "invalid_filename"),
    ("over-long", new(filename="a" * 256), 422, "invalid_filename"),
    ("length a text", new(content_length="2"), 422, "invalid_field"),
    ("length a fraction", new(content_length=2.5), 422, "invalid_field"),
    ("length true", new(content_length=True), 422, "invalid_field"),
    ("length negative", new(content_length=-1), 422, "invalid_field"),
    ("length huge", new(content_length=2**63), 422, "invalid_field"),
    ("length over the limit", new(content_length=1001), 422, "length_over_limit"),
    ("sha256 short", new(sha256="ab"), 422, "invalid_field"),
    ("sha256 upper case", new(sha256="A" * 64), 422, "invalid_field"),
    ("sha256 with newline", new(sha256="a" * 64 + "\n"), 422, "invalid_field"),
    ("sha256 null", new(sha256=None), 422, "invalid_field"),
    ("md5 base64", new(md5="1B2M2Y8AsgTpgAmY7PhCfg=="), 422, "invalid_field"),
    ("type with newline", new(content_type="a/b\r\nx-amz-acl: public-read"), 422, "invalid_field"),
    ("type without slash", new(content_type="json"), 422, "invalid_field"),
    ("encoding unknown", new(content_encoding="br"), 422, "invalid_field"),
    ("item id of version 4", new(item_id=ITEM_ID.replace("-7f", "-4f")), 422, "invalid_field"),
    ("item id upper case", new(item_id=ITEM_ID.upper()), 422, "invalid_field"),
    ("item id after 9700", new(item_id=f"ffffffff-ffff{ITEM_ID[13:]}"), 422, "invalid_field"),
    ("item id a number", new(item_id=7), 422, "invalid_field"),
    ("metadata a text", new(metadata="a=b"), 422, "invalid_field"),
    ("metadata our own", new(metadata={"sealift-id": "x"}), 422, "invalid_field"),
    ("metadata header split", new(metadata={"a": "b\r\nc: d"}), 422, "invalid_field"),
    ("metadata name with colon", new(metadata={"a:b": "c"}), 422, "invalid_field"),
    ("metadata not ASCII", new(metadata={"a": "é"}), 422, "invalid_field"),
    ("metadata too much", new(metadata={"a": "b" * 600, "c": "d" * 600}), 422, "invalid_field"),
    ("minimal", raw(b'{"filename": "a"}'), 422, "minimal_refused"),
    ("batch without items", batch({}), 422, "missing_field"),
    ("batch of nothing", batch({"items": []}), 422, "batch_size"),
    ("batch of 101", batch({"items": [GOOD] * 101}), 422, "batch_size"),
    ("batch no list", batch({"items": {}}), 422, "invalid_field"),
    ("batch and more", batch({"items": [GOOD], "url": "x"}), 422, "unknown_field"),
    ("batch for another", batch({"device_id": "dev002", "items": [GOOD]}), 403, "device_mismatch"),
    ("look without filename", ask(), 422, "missing_field"),
    ("look at no id", ask("x", filename="a"), 422, "invalid_field"),
    ("look at another's", ask(filename="a", device_id="dev002"), 403, "device_mismatch"),
    ("look by key", ask(key="uploads/dev002/x"), 422, "unknown_field"),
    ("look at a path", ask(filename="../x"), 422, "invalid_filename"),
    ("look, and no store", ask(filename="a"), 502, "store_unavailable"),
]  # fmt: skip


def strict_desk() -> Desk:
    return Desk(
        auth=HmacAuth([MASTER], {"lost": REVOKED, "renewed": 2}),
        terms=Terms(allow_minimal=False, max_bytes=1000),
        look=seen(500),
    )


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [pytest.param(*rest, id=name) for name, *rest in REFUSED],
)
def test_a_bad_request_is_refused_with_its_code_and_without_a_url(
    make: Make, status: int, code: str
) -> None:
    desk = strict_desk()
    answer = desk.presigner.answer(make(desk))
    assert (answer.status, read(answer)[1]["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert b"X-Amz" not in answer.body + desk.written
    assert b"http" not in answer.body + desk.written
    assert desk.counted == {code: 1}
    assert [line["event"] for line in desk.audit] == ["presigner.refused"]


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in UNAUTHORIZED])
def test_32_whoever_proves_nothing_gets_the_same_answer_whatever_the_reason(make: Make) -> None:
    desk = strict_desk()
    answer = desk.presigner.answer(make(desk))
    reference = strict_desk().presigner.answer(Request(method="POST", path=NEW))
    assert answer == reference
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Sealift-HMAC-SHA256"
    [line] = desk.audit
    assert (line["event"], line["code"]) == ("presigner.refused", "unauthorized")
    assert line["reason"]


def test_the_audit_tells_the_reasons_apart() -> None:
    reasons = {}
    for name, make in UNAUTHORIZED:
        desk = strict_desk()
        desk.presigner.answer(make(desk))
        reasons[name] = desk.audit[0]["reason"]
    assert reasons["replayed"] == "replayed"
    assert reasons["revoked"] == "revoked"
    assert reasons["an hour old"] == reasons["from the future"] == "outside the time window"
    assert reasons["wrong secret"] == reasons["body changed"] == "wrong signature"


def test_a_bad_item_does_not_spoil_its_batch() -> None:
    desk = strict_desk()
    items = [GOOD, {**GOOD, "filename": ".."}, "x", {**GOOD, "device_id": "dev002"}, GOOD]
    status, answer = desk.device.post(BATCH, {"items": items})
    codes = [item.get("problem", {}).get("code", "") for item in answer["items"]]
    assert status == 200
    assert codes == ["", "invalid_filename", "invalid_field", "unknown_field", ""]
    assert ["url" in item for item in answer["items"]] == [True, False, False, False, True]


def test_who_asks_too_often_is_told_how_long_to_wait() -> None:
    desk = Desk(limits=Limits(per_second=2.0, burst=3))
    assert [desk.device.new(GOOD)[0] for _ in range(3)] == [200] * 3
    refused = desk.presigner.answer(desk.device.request(NEW, GOOD))
    assert (refused.status, read(refused)[1]["code"]) == (429, "rate_limited")
    assert refused.headers["retry-after"] == "1"
    assert Device(desk, "dev002").new(GOOD)[0] == 200  # another's quota is its own
    desk.now += 0.5
    assert [desk.device.new(GOOD)[0] for _ in range(2)] == [200, 429]


def test_the_day_s_quota_counts_files_and_bytes_until_midnight() -> None:
    desk = Desk(limits=Limits(files_per_day=3, bytes_per_day=10))
    answers = [desk.device.new({**GOOD, "content_length": length}) for length in (6, 5, 4, 0, 0)]
    assert [status for status, _ in answers] == [200, 429, 200, 200, 429]
    assert answers[1][1]["code"] == "daily_quota"
    desk.now += 86_400
    assert desk.device.new({**GOOD, "content_length": 10})[0] == 200


def test_a_fault_of_the_service_tells_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_url: str) -> Any:
        raise RuntimeError("the-secret-of-AWS")

    desk = Desk(look=broken)
    status, answer = desk.device.look(ITEM_ID, "a")
    assert (status, answer["code"]) == (500, "internal")
    assert "RuntimeError in broken" in caplog.text
    assert "the-secret" not in caplog.text + str(answer)
