"""The installed service, over the network."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from sealift.errors import ConfigError
from sealift.presigner.app import PresignerApp, build_app
from sealift.presigner.audit_file import AuditFile
from sealift.presigner.auth_hmac import device_secret
from sealift.presigner.exchange import Request
from sealift.presigner.options import load_options
from tests.cli.commands import run, start
from tests.presigner.rig import MASTER, Desk, order, put
from tests.presigner.running import send, serving, settings
from tests.servers import Bucket

BODY = b'{"text": "hello"}'
NOWHERE = {
    "SEALIFT_PRESIGNER__BUCKET": "inbox",
    "SEALIFT_PRESIGNER__REGION": "us-west-2",
    "SEALIFT_PRESIGNER__ACCESS_KEY_ID": "AKIAEXAMPLE",
    "SEALIFT_PRESIGNER__SECRET_ACCESS_KEY": "the-secret",
    "SEALIFT_PRESIGNER__MASTER_KEY": MASTER,
}


def a_device() -> Desk:
    """A desk only lends its device; its clock is the real one."""
    return Desk(now=time.time())


@pytest.mark.server
def test_a_file_arrives_by_the_running_service(tmp_path: Path, ministack_bucket: Bucket) -> None:
    environ = settings(ministack_bucket.name, ministack_bucket.server)
    device = a_device().device
    with serving(tmp_path, environ, "--audit", "audit.log") as url:
        request = device.request("/ingest/new", order(BODY))
        status, body, headers = send(url, request)
        assert (status, headers["cache-control"]) == (200, "no-store")
        assert "date" in headers
        assert "server" not in headers
        answer = json.loads(body)
        assert put(answer["url"], BODY, answer["headers"])[0] == 200
        assert send(url, request)[0] == 401  # replayed
        look = device.request(
            f"/ingest/items/{answer['item_id']}",
            method="GET",
            query={"filename": "conversation_123.json"},
        )
        assert json.loads(send(url, look)[1])["stored"] is True
        batch = device.request("/ingest/batch", {"items": [order(BODY)] * 100})
        assert len(json.loads(send(url, batch)[1])["items"]) == 100
        metrics = send(url, Request(method="GET", path="/metrics"))[1].decode()
        assert 'sealift_presigner_outcomes_total{outcome="signed"} 101.0' in metrics
        assert 'sealift_presigner_outcomes_total{outcome="unauthorized"} 1.0' in metrics
        assert send(url, Request(method="GET", path="/healthz"))[:2] == (200, b"ok\n")
        assert send(url, Request(method="GET", path="/"))[0] == 404
        described = json.loads(send(url, Request(method="GET", path="/openapi.json"))[1])
        assert described["openapi"] == "3.1.0"
    audit = (tmp_path / "audit.log").read_text().splitlines()
    assert len(audit) == 102
    assert "X-Amz" not in "".join(audit)
    assert json.loads(audit[0])["source"] == "127.0.0.1"
    assert ministack_bucket.raw_get(answer["key"]) == BODY


def test_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    device = a_device().device
    with serving(tmp_path, NOWHERE) as url:
        request = device.request("/ingest/new", b" " * 600_000)
        status, body, _ = send(url, request)
        assert (status, json.loads(body)["code"]) == (413, "body_too_large")
        assert send(url, device.request("/ingest/new", order(BODY)))[0] == 200


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return await asyncio.get_running_loop().create_future()

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/ingest/new"}
    with (tmp_path / "audit").open("ab", buffering=0) as audit:
        app = PresignerApp(
            a_device().presigner, AuditFile(audit), CollectorRegistry(), body_seconds=0.05
        )
        asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "body_too_slow"


def test_a_proxy_s_word_on_the_address_counts_only_if_it_is_named(tmp_path: Path) -> None:
    device = a_device().device
    for arguments, source in ((), "127.0.0.1"), (("--forwarded-by", "127.0.0.1"), "203.0.113.9"):
        file = tmp_path / f"{source}.log"
        with serving(tmp_path, NOWHERE, "--audit", str(file), *arguments) as url:
            request = device.request("/ingest/new", order(BODY))
            headers = {**request.headers, "x-forwarded-for": "203.0.113.9"}
            request = Request(method="POST", path="/ingest/new", body=request.body, headers=headers)
            assert send(url, request)[0] == 200
        assert json.loads(file.read_text())["source"] == source


def test_the_audit_goes_to_standard_output_and_a_signal_ends_the_service(tmp_path: Path) -> None:
    device = a_device().device
    process = start("presigner", "serve", "--port", "0", home=tmp_path, **NOWHERE)
    assert process.stderr
    url = process.stderr.readline().split()[-1]
    assert send(url, device.request("/ingest/new", order(BODY)))[0] == 200
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=20)
    assert json.loads(output)["event"] == "presigner.signed"
    assert "Traceback" not in errors
    assert "the-secret" not in output + errors


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"MASTER_KEY": "short"}, "master_key of at least 32 bytes"),
        ({"MASTER_KEY": ""}, "master_key of at least 32 bytes"),
        ({"AUTH": "tokens"}, "auth = tokens needs tokens_file"),
        ({"AUTH": "tokens", "TOKENS_FILE": "none.txt"}, "cannot be read"),
        ({"AUTH": "jwt"}, "jwt_issuer"),
        ({"AUTH": "gateway"}, "Lambda"),
        ({"AUTH": "nothing"}, "hmac, tokens, jwt, gateway or none"),
        ({"REGION": ""}, "region is missing"),
        ({"BUCKET": "No"}, "bucket 'No'"),
        ({"PREFIX": "a"}, "prefix must end with a slash"),
        ({"LIFE_SECONDS": "9"}, "life_seconds must be 15"),
        ({"REVOKED": "a/b"}, "names no device"),
        ({"REVOKED": "a:1"}, "DEVICE:2"),
        ({"BUKET": "x"}, "Did you mean bucket?"),
    ],
)
def test_wrong_settings_are_told_before_anything_starts(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    environ = {**NOWHERE, **{f"SEALIFT_PRESIGNER__{name}": v for name, v in changes.items()}}
    with pytest.raises(ConfigError) as refused:
        build_app(load_options(None, environ), BytesIO())
    assert said in str(refused.value)
    assert "the-secret" not in str(refused.value)


def test_a_url_whose_line_cannot_be_written_does_not_leave(tmp_path: Path) -> None:
    device = a_device().device
    with serving(tmp_path, NOWHERE, "--audit", "/dev/full") as url:
        for _ in range(2):
            status, body, _ = send(url, device.request("/ingest/new", order(BODY)))
            assert (status, json.loads(body)["code"]) == (500, "internal")
            assert b"X-Amz" not in body


def test_lines_that_cannot_be_written_do_not_pile_up() -> None:
    class Full(BytesIO):
        is_full = True

        def write(self, lines: object) -> int:
            if self.is_full:
                raise OSError(28, "No space left on device")
            return super().write(lines)  # type: ignore[arg-type]

    async def ask(app: PresignerApp) -> int:
        sent: list[dict[str, int]] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"{}"}

        async def send(message: dict[str, int]) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/ingest/new"}
        await app(scope | {"query_string": b"", "headers": []}, receive, send)  # type: ignore[arg-type]
        return sent[0]["status"]

    async def play() -> tuple[set[int], int]:
        file = Full()
        audit = AuditFile(file)  # type: ignore[arg-type]
        desk = Desk(now=time.time(), write=audit.add)
        app = PresignerApp(desk.presigner, audit, CollectorRegistry())
        full = {await ask(app) for _ in range(50)}
        file.is_full = False
        assert await ask(app) == 401
        return full, len(file.getvalue().splitlines())

    assert asyncio.run(play()) == ({500}, 2)


def test_settings_come_from_a_file_and_secrets_from_where_it_says(tmp_path: Path) -> None:
    (tmp_path / "master").write_text(MASTER + "\n")
    config = tmp_path / "presigner.toml"
    config.write_text(
        '[presigner]\nbucket = "inbox"\nregion = "us-west-2"\nlife_seconds = 60\n'
        'revoked = ["a", "b:2"]\nmaster_key = { file = "master" }\n'
        'secret_access_key = { env = "S" }\naccess_key_id = { env = "K" }\n'
    )
    options = load_options(config, {"S": "s", "K": "k", "SEALIFT_PRESIGNER__LIFE_SECONDS": "90"})
    assert (options.master_key, options.secret_access_key) == (MASTER, "s")
    assert options.life_seconds == 90
    assert options.generations() == {"a": 0, "b": 2}
    assert MASTER not in repr(options)


def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    with serving(tmp_path, NOWHERE) as url:
        done = run("presigner", "serve", "--port", url.rpartition(":")[2], home=tmp_path, **NOWHERE)
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_token_verb_issues_what_the_service_takes(tmp_path: Path) -> None:
    environ = {"SEALIFT_PRESIGNER__MASTER_KEY": MASTER}
    first = run("presigner", "token", "dev001", home=tmp_path, **environ)
    assert (first.returncode, first.stdout) == (0, device_secret(MASTER, "dev001") + "\n")
    second = run("presigner", "token", "dev001", "--generation", "2", home=tmp_path, **environ)
    assert second.stdout == device_secret(MASTER, "dev001", 2) + "\n"
    for arguments in (("a/b",), ("dev001", "--generation", "0")):
        done = run("presigner", "token", *arguments, home=tmp_path, **environ)
        assert (done.returncode, done.stdout) == (2, "")
    done = run("presigner", "token", "dev001", home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "master_key" in done.stderr


def test_a_bearer_token_is_issued_with_its_line_and_counts(tmp_path: Path) -> None:
    done = run("presigner", "token", "dev001", "--kind", "bearer", home=tmp_path)
    (tmp_path / "tokens").write_text(done.stderr.partition(": ")[2])
    environ = {
        **NOWHERE,
        "SEALIFT_PRESIGNER__AUTH": "tokens",
        "SEALIFT_PRESIGNER__TOKENS_FILE": "tokens",
    }
    with serving(tmp_path, environ) as url:
        for token, status in ((done.stdout.strip(), 200), ("dev001:wrong", 401)):
            request = a_device().device.request("/ingest/new", order(BODY))
            request = Request(
                method="POST",
                path="/ingest/new",
                body=request.body,
                headers={"authorization": f"Bearer {token}"},
            )
            assert send(url, request)[0] == status
    assert done.stdout.strip() not in (tmp_path / "tokens").read_text()


def test_the_template_verb_writes_the_template(tmp_path: Path) -> None:
    done = run("presigner", "template", home=tmp_path)
    assert "AWS::Serverless::Function" in done.stdout
    done = run("presigner", "template", "--requirements", home=tmp_path)
    assert done.stdout.startswith("sealift==")


def test_without_the_extra_the_verb_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['starlette'] = None\n"
        "from sealift.cli import main; main(['presigner', 'serve'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=NOWHERE, check=False
    )
    assert done.returncode == 2
    assert "sealift[presigner]" in done.stderr
