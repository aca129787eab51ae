"""The SAM template: what the linter says, what the role may, and a deployment that works."""

import io
import json
import subprocess
import sys
import time
import uuid
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

import sealift
from sealift.presigner.exchange import Request
from sealift.presigner.issuing import sam_template
from sealift.presigner.options import PresignerOptions
from sealift.testing.ministack import S3Server
from tests.presigner.rig import MASTER, Desk, order, put
from tests.presigner.running import send

BODY = b'{"text": "hello"}'


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as `!Ref`, as what stands behind them."""


def _short_form(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)


def template() -> dict[str, Any]:
    return yaml.load(sam_template(), _Loader)


def test_cfn_lint_finds_nothing() -> None:
    file = files("sealift.presigner").joinpath("template.yaml")
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([lint, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_role_may_put_and_look_in_its_prefix_and_nothing_else() -> None:
    policies = template()["Resources"]["Role"]["Properties"]["Policies"]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    allowed = {action: one["Resource"] for one in statements for action in one["Action"]}
    assert allowed == {
        "s3:PutObject": "${Inbox.Arn}/${Prefix}*",
        "s3:GetObject": "${Inbox.Arn}/${Prefix}*",
        "logs:CreateLogStream": "Log.Arn",
        "logs:PutLogEvents": "Log.Arn",
    }


def test_the_bucket_is_private_encrypted_and_written_once() -> None:
    resources = template()["Resources"]
    bucket = resources["Inbox"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "AES256" in str(bucket["BucketEncryption"])
    assert "AbortIncompleteMultipartUpload" in str(bucket["LifecycleConfiguration"])
    statements = resources["InboxPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    tls, (condition, once, _) = statements
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert condition == "WriteOnce"
    assert once["Condition"]["Null"] == {"s3:if-none-match": "true"}
    assert {tls["Effect"], once["Effect"]} == {"Deny"}


def test_the_template_s_settings_are_settings() -> None:
    variables = template()["Resources"]["Presigner"]["Properties"]["Environment"]["Variables"]
    names = {name.removeprefix("SEALIFT_PRESIGNER__").lower() for name in variables}
    assert names <= set(PresignerOptions.__dataclass_fields__)


def packed() -> bytes:
    """The package as `sam build` would lay it out; what it needs is in this Python already."""
    root = Path(sealift.__file__).parent
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in root.rglob("*"):
            if file.suffix in {".py", ".toml", ".txt", ".sql", ".yaml"}:
                archive.write(file, f"sealift/{file.relative_to(root)}")
    return packed.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The template, deployed."""

    server: S3Server
    host: str
    """Of the function's URL."""

    bucket: str

    def call(self, request: Request) -> tuple[int, dict[str, Any]]:
        headers = {**request.headers, "host": self.host, "content-type": "application/json"}
        status, body, _ = send(self.server.endpoint_url, request._replace(headers=headers))
        return status, json.loads(body)

    def allow_http(self) -> None:
        """Take the one statement away that this server cannot satisfy: it speaks no TLS."""
        s3 = root(self.server, "s3")
        policy = json.loads(s3.get_bucket_policy(Bucket=self.bucket)["Policy"])
        policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "OnlyOverTls"]
        s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))


def root(server: S3Server, service: str) -> Any:
    keys = {"access_key_id": "test", "secret_access_key": "test"}
    return S3Server(endpoint_url=server.endpoint_url, **keys).client(service)


def deploy(server: S3Server) -> Deployed:
    code, s3 = f"code-{uuid.uuid4().hex}", server.client()
    s3.create_bucket(Bucket=code)
    s3.put_object(Bucket=code, Key="package.zip", Body=packed())
    bucket = "          SEALIFT_PRESIGNER__BUCKET: !Ref Inbox\n"
    endpoint = f"          SEALIFT_PRESIGNER__ENDPOINT_URL: {server.endpoint_url}\n"
    text = sam_template().replace("CodeUri: .", f"CodeUri: s3://{code}/package.zip")
    name = f"presigner-{uuid.uuid4().hex[:8]}"
    formation = root(server, "cloudformation")
    formation.create_stack(
        StackName=name,
        TemplateBody=text.replace(bucket, bucket + endpoint),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[
            {"ParameterKey": "MasterKey", "ParameterValue": MASTER},
            {"ParameterKey": "FunctionUrl", "ParameterValue": "true"},
        ],
    )
    formation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    [stack] = formation.describe_stacks(StackName=name)["Stacks"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    return Deployed(
        server=server, host=outputs["FunctionUrl"].split("/")[2], bucket=outputs["InboxName"]
    )


@pytest.mark.server
def test_the_deployed_function_signs_an_upload_that_works(ministack: S3Server) -> None:
    deployed, device = deploy(ministack), Desk(now=time.time()).device
    status, answer = deployed.call(device.request("/ingest/new", order(BODY)))
    assert status == 200
    assert "X-Amz-Security-Token=" in answer["url"]  # the role's own keys
    status, said = put(answer["url"], BODY, answer["headers"])
    assert (status, b"explicit deny" in said) == (403, True)  # by http
    deployed.allow_http()
    assert [put(answer["url"], BODY, answer["headers"])[0] for _ in range(2)] == [200, 412]
    look = device.request(
        f"/ingest/items/{answer['item_id']}",
        method="GET",
        query={"filename": "conversation_123.json"},
    )
    assert deployed.call(look)[1]["stored"] is True
    s3 = ministack.client()
    assert s3.get_object(Bucket=deployed.bucket, Key=answer["key"])["Body"].read() == BODY
    assert deployed.call(device.request("/ingest/new", order(BODY), now=0))[0] == 401
