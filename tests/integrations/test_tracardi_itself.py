"""The plugin and the service under Tracardi's own runner; its source must be on the path.

`PYTHONPATH=FOLDER_OF_TRACARDI python -m pytest -m tracardi tests/integrations`, in an
environment with Tracardi's libraries and Sealift: its Elasticsearch client does not start
beside the NumPy of this project's own environment.
"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sealift.integrations import tracardi
from sealift.integrations.tracardi.opening import STATE_DIR_VARIABLE, close_shared
from sealift.testing.fault_server import FaultServer
from tests.integrations.tracardi_events import DONE, NO_UID, PROFILE, node_of, profiles
from tests.integrations.tracardi_service import NODE, SERVICE, TOKEN, serving

pytestmark = [
    pytest.mark.tracardi,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(
        not importlib.util.find_spec("tracardi"), reason="Tracardi's source is not on the path"
    ),
]
STORED = [{"smi_uid": PROFILE["traits"]["smi_uid"], "segments": PROFILE["segments"]}]


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    with FaultServer() as server:
        yield server
        close_shared()


def its(module: str, name: str) -> Any:
    """Give what is Tracardi's own, when it is first wanted."""
    return getattr(importlib.import_module(f"tracardi.{module}"), name)


def run_by_tracardi(plugin: Any, init: Any, payload: Any, **more: Any) -> Any:
    run_plugin = its("service.plugin.service.plugin_runner", "run_plugin")
    return run_plugin(plugin, init, payload, **more).output


def run_remotely(url: str, token: str, init: Any, payload: Any, resource: Any) -> Any:
    """Let Tracardi's own remote node call the service, as a flow does."""
    called = {"url": url, "token": token}
    node = its("service.wf.domain.node", "Node")(
        id="n1",
        className="MicroserviceAction",
        module="tracardi.process_engine.action.v1.microservice.plugin",
        microservice={
            "server": {
                "credentials": {"production": called, "test": called},
                "resource": {"id": "r1", "name": "Sealift"},
            },
            "service": {"id": "sealift-s3", "name": "Sealift: S3 segments"},
            "plugin": {"id": "sealift-s3-segments", "name": "Upload", "resource": resource},
        },
    )
    return run_by_tracardi(
        its(node.module.removeprefix("tracardi."), node.className), init, payload, node=node
    )


def test_its_runner_runs_the_plugin(s3: FaultServer) -> None:
    output = run_by_tracardi(tracardi.S3SegmentsUploaderPlugin, node_of(s3), PROFILE)
    assert (output.port, output.value) == ("success", DONE)
    assert profiles(s3) == STORED
    output = run_by_tracardi(tracardi.S3SegmentsUploaderPlugin, node_of(s3), {"traits": {}})
    assert (output.port, output.value) == ("error", NO_UID)


def test_it_takes_the_description_and_finds_class_and_validator() -> None:
    described = tracardi.register()
    assert its("service.plugin.domain.register", "Plugin")(**described.model_dump()) == described
    module = its("service.module_loader", "import_package")(described.spec.module)
    found = its("service.module_loader", "load_callable")(module, described.spec.className)
    assert issubclass(found, its("service.plugin.runner", "ActionRunner"))
    assert its("service.module_loader", "load_callable")(module, "validate") is tracardi.validate
    flow_plugin = its("domain.flow_action_plugin", "FlowActionPlugin")
    assert flow_plugin(id=described.spec.get_id(), plugin=described).plugin == described


def test_what_is_wrong_with_a_form_reaches_its_fields(s3: FaultServer) -> None:
    """Tracardi joins the texts of an error's place, and shows its message at that field."""
    with pytest.raises(ValidationError) as raised:
        tracardi.validate({**node_of(s3), "merge": "both"})
    assert [(".".join(one["loc"]), one["msg"]) for one in raised.value.errors()] == [
        ("merge", "Merge 'both' is not union, latest or append.")
    ]


def test_it_takes_the_description_of_the_remote_node(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        described = service.get(f"/plugin/registry?{SERVICE}")
    plugin = its("service.plugin.domain.register", "Plugin")(**described)
    assert plugin.metadata.remote
    assert plugin.spec.outputs == ["response", "error"]


@pytest.mark.parametrize(
    ("payload", "port", "value"), [(PROFILE, "response", DONE), ({}, "error", NO_UID)]
)
def test_its_remote_node_calls_the_service(
    s3: FaultServer, tmp_path: Path, payload: Any, port: str, value: Any
) -> None:
    access = node_of(s3)
    init = {**NODE, "s3_bucket": access.pop("s3_bucket")}
    with serving(tmp_path) as service:
        output = run_remotely(service.url, TOKEN, init, payload, access)
    assert (output.port, output.value) == (port, value)
    assert profiles(s3) == (STORED if port == "response" else [])


def test_its_remote_node_shows_a_refusal(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        output = run_remotely(service.url, "wrong", NODE, PROFILE, {})
    assert output.port == "error"
    assert "needs the service's token" in output.value["message"]
