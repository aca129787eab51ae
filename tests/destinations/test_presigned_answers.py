"""What a presigner, a gateway or a captive portal answers, and the error that each becomes."""

import json
from collections.abc import Iterator

import pytest

from sealift.errors import (
    AccessDeniedError,
    BucketError,
    ClockError,
    CredentialsError,
    ItemRefusedError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    PausedError,
    SealiftError,
    StoreFullError,
    StoreRefusedError,
    ThrottledError,
    TooLargeError,
)
from sealift.presigner.problems import CODES
from sealift.testing.bucket import Answer
from tests.destinations.presigned_rig import (
    PAGE,
    PresignerServer,
    Rig,
    a_rig,
    key_of,
    order,
    problem,
    serving,
)

GATEWAY = {"Content-Type": "application/json"}


@pytest.fixture
def rig() -> Iterator[Rig]:
    with a_rig() as made:
        key_of(made.destination(), order())
        yield made


ASKED: dict[str, tuple[Answer, type[SealiftError], str]] = {
    "unauthorized": (problem(401, "unauthorized"), CredentialsError, "does not accept this device"),
    "gateway's 401": (Answer(status=401), CredentialsError, "does not accept this device"),
    "mismatch": (problem(403, "device_mismatch"), AccessDeniedError, "device_mismatch"),
    "gateway's 403": (
        Answer(status=403, headers=GATEWAY, body=b'{"message":"Forbidden"}'),
        AccessDeniedError,
        "denies this device",
    ),
    "not found": (problem(404, "not_found"), StoreRefusedError, "not_found"),
    "nothing there": (Answer(status=404, headers=GATEWAY), StoreRefusedError, "not the answer"),
    "proxy's login": (Answer(status=407), StoreRefusedError, "the proxy wants a login"),
    "rate": (
        problem(429, "rate_limited", **{"Retry-After": "7"}),
        ThrottledError,
        "rate_limited",
    ),
    "gateway's rate": (Answer(status=429), ThrottledError, "fewer requests"),
    "quota": (problem(429, "daily_quota", **{"Retry-After": "7"}), ThrottledError, "daily_quota"),
    "busy": (Answer(status=503, headers={"Retry-After": "7"}), ThrottledError, "fewer requests"),
    "down": (Answer(status=503), NotSentError, "it failed (503)"),
    "no keys": (problem(503, "credentials_unavailable"), NotSentError, "credentials_unavailable"),
    "bad gateway's page": (
        Answer(status=502, headers={"Content-Type": "text/html"}, body=b"<html>"),
        NotSentError,
        "it failed (502)",
    ),
    "internal": (problem(500, "internal"), NotSentError, "internal"),
    "login page": (PAGE, StoreRefusedError, "a web page"),
    "login by redirect": (
        Answer(status=302, headers={"Location": "http://login.example/"}),
        StoreRefusedError,
        "not the answer",
    ),
    "login by 511": (Answer(status=511), StoreRefusedError, "not the answer"),
    "blocked page": (
        Answer(status=403, headers={"Content-Type": "text/html"}),
        StoreRefusedError,
        "a web page",
    ),
    "empty": (Answer(), StoreRefusedError, "not the answer"),
    "no JSON": (Answer(headers=GATEWAY, body=b"{"), StoreRefusedError, "not the answer"),
    "a list": (Answer(headers=GATEWAY, body=b"[1]"), StoreRefusedError, "not the answer"),
    "an URL that is none": (
        Answer(headers=GATEWAY, body=b'{"items": [{"url": "file:///etc", "key": "k"}]}'),
        StoreRefusedError,
        "not the answer",
    ),
    "no key": (
        Answer(headers=GATEWAY, body=b'{"items": [{"url": "http://x/", "key": ""}]}'),
        StoreRefusedError,
        "not the answer",
    ),
    "another item": (
        Answer(
            headers=GATEWAY,
            body=b'{"items": [{"url": "http://x/", "key": "k", "item_id": "other"}]}',
        ),
        NotSentError,
        "another item",
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_that_gives_nothing_is_told_for_what_it_is(rig: Rig, name: str) -> None:
    answer, kind, says = ASKED[name]
    destination = rig.destination(form="batch")
    rig.server.script.append(answer)
    with pytest.raises(SealiftError) as told:
        destination.name_keys([order()])
    assert type(told.value) is kind
    assert says in told.value.message
    if kind is ThrottledError and "Retry-After" in answer.headers:
        assert isinstance(told.value, ThrottledError)
        assert told.value.retry_after_seconds == 7
    assert rig.puts() == []


@pytest.mark.parametrize("code", CODES)
def test_each_of_the_presigners_codes_is_known(rig: Rig, code: str) -> None:
    kinds = {
        "invalid_filename": KeyNameError,
        "length_over_limit": TooLargeError,
        "missing_field": ItemRefusedError,
        "unknown_field": ItemRefusedError,
        "invalid_field": ItemRefusedError,
    }
    body = {"items": [{"problem": {"code": code}}]}
    rig.server.script.append(Answer(headers=GATEWAY, body=json.dumps(body).encode()))
    (found,) = rig.destination(form="batch").name_keys([order()])
    assert isinstance(found, SealiftError)
    kind = kinds.get(code)
    assert type(found) is kind if kind else not isinstance(found, ItemRefusedError)


def test_a_clock_that_is_off_is_told_as_such(rig: Rig) -> None:
    rig.now -= 400
    with pytest.raises(ClockError, match="differs from its by -400 s"):
        rig.destination().probe()


def test_a_wrong_secret_pauses(rig: Rig) -> None:
    with pytest.raises(CredentialsError):
        rig.destination(secret="0" * 64).probe()


def test_a_bearer_token_is_sent_as_one(rig: Rig) -> None:
    with pytest.raises(CredentialsError):
        rig.destination(secret="", token="dev001:abc").probe()
    assert rig.server.requests[-1].headers["authorization"] == "Bearer dev001:abc"


def test_an_upload_asked_for_over_tls_is_not_sent_without_it(rig: Rig) -> None:
    client = rig.destination(url="https://presigner.example/ingest/new").presigner
    assert not client._may_use("http://store.example/key")
    assert client._may_use("https://store.example/key")


PUT: dict[str, tuple[dict[str, object], type[SealiftError]]] = {
    "denied": ({"status": 403, "code": "AccessDenied"}, AccessDeniedError),
    "signature": ({"status": 403, "code": "SignatureDoesNotMatch"}, CredentialsError),
    "no bucket": ({"status": 404, "code": "NoSuchBucket"}, BucketError),
    "elsewhere": ({"status": 307, "code": "TemporaryRedirect"}, BucketError),
    "slow down": ({"status": 503, "code": "SlowDown"}, ThrottledError),
    "failed": ({"status": 500, "code": "InternalError"}, OutcomeUnknownError),
    "conflict": ({"status": 409, "code": "Conflict"}, OutcomeUnknownError),
    "full": ({"status": 507, "code": "InsufficientStorage"}, StoreFullError),
    "too large": ({"status": 400, "code": "EntityTooLarge"}, TooLargeError),
    "page": ({"status": 404, "body": b"<html>", "code": "x"}, StoreRefusedError),
    "proxy": ({"status": 407, "body": b""}, StoreRefusedError),
}


@pytest.mark.parametrize("name", PUT)
def test_what_the_store_refuses_is_told_in_sealifts_words(rig: Rig, name: str) -> None:
    fault, kind = PUT[name]
    rig.store.fail(operation="PutObject", times=None, **fault)
    destination, one = rig.destination(), order()
    with pytest.raises(kind) as told:
        destination.put(key_of(destination, one), one.parcel, put_id=one.put_id)
    assert type(told.value) is kind
    if isinstance(told.value, PausedError) and name in {"denied", "signature"}:
        assert told.value.hint == "Tell whoever runs the presigner."
        assert len(rig.puts()) == 2, "another URL is tried once"


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        (Answer(headers={"ETag": '"x"', "x-amz-id-2": "1"}), True),
        (Answer(headers={"ETag": '"x"', "Content-Type": "text/html"}), False),
        (Answer(headers={}), False),
        (Answer(status=201, headers={"ETag": '"x"'}), False),
        (Answer(status=204, headers={"ETag": '"x"'}), False),
    ],
)
def test_a_success_without_the_marks_of_s3_is_none(
    rig: Rig, answer: Answer, *, stored: bool
) -> None:
    with serving(PresignerServer(lambda _request: answer)) as portal:
        destination, one = rig.destination(form="minimal"), order()
        given = {"url": portal.url.replace("ingest/new", "bucket/k"), "key": "k"}
        rig.server.script.append(Answer(headers=GATEWAY, body=json.dumps(given).encode()))
        key = key_of(destination, one)
        if stored:
            assert destination.put(key, one.parcel, put_id=one.put_id).etag == "x"
        else:
            with pytest.raises(OutcomeUnknownError, match="lacks the marks of S3"):
                destination.put(key, one.parcel, put_id=one.put_id)
