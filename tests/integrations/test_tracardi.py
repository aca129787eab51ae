"""What Tracardi is told about the plugin, and what may be filled into its form."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sealift import S3Options
from sealift.errors import ConfigError
from sealift.integrations import tracardi
from tests.integrations.tracardi_stand_ins import tracardi_stand_ins

GIVEN = {
    "aws_access_key_id": "AKIAEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG",
    "s3_bucket": "segments",
}


@pytest.fixture(autouse=True)
def _tracardi() -> Iterator[None]:
    with tracardi_stand_ins():
        yield


def fields(plugin: Any) -> dict[str, Any]:
    return {one.id: one for group in plugin.spec.form.groups for one in group.fields}


def wrong(config: dict[str, Any]) -> dict[str, str]:
    """What is said of each field, as Tracardi reads it out of the error."""
    with pytest.raises(ValidationError) as raised:
        tracardi.validate(config)
    return {".".join(map(str, one["loc"])): one["msg"] for one in raised.value.errors()}


def test_tracardi_finds_the_class_in_the_module_that_the_plugin_names() -> None:
    spec = tracardi.register().spec
    found = getattr(import_module(spec.module), spec.className)
    assert (spec.module, found.__name__) == (tracardi.__name__, "S3SegmentsUploaderPlugin")
    assert found is tracardi.S3SegmentsUploaderPlugin


def test_one_port_leads_in_and_two_lead_out() -> None:
    plugin = tracardi.register()
    assert plugin.start is False
    assert plugin.spec.version == "0.9.0"
    assert plugin.spec.inputs == ["payload"]
    assert plugin.spec.outputs == ["success", "error"]
    documented = plugin.metadata.documentation
    assert list(documented.inputs) == plugin.spec.inputs
    assert list(documented.outputs) == plugin.spec.outputs
    assert all(port.desc for port in (*documented.inputs.values(), *documented.outputs.values()))


def test_the_form_has_a_field_for_each_setting_and_hides_the_secret() -> None:
    plugin = tracardi.register()
    form = fields(plugin)
    assert (
        list(form)
        == list(plugin.spec.init)
        == [
            *GIVEN,
            "prefix",
            "region",
            "endpoint_url",
            "merge",
            "time_zone",
        ]
    )
    assert set(form) == set(tracardi.Config.model_fields)
    assert [one.id for one in form.values() if one.component.type == "password"] == [
        "aws_secret_access_key"
    ]
    assert set(form["merge"].component.props["items"]) == {"union", "latest", "append"}
    assert all(one.name and one.description for one in form.values())


def test_the_form_as_it_comes_lacks_only_what_must_be_filled_in() -> None:
    init = tracardi.register().spec.init
    assert wrong(init) == {
        "aws_access_key_id": "AWS Access Key ID can not be empty.",
        "aws_secret_access_key": "AWS Secret Access Key can not be empty.",
        "s3_bucket": "S3 Bucket can not be empty.",
    }
    assert tracardi.validate({**init, **GIVEN}) == tracardi.validate(GIVEN)


def test_the_configuration_of_the_old_plugin_is_taken_as_it_is() -> None:
    config = tracardi.validate(GIVEN)
    assert config.model_dump() == {
        **GIVEN,
        "endpoint_url": "",
        "region": "",
        "prefix": "",
        "merge": "union",
        "time_zone": "UTC",
    }


def test_what_was_pasted_with_blanks_is_taken_without() -> None:
    assert tracardi.validate({name: f" {value}\n" for name, value in GIVEN.items()}) == (
        tracardi.validate(GIVEN)
    )


def test_a_configuration_cannot_be_changed() -> None:
    config = tracardi.validate(GIVEN)
    with pytest.raises(ValidationError, match="frozen"):
        config.s3_bucket = "other"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("s3_bucket", "Segments", "S3 Bucket 'Segments' must be 3 to 63 of a-z, 0-9, . and -."),
        ("s3_bucket", "  ", "S3 Bucket can not be empty."),
        ("s3_bucket", 5, "Input should be a valid string"),
        ("aws_access_key_id", None, "Input should be a valid string"),
        ("aws_access_key_id", "a b", "AWS Access Key ID must hold neither blanks nor controls."),
        ("endpoint_url", "minio:9000", "Endpoint must be http"),
        ("endpoint_url", "https://me:word@minio", "Endpoint must hold no login"),
        ("region", "eu west", "Region 'eu west' may hold only a-z, 0-9 and -."),
        ("prefix", "/segments", "Prefix must not begin with /"),
        ("merge", "both", "Merge 'both' is not union, latest or append."),
        ("time_zone", "Mars/Olympus", "Time zone 'Mars/Olympus' is not known here, as UTC or"),
        ("time_zone", "../../etc/passwd", "Time zone '../../etc/passwd' is not known here"),
        ("time_zone", "", "Time zone '' is not known here"),
        ("prefx", "segments/", "Extra inputs are not permitted"),
    ],
)
def test_a_field_that_cannot_be_right_is_told_by_its_name(
    name: str, value: object, said: str
) -> None:
    told = wrong({**GIVEN, name: value})
    assert list(told) == [name]
    assert told[name].startswith(said)


def test_no_error_and_no_repr_shows_a_secret() -> None:
    """Tracardi writes both into its log."""
    secret = "kept to oneself"
    for config in ({**GIVEN, "aws_secret_access_key": secret}, {"aws_secret_access_key": secret}):
        with pytest.raises(ValidationError) as raised:
            tracardi.validate(config)
        assert secret not in str(raised.value)
    config = tracardi.validate(GIVEN)
    for shown in (repr(config), str(config), repr(config.place())):
        assert GIVEN["aws_secret_access_key"] not in shown


def test_without_tracardi_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tracardi.service.plugin.runner", None)
    for use in (tracardi.register, lambda: tracardi.validate(GIVEN), lambda: tracardi.Config):
        with pytest.raises(ConfigError, match=r"runs inside Tracardi.*tracardi serve"):
            use()


def test_without_a_library_it_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_core", None)
    with pytest.raises(ConfigError, match=r"pydantic_core cannot be imported.*Install it as well"):
        tracardi.register()


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tracardi.nothing  # noqa: B018


def test_all_that_a_form_says_reaches_the_aggregate(tmp_path: Path) -> None:
    given = {
        **GIVEN,
        "endpoint_url": "https://minio.example.com",
        "region": "eu-west-1",
        "prefix": "segments/",
        "merge": "latest",
        "time_zone": "Europe/Warsaw",
    }
    options = tracardi.validate(given).place().options(tmp_path, answer_seconds=7)
    options.check()
    assert options.s3 == S3Options(
        bucket="segments",
        access_key_id="AKIAEXAMPLE",
        secret_access_key=GIVEN["aws_secret_access_key"],
        endpoint_url="https://minio.example.com",
        region="eu-west-1",
        prefix="segments/",
    )
    assert (options.merge, options.time_zone) == ("latest", "Europe/Warsaw")
    assert (options.journal, options.answer_seconds) == (tmp_path, 7)
    assert options.suffix == "_segments.json"
