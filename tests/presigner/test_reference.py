"""The wire contract in docs/reference is what the code says, and what the service does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sealift.presigner.auth import Unproven
from sealift.presigner.exchange import Request
from sealift.presigner.issuing import bearer_token
from sealift.presigner.openapi import describe
from tests.presigner.reference import pages
from tests.presigner.rig import Desk, order
from tests.presigner.running import serving, settings
from tests.presigner.test_bad_requests import REFUSED, strict_desk
from tests.reference import FOLDER
from tests.servers import Bucket


@pytest.mark.parametrize("name", ["presigner.md", "openapi.json"])
def test_the_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], "Run: python -m tests.presigner.reference"


def schema(name: str) -> Draft202012Validator:
    described = describe()
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    )


def test_what_the_service_takes_and_answers_is_as_described() -> None:
    desk = Desk()
    body = order(b"{}", device_id="dev001", content_encoding="gzip", metadata={"a": "b"})
    schema("Full").validate(body)
    schema("Upload").validate(desk.device.new(body)[1])
    schema("Minimal").validate({"device_id": "d", "filename": "x"})


@pytest.mark.parametrize(("make", "status"), [(make, status) for _, make, status, _ in REFUSED])
def test_every_refusal_is_a_described_problem(make: object, status: int) -> None:
    answer = strict_desk().presigner.answer(make(strict_desk()))  # type: ignore[operator]
    schema("Problem").validate(json.loads(answer.body))
    operations = [one for path in describe()["paths"].values() for one in path.values()]
    described = {code for operation in operations for code in operation["responses"]}
    assert str(answer.status) in described | {"404", "405"}
    assert answer.status in {status, 401}


@pytest.mark.server
def test_schemathesis_finds_nothing(tmp_path: Path, ministack_bucket: Bucket) -> None:
    """Requests by the description and against it, by the hundred, at the running service."""
    issued = bearer_token("dev001", os.urandom)
    (tmp_path / "tokens").write_text(issued.line)
    environ = settings(
        ministack_bucket.name,
        ministack_bucket.server,
        auth="tokens",
        tokens_file="tokens",
        rate_per_second="0",
    )
    with serving(tmp_path, environ, "--audit", "audit.log") as url:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                *("run", str(FOLDER / "openapi.json"), "--url", url, "--seed", "7"),
                *("--header", f"Authorization: Bearer {issued.token}", "--max-examples", "40"),
                *("--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
                *("--no-color", "--request-timeout", "10"),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
    assert done.returncode == 0, done.stdout
    audit = [json.loads(line) for line in (tmp_path / "audit.log").read_text().splitlines()]
    assert {"presigner.signed", "presigner.refused"} == {line["event"] for line in audit}
    assert "internal" not in {line.get("code") for line in audit}


def test_an_old_client_s_request_is_taken_as_it_is() -> None:
    desk = Desk(auth=Unproven())
    body = json.dumps({"device_id": "dev001", "filename": "conversation_123.json"}).encode()
    answer = desk.presigner.answer(Request(method="POST", path="/prod/ingest/new", body=body))
    assert json.loads(answer.body).keys() == {"url", "key"}
