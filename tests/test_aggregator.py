"""The environment of the XML stream aggregator means what it always meant."""

from pathlib import Path

import pytest

from sealift.agent.schedule import Schedule
from sealift.assembly import build_routes
from sealift.config.aggregator import Wishes, aggregator_config
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError
from sealift.sources.listener.formats import OutputFormat


def test_only_the_bucket_is_required(tmp_path: Path) -> None:
    """Everything else has the aggregator's default."""
    config = aggregator_config({"BUCKET_NAME": "my-bucket"}, Wishes(state_dir=tmp_path))
    (route,) = config.routes
    listener, options = route.listener, route.destinations[0].options
    assert listener is not None
    assert isinstance(options, S3Options)
    assert (options.bucket, options.prefix) == ("my-bucket", "xml-events/")
    assert options.metadata == {"source": "xml-stream-aggregator"}
    assert (listener.host, listener.port, listener.http_port) == ("127.0.0.1", 8080, -1)
    assert (listener.rotation_seconds, listener.max_file_bytes) == (3600.0, 10_485_760)
    assert (listener.max_connections, listener.max_event_bytes) == (50, 1_048_576)
    assert (listener.output, listener.rate_events) == (OutputFormat.XML, 0)
    assert route.options.key == "{name}"


def test_every_variable_counts(tmp_path: Path) -> None:
    """And blanks around values, and prefixes with slashes, do no harm."""
    config = aggregator_config(
        {
            "BUCKET_NAME": " my-bucket ",
            "PREFIX": "/a/b",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "USE_DATE_FOLDERS": "TRUE",
            "MAX_RETRIES": "5",
            "RETRY_BASE_DELAY": "0.5",
            "PORT": "9000",
            "BIND_HOST": "0.0.0.0",
            "ROTATION_INTERVAL": "60",
            "MAX_FILE_SIZE": "5000",
            "OUTPUT_FORMAT": "JSON",
            "PRETTY_PRINT_JSON": "no",
            "MAX_CONNECTIONS": "7",
            "MAX_MESSAGE_SIZE": "2000",
            "RATE_LIMIT_ENABLED": "1",
            "RATE_LIMIT_WINDOW": "30",
            "RATE_LIMIT_MAX_EVENTS": "500",
        },
        Wishes(state_dir=tmp_path, flush_on_stop=True),
    )
    (route,) = config.routes
    listener, options = route.listener, route.destinations[0].options
    assert listener is not None
    assert isinstance(options, S3Options)
    assert (options.bucket, options.prefix, options.region) == ("my-bucket", "a/b/", "eu-west-1")
    assert options.endpoint_url == "http://127.0.0.1:9"
    assert (listener.host, listener.port, listener.flush_on_stop) == ("0.0.0.0", 9000, True)
    assert (listener.rotation_seconds, listener.max_file_bytes) == (60.0, 5000)
    assert (listener.output, listener.pretty) == (OutputFormat.JSON, False)
    assert (listener.max_connections, listener.max_event_bytes) == (7, 2000)
    assert (listener.rate_events, listener.rate_seconds) == (500, 30.0)
    assert route.options.key == "{date:%Y/%m/%d}/{name}"
    assert (route.options.quick_retries, route.options.retry_base_seconds) == (5, 0.5)
    (made,) = build_routes(config)
    assert made.schedule == Schedule(quick_retries=5, base_seconds=0.5)


@pytest.mark.parametrize("environ", [{}, {"BUCKET_NAME": " "}, {"PORT": "x"}])
def test_without_a_bucket(environ: dict[str, str]) -> None:
    """The sentence is the one that scripts know."""
    with pytest.raises(ConfigError) as caught:
        aggregator_config(environ, Wishes())
    assert caught.value.message == "BUCKET_NAME environment variable is required"
    assert caught.value.exit_code == 2


def test_all_mistakes_are_told_at_once() -> None:
    """Each with the variable's name and what it may be."""
    wrong = {
        "BUCKET_NAME": "my-bucket",
        "PORT": "99999",
        "MAX_RETRIES": "-1",
        "RETRY_BASE_DELAY": "nan",
        "USE_DATE_FOLDERS": "maybe",
        "OUTPUT_FORMAT": "csv",
        "MAX_FILE_SIZE": "1e6",
    }
    with pytest.raises(ConfigError) as caught:
        aggregator_config(wrong, Wishes())
    lines = caught.value.message.splitlines()
    assert len(lines) == 6
    for name in ("port", "MAX_RETRIES", "RETRY_BASE_DELAY", "USE_DATE", "OUTPUT_F", "MAX_FILE"):
        assert sum(name in line for line in lines) == 1, (name, lines)
