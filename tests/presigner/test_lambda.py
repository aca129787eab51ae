"""The Lambda function answers the events of HTTP APIs and of function URLs."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sealift.errors import ConfigError
from sealift.presigner import aws_lambda
from sealift.presigner.exchange import Request
from tests.presigner.rig import ITEM_ID, MASTER, Desk, order

BODY = b'{"text": "hello"}'


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a function; its keys end with its session."""
    for name, value in {
        "SEALIFT_PRESIGNER__BUCKET": "inbox",
        "SEALIFT_PRESIGNER__MASTER_KEY": MASTER,
        "SEALIFT_PRESIGNER__OLD_MASTER_KEY": "",
        "SEALIFT_PRESIGNER__REVOKED": "lost, renewed:2",
        "AWS_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "the-secret",
        "AWS_SESSION_TOKEN": "the-token",
    }.items():
        monkeypatch.setenv(name, value)
    aws_lambda._presigner.cache_clear()
    yield
    aws_lambda._presigner.cache_clear()


def event(request: Request, **changes: Any) -> dict[str, Any]:
    """Payload format 2.0, as HTTP APIs and function URLs send it.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    """
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": {
            **request.headers,
            "content-type": "application/json",
            "x-forwarded-for": "198.51.100.1",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abc123xyz",
            "domainName": "abc123xyz.lambda-url.us-west-2.on.aws",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "x",
            },
            "requestId": "id",
            "stage": "$default",
            "time": "27/Jan/2025:10:30:00 +0000",
            "timeEpoch": 1737973800250,
        },
        "body": request.body.decode() or None,
        "isBase64Encoded": False,
        **changes,
    }


def call(request: Request, **changes: Any) -> tuple[int, dict[str, Any]]:
    answer = aws_lambda.handler(event(request, **changes), None)
    assert answer["isBase64Encoded"] is False
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.usefixtures("configured")
def test_an_event_gets_a_url_and_writes_its_audit(capsys: pytest.CaptureFixture[str]) -> None:
    device = Desk(now=time.time()).device
    status, answer = call(device.request("/ingest/new", order(BODY)))
    assert status == 200
    assert answer["url"].startswith("https://inbox.s3.us-west-2.amazonaws.com/uploads/dev001/")
    assert "X-Amz-Security-Token=the-token" in answer["url"]
    written = capsys.readouterr().out
    assert json.loads(written)["source"] == "192.0.2.7"
    assert "the-secret" not in written
    assert "the-token" not in written


@pytest.mark.usefixtures("configured")
def test_a_body_in_base64_and_a_stage_before_the_path_are_understood() -> None:
    device = Desk(now=time.time()).device
    for path in ("/ingest/new", "/prod/ingest/new"):
        request = device.request(path, order(BODY))
        encoded = base64.b64encode(request.body).decode()
        assert call(request, body=encoded, isBase64Encoded=True)[0] == 200


@pytest.mark.usefixtures("configured")
def test_a_batch_and_a_replay() -> None:
    device = Desk(now=time.time()).device
    request = device.request("/ingest/batch", {"items": [order(BODY)] * 3})
    assert len(call(request)[1]["items"]) == 3
    assert call(request)[0] == 401


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"body": None}, 401, "unauthorized"),
        ({"body": "###", "isBase64Encoded": True}, 401, "unauthorized"),
        ({"headers": None}, 401, "unauthorized"),
        ({"rawPath": "/"}, 404, "not_found"),
        ({"rawPath": None}, 404, "not_found"),
        ({"requestContext": None}, 405, "method_not_allowed"),
        ({"requestContext": {"http": {"method": "GET"}}}, 405, "method_not_allowed"),
    ],
)
def test_a_bad_event_is_a_problem_and_no_crash(
    changes: dict[str, Any], status: int, code: str
) -> None:
    device = Desk(now=time.time()).device
    got = call(device.request("/ingest/new", order(BODY)), **changes)
    assert (got[0], got[1]["code"]) == (status, code)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "authorizer",
    [{"lambda": {"device_id": "dev007"}}, {"jwt": {"claims": {"sub": "dev007"}, "scopes": None}}],
)
def test_an_authorizer_s_word_counts_if_the_service_is_set_so(
    monkeypatch: pytest.MonkeyPatch, authorizer: dict[str, Any]
) -> None:
    monkeypatch.setenv("SEALIFT_PRESIGNER__AUTH", "gateway")
    monkeypatch.setenv("SEALIFT_PRESIGNER__REVOKED", "")
    request = Request(method="POST", path="/ingest/new", body=json.dumps(order(BODY)).encode())
    good = event(request)
    good["requestContext"]["authorizer"] = authorizer
    assert json.loads(aws_lambda.handler(good, None)["body"])["key"].startswith("uploads/dev007/")
    assert call(request)[0] == 401


def test_a_function_without_settings_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEALIFT_PRESIGNER__BUCKET", raising=False)
    aws_lambda._presigner.cache_clear()
    with pytest.raises(ConfigError, match="bucket is missing"):
        aws_lambda.handler(event(Request(method="GET", path=f"/ingest/items/{ITEM_ID}")), None)


def test_a_cold_start_imports_nothing_heavy() -> None:
    """What makes it fast, in a form that a busy machine does not change; the bench has seconds."""
    heavy = {"boto3", "botocore", "obstore", "starlette", "uvicorn", "jwt", "prometheus_client"}
    code = "import sys, sealift.presigner.aws_lambda; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert not heavy & set(shown.stdout.split())
