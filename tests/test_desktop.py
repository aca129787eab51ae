"""The flat configuration of the desktop uploader means one route of Sealift."""

from pathlib import Path

import pytest

from sealift.config import Config
from sealift.config.desktop import HOMES
from sealift.destinations.presigned_options import PresignedOptions
from sealift.errors import ConfigError

FIELD = Path(__file__).parent / "fixtures" / "config.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    (tmp_path / "config.toml").write_text(FIELD.read_text())
    return tmp_path


def load(home: Path, more: str = "", **environ: str) -> Config:
    file = home / "config.toml"
    file.write_text(FIELD.read_text() + more)
    return Config.load(file, environ)


def test_the_file_that_is_in_the_field_is_understood(home: Path) -> None:
    config = load(home)
    (route,) = config.routes
    (destination,) = route.destinations
    options = destination.options
    assert isinstance(options, PresignedOptions)
    assert options.url == "https://abc123xyz.execute-api.us-west-2.amazonaws.com/ingest/new"
    assert (options.device_id, options.secret, options.token) == ("dev001", "", "")
    assert route.name == "conversations"
    assert route.source.path == home / "memory"
    assert route.source.pattern == "*.json"
    assert route.source.scan_interval_seconds == 60
    assert route.seal.redact == ("pii", "secrets")
    assert (route.options.concurrency, route.options.after) == (2, "rename")
    assert (config.agent.device_id, config.agent.state_dir) == ("dev001", home / ".sealift")


def test_a_file_that_an_editor_of_windows_saved_is_understood(home: Path) -> None:
    file = home / "config.toml"
    file.write_bytes(b"\xef\xbb\xbf" + FIELD.read_bytes().replace(b"\n", b"\r\n"))
    (route,) = Config.load(file, {}).routes
    assert route.source.scan_interval_seconds == 60


@pytest.mark.parametrize("name", ["secret", "token"])
def test_the_secret_comes_from_the_environment(home: Path, name: str) -> None:
    variable = f"SEALIFT_PRESIGNER_{name.upper()}"
    (home / "credential").write_text("of-the-file\n")
    direct = load(home, **{variable: "direct"}).routes[0].destinations[0].options
    assert getattr(direct, name) == "direct"
    filed = load(home, **{f"{variable}_FILE": "credential"}).routes[0].destinations[0].options
    assert getattr(filed, name) == "of-the-file"
    assert "of-the-file" not in repr(filed)


def test_every_further_setting_has_a_name(home: Path) -> None:
    config = load(
        home,
        """
pattern = "*.txt"
exclude = ["x*"]
recursive = true
settle_secs = 1.5
redact = []
retries = 3
retry_delay_secs = 1.2
url_life_secs = 60
after = "delete"
state_dir = "state"
log = "json"
form = "minimal"
""",
    )
    (route,) = config.routes
    options = route.destinations[0].options
    assert isinstance(options, PresignedOptions)
    assert (route.source.pattern, route.source.exclude) == ("*.txt", ("x*",))
    assert (route.source.recursive, route.source.settle_seconds) == (True, 1.5)
    assert (route.options.quick_retries, route.options.retry_base_seconds) == (3, 1.2)
    assert (route.options.after, route.seal.redact) == ("delete", ())
    assert (options.url_life_seconds, options.form) == (60, "minimal")
    assert (config.agent.state_dir, config.agent.log) == (home / "state", "json")


NAMED = [name for name in HOMES if f"{name} =" not in FIELD.read_text()]


@pytest.mark.parametrize("name", sorted(set(NAMED) - {"secret", "token"}))
def test_every_name_leads_to_a_setting_that_is_known(home: Path, name: str) -> None:
    file = home / "config.toml"
    file.write_text(FIELD.read_text() + f"{name} = {{ a = [1] }}\n")
    with pytest.raises(ConfigError) as told:
        Config.load(file, {}, check=False)
    assert "is not a setting" not in str(told.value)
    assert f"config.toml: {name} " in str(told.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('api_url = "https://x/ingest/new"\nwatch_dir = "memory"\n', "device_id is missing."),
        ('device_id = "d"\nwatch_dir = "memory"\n', "api_url is missing."),
        ('api_url = "https://x/ingest/new"\ndevice_id = "d"\n', "watch_dir is missing."),
        (
            FIELD.read_text().replace("concurrency = 2", 'concurrency = "two"'),
            'concurrency = "two" is not a whole number.',
        ),
        (FIELD.read_text().replace('"https://abc', '"ftp://abc'), "url must be http"),
        (FIELD.read_text() + "scan_intervall_secs = 3\n", "Did you mean scan_interval_secs?"),
        (FIELD.read_text() + 'secret = "hunter2"\n', "secret must not stand in the file itself."),
        (FIELD.read_text().replace("./memory", "gone"), "gone is not there."),
    ],
)
def test_what_is_wrong_is_told_by_the_names_of_the_file(home: Path, text: str, says: str) -> None:
    file = home / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as told:
        Config.load(file, {})
    assert says in str(told.value)
    assert "hunter2" not in str(told.value)


def test_the_environment_goes_over_the_file(home: Path) -> None:
    config = load(home, SEALIFT_ROUTES__CONVERSATIONS__CONCURRENCY="7")
    assert config.routes[0].options.concurrency == 7


def test_a_route_may_be_set_up_in_full(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "sealift.toml"
    file.write_text(
        """
[agent]
device_id = "dev001"
[routes.a.source]
kind = "folder"
path = "in"
[routes.a.destination]
kind = "presigned"
url = "https://x/ingest/new"
secret = { env = "S" }
max_requests_per_second = 5
"""
    )
    (destination,) = Config.load(file, {"S": "abc"}).routes[0].destinations
    options = destination.options
    assert isinstance(options, PresignedOptions)
    assert (options.device_id, options.secret, options.name) == ("dev001", "abc", "presigned")
    assert destination.limits.max_requests_per_second == 5
