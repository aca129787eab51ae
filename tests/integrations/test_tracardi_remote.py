"""The remote service as Tracardi and its pages call it: a process, over the network."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealift.integrations.tracardi_remote import OwnAccess, RemoteService
from sealift.integrations.tracardi_remote_app import MAX_BODY_BYTES, Access, build_app
from tests.cli.commands import run
from tests.integrations.tracardi_service import (
    BEARER,
    BOTH,
    GUI,
    NODE,
    RESOURCE,
    SERVICE,
    TOKEN,
    Service,
    running,
    serving,
)

CALLS = [
    ("GET", "/services"),
    ("GET", f"/actions?{SERVICE}"),
    ("GET", f"/plugin/form?{BOTH}"),
    ("GET", f"/plugin/registry?{SERVICE}"),
    ("GET", f"/service/resource?{SERVICE}"),
    ("POST", f"/service/resource/validate?{SERVICE}"),
    ("POST", f"/plugin/validate?{BOTH}"),
    ("POST", f"/plugin/run?{BOTH}"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("service"), "--gui-origin", GUI) as running:
        yield running


def test_the_pages_find_service_action_and_form(service: Service) -> None:
    services = service.get("/services")
    assert services["total"] == len(services["result"]) == 1
    [found] = services["result"]
    actions = service.get(f"/actions?service_id={found}")
    assert actions["total"] == len(actions["result"]) == 1
    [action] = actions["result"]
    form = service.get(f"/plugin/form?service_id={found}&action_id={action}")
    [group] = form["form"]["groups"]
    assert [field["id"] for field in group["fields"]] == list(form["init"]) == list(NODE)
    assert form["init"] == {**NODE, "s3_bucket": ""}


def test_the_secret_is_asked_for_in_the_resource_and_never_in_a_node(service: Service) -> None:
    """Tracardi writes a remote node's configuration into its log."""
    resource = service.get(f"/service/resource?{SERVICE}")
    fields = [field for group in resource["form"]["groups"] for field in group["fields"]]
    assert {field["id"] for field in fields} == set(resource["init"]) == set(RESOURCE)
    kinds = {field["id"]: field["component"]["type"] for field in fields}
    assert kinds["aws_secret_access_key"] == "password"
    status, said = service.post(
        f"/plugin/validate?{BOTH}", {"config": {**NODE, **RESOURCE}, "credentials": None}
    )
    assert (status, said["aws_secret_access_key"]) == (422, "There is no such field.")


def test_the_node_is_tracardis_own_with_its_two_ports(service: Service) -> None:
    plugin = service.get(f"/plugin/registry?{SERVICE}")
    spec = plugin["spec"]
    assert spec["module"] == "tracardi.process_engine.action.v1.microservice.plugin"
    assert spec["className"] == "MicroserviceAction"
    assert (spec["version"], spec["inputs"]) == ("0.9.0", ["payload"])
    assert spec["outputs"] == ["response", "error"]
    assert plugin["metadata"]["remote"] is True
    assert list(plugin["metadata"]["documentation"]["outputs"]) == spec["outputs"]


def test_a_resource_is_checked_before_it_is_kept(service: Service) -> None:
    target = f"/service/resource/validate?{SERVICE}"
    assert service.post(target, RESOURCE) == (200, True)
    assert service.post(target, {}) == (200, True)
    both = "Give both keys, or neither to use the service's own credentials."
    assert service.post(target, {**RESOURCE, "aws_access_key_id": " "}) == (
        422,
        {"aws_access_key_id": both},
    )
    status, said = service.post(target, {**RESOURCE, "region": "Frankfurt"})
    assert (status, list(said)) == (422, ["region"])


def test_the_services_own_credentials_go_to_no_endpoint_of_a_resource(service: Service) -> None:
    status, said = service.post(
        f"/service/resource/validate?{SERVICE}", {"endpoint_url": "http://collector.example.com"}
    )
    assert (status, list(said)) == (422, ["endpoint_url"])
    status, ran = service.post(
        f"/plugin/run?{BOTH}",
        running(resource={"endpoint_url": "http://collector.example.com"}),
    )
    assert (status, ran["result"]["port"]) == (200, "error")
    assert "An endpoint needs keys of its own" in ran["result"]["value"]["error"]


def test_a_node_is_checked_and_given_back_as_it_is_kept(service: Service) -> None:
    target = f"/plugin/validate?{BOTH}"
    assert service.post(target, {"config": {"s3_bucket": " segments "}, "credentials": None}) == (
        200,
        NODE,
    )
    assert service.post(target, {"config": NODE, "credentials": RESOURCE}) == (200, NODE)
    assert service.post(target, {"config": {**NODE, "s3_bucket": ""}}) == (
        422,
        {"s3_bucket": "S3 Bucket can not be empty."},
    )
    assert service.post(target, {"config": {"merge": 1, "s3_bucket": "segments"}}) == (
        422,
        {"merge": "This must be a text."},
    )


@pytest.mark.parametrize(
    ("node", "resource", "said"),
    [
        ({}, RESOURCE, "The node's configuration is wrong: s3_bucket: S3 Bucket can not be empty."),
        (NODE, {"aws_access_key_id": "A"}, "Give both keys, or neither"),
    ],
)
def test_a_wrong_configuration_leaves_by_the_port_error(
    service: Service, node: Any, resource: Any, said: str
) -> None:
    status, ran = service.post(f"/plugin/run?{BOTH}", running(node, resource, {}))
    assert (status, ran["result"]["port"]) == (200, "error")
    assert said in ran["result"]["value"]["error"]
    assert ran["console"] == {
        "infos": [],
        "warnings": [],
        "errors": [ran["result"]["value"]["error"]],
    }


@pytest.mark.parametrize(("method", "target"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": TOKEN},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {TOKEN}0"},
        {"authorization": "Bearer " + "é".encode().decode("latin-1")},
    ],
)
def test_without_the_token_every_call_is_refused_alike(
    service: Service, method: str, target: str, headers: dict[str, str]
) -> None:
    status, body, heads = service.ask(method, target, b"{}" if method == "POST" else None, headers)
    assert status == 401
    assert json.loads(body) == {
        "detail": "This needs the service's token, as: Authorization: Bearer TOKEN."
    }
    assert heads["www-authenticate"] == "Bearer"


def test_a_page_without_the_token_is_refused_with_403(service: Service) -> None:
    """Tracardi's pages log their user out at a 401, whoever sent it."""
    status, body, heads = service.ask("GET", "/services", None, {"origin": GUI})
    assert status == 403
    assert "token" in json.loads(body)["detail"]
    assert heads["access-control-allow-origin"] == GUI


def test_the_pages_exchange_the_token_for_itself(service: Service) -> None:
    assert json.loads(service.ask("GET", f"/api-key/{TOKEN}", None, {})[1]) == {
        "access_token": TOKEN
    }
    for wrong in (TOKEN[:-1], f"{TOKEN}0", "%FF%00", "x"):
        status, body, _ = service.ask("GET", f"/api-key/{wrong}", None, {"origin": GUI})
        assert (status, json.loads(body)) == (403, {"detail": "This is not the service's token."})


def test_only_the_pages_named_may_call_from_a_browser(service: Service) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-context",
    }
    for origin, allowed in ((GUI, GUI), ("https://evil.example.com", None)):
        status, _, heads = service.ask(
            "OPTIONS", f"/plugin/form?{BOTH}", None, {"origin": origin, **asked}
        )
        assert (status == 200) is (allowed is not None)
        assert heads.get("access-control-allow-origin") == allowed
    _, _, heads = service.ask("GET", "/services", None, {**BEARER, "origin": "https://evil.com"})
    assert "access-control-allow-origin" not in heads


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "said"),
    [
        ("GET", "/", None, 404, "There is nothing at this path."),
        ("POST", "/services", b"{}", 405, "The path does not take this method."),
        ("GET", f"/plugin/run?{BOTH}", None, 405, "The path does not take this method."),
        ("GET", "/actions", None, 404, "There is no such service here; GET /services lists them."),
        (
            "GET",
            f"/plugin/form?{SERVICE}&action_id=x",
            None,
            404,
            "There is no such action here; GET /actions lists them.",
        ),
        ("POST", f"/plugin/run?{BOTH}", b"", 400, "The body is not JSON."),
        ("POST", f"/plugin/run?{BOTH}", b"{", 400, "The body is not JSON."),
        ("POST", f"/plugin/run?{BOTH}", b"[" * 100_000, 400, "The body is not JSON."),
        ("POST", f"/plugin/run?{BOTH}", b"\xff{}", 400, "The body is not JSON."),
        ("POST", f"/plugin/run?{BOTH}", b"[]", 400, "It must be a JSON object: the body."),
        ("POST", f"/plugin/run?{BOTH}", b"{}", 400, "It must be a JSON object: init."),
        (
            "POST",
            f"/plugin/run?{BOTH}",
            b'{"init": {}, "params": 1}',
            400,
            "It must be a JSON object: params.",
        ),
        ("POST", f"/plugin/validate?{BOTH}", b"{}", 400, "It must be a JSON object: config."),
        (
            "POST",
            f"/service/resource/validate?{SERVICE}",
            b"7",
            400,
            "It must be a JSON object: the resource.",
        ),
        (
            "POST",
            f"/plugin/run?{BOTH}",
            b" " * (MAX_BODY_BYTES + 1),
            413,
            "The body is over 4,194,304 bytes.",
        ),
    ],
)
def test_a_bad_request_is_answered_with_one_sentence(
    service: Service, method: str, target: str, body: bytes | None, status: int, said: str
) -> None:
    got, answer, heads = service.ask(method, target, body)
    assert (got, json.loads(answer)) == (status, {"detail": said})
    assert heads["content-type"] == "application/json"


def test_a_body_that_does_not_end_is_given_up() -> None:
    """The one thing that is asked of the app itself: the process waits longer than a test may."""
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not said:
            said.append(None)
            return {"type": "http.request", "body": b"{", "more_body": True}
        return await asyncio.Future()

    async def send(message: Any) -> None:
        said.append(message)

    async def nowhere(_place: object, _payload: object) -> str:
        raise AssertionError

    service = RemoteService(OwnAccess(), nowhere)
    app = build_app(service, Access(token=TOKEN), body_seconds=0.05)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/plugin/run",
        "query_string": BOTH.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in BEARER.items()],
    }
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))
    assert said[1]["status"] == 408
    assert json.loads(said[2]["body"]) == {"detail": "The body took too long to come."}


def test_whoever_watches_it_needs_no_token(service: Service) -> None:
    assert service.ask("GET", "/healthz", None, {})[:2] == (200, b"ok\n")


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        ([], {}, "SEALIFT_TRACARDI_TOKEN, which is not set"),
        ([], {"SEALIFT_TRACARDI_TOKEN": "short"}, "must be at least 32 of"),
        ([], {"SEALIFT_TRACARDI_TOKEN": "/" * 40}, "must be at least 32 of"),
        (["--token-file", "none"], {}, "none, which cannot be read"),
        (["--gui-origin", "cdp.example.com"], {}, "'cdp.example.com' is no origin"),
        (["--gui-origin", f"{GUI}/x"], {}, "is no origin"),
        (["--endpoint-url", "minio"], {}, "Endpoint must be http"),
        (["--host", "192.0.2.1"], {"SEALIFT_TRACARDI_TOKEN": TOKEN}, "cannot listen on 192.0.2.1"),
    ],
)
def test_it_does_not_start_without_what_it_needs(
    tmp_path: Path, arguments: list[str], environ: dict[str, str], said: str
) -> None:
    done = run("tracardi", "serve", "--port", "0", *arguments, home=tmp_path, **environ)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_token_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with serving(tmp_path, "--token-file", "token", SEALIFT_TRACARDI_TOKEN="") as found:
        assert found.get("/services")["total"] == 1
