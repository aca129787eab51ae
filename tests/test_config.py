"""What a configuration says, where it comes from, and what is refused."""

from pathlib import Path

import pytest

from sealift.cli import main
from sealift.config import Config
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError
from sealift.sealing.seal import Sealer

GOOD = """
[agent]
device_id = "dev001"

[routes.a]

[routes.a.source]
kind = "folder"
path = "in"

[routes.a.seal]

[routes.a.destination]
kind = "s3"
bucket = "bucket"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "sealift.toml").write_text(GOOD)
    return tmp_path


def _load(home: Path, text: str = GOOD, **environ: str) -> Config:
    (home / "sealift.toml").write_text(text)
    return Config.load(home / "sealift.toml", environ)


def _bucket(config: Config, number: int = 0) -> S3Options:
    options = config.routes[0].destinations[number].options
    assert isinstance(options, S3Options)
    return options


def _with(section: str, line: str) -> str:
    return GOOD.replace(f"[{section}]\n", f"[{section}]\n{line}\n")


def _without(line: str) -> str:
    return GOOD.replace(f"{line}\n", "")


AGENT, ROUTE = "agent", "routes.a"
SOURCE, SEAL, TARGET = "routes.a.source", "routes.a.seal", "routes.a.destination"
SECRET = 'Write { env = "NAME" } or { file = "path" }.'

WRONG = {
    "no routes": ("[agent]\n", "no route is set up. Add [routes.NAME.source] and the rest."),
    "syntax": (GOOD + "x = = 1\n", "not valid TOML: Invalid value (at line 16, column 5)."),
    "unknown section": (GOOD + "[route.b]\n", "route is not a setting. Did you mean routes?"),
    "unknown agent key": (
        _with(AGENT, 'state_dirs = "x"'),
        "agent.state_dirs is not a setting. Did you mean state_dir?",
    ),
    "unknown source key": (
        _with(SOURCE, 'patern = "*.json"'),
        "routes.a.source.patern is not a setting. Did you mean pattern?",
    ),
    "key of another section": (
        _with(ROUTE, "settle_seconds = 1.0"),
        "routes.a.settle_seconds is not a setting. It belongs in [routes.a.source].",
    ),
    "concurrency of the destination": (
        _with(TARGET, "concurrency = 4"),
        "routes.a.destination.concurrency is not a setting. It belongs in [routes.a].",
    ),
    "text for a number": (
        _with(ROUTE, 'concurrency = "many"'),
        'routes.a.concurrency = "many" is not a whole number.',
    ),
    "bool for a number": (
        _with(SOURCE, "settle_seconds = true"),
        "routes.a.source.settle_seconds = true is not a number.",
    ),
    "number for a text": (_with(SOURCE, "pattern = 3"), "pattern = 3 is not a text in quotes."),
    "text for a bool": (
        _with(SOURCE, 'recursive = "yes"'),
        'recursive = "yes" is neither true nor false.',
    ),
    "text for a list": (
        _with(SOURCE, 'exclude = "*.tmp"'),
        'exclude = "*.tmp" is not a list of texts',
    ),
    "text for a table": (_with(TARGET, 'tags = "a"'), 'tags = "a" is not a table of texts'),
    "text for a section": ('agent = "x"\n' + GOOD.replace("[agent]", "[x]"), "Write [agent]."),
    "concurrency out of range": (
        _with(ROUTE, "concurrency = 0"),
        "routes.a: concurrency must be 1 to 1024.",
    ),
    "unknown key field": (
        _with(ROUTE, 'key = "{nam}"'),
        "routes.a.key: The key template has the unknown field {nam}. Did you mean {name}?",
    ),
    "one key for all": (_with(ROUTE, 'key = "{route}"'), "gives every item the same key"),
    "unknown after": (
        _with(ROUTE, 'after = "burn"'),
        "after = 'burn' is not known. Use rename, delete, keep or move:DIR.",
    ),
    "unknown conflict": (
        _with(ROUTE, 'on_conflict = "merge"'),
        'on_conflict = "merge" is not known. Use quarantine, overwrite or suffix.',
    ),
    "unknown date_from": (
        _with(ROUTE, 'date_from = "ctime"'),
        'date_from = "ctime" is not known. Use name, mtime or now.',
    ),
    "no source": (
        GOOD.replace('[routes.a.source]\nkind = "folder"\npath = "in"\n', ""),
        'routes.a.source is missing. Add it with kind = "folder" and a path.',
    ),
    "no source kind": (
        _without('kind = "folder"'),
        "routes.a.source.kind is missing. Use folder or listener.",
    ),
    "listener": (
        GOOD.replace('"folder"', '"listener"'),
        "routes.a.source.path is not a setting. Known here: acknowledge, ",
    ),
    "conversion by a listener": (
        _with(SEAL, 'convert = "ndjson"').replace('"folder"\npath = "in"', '"listener"'),
        "is for files of a folder. Set the output of the source instead.",
    ),
    "no path": (_without('path = "in"'), "routes.a.source.path is missing. The folder to watch."),
    "folder not there": (GOOD.replace('"in"', '"nowhere"'), "nowhere is not there. Make it"),
    "negative settle time": (
        _with(SOURCE, "settle_seconds = -1"),
        "settle_seconds and growth_seconds must not be negative.",
    ),
    "unknown rule pack": (
        _with(SEAL, 'redact = ["pi"]'),
        "routes.a.seal: there is no redaction rule pack 'pi' Did you mean 'pii'?",
    ),
    "rule file among the packs": (
        _with(SEAL, 'redact = ["mine.toml"]'),
        'redact names the file mine.toml. Write redact_rules = ["mine.toml"].',
    ),
    "rule file not there": (_with(SEAL, 'redact_rules = ["none.toml"]'), "none.toml"),
    "pseudonyms without a key": (
        _with(SEAL, 'redact_deny = ["x"]\nreplacement = "hash"'),
        'replacement = "hash" needs a key. Set redact_key =',
    ),
    "key of pseudonyms in the file": (
        _with(SEAL, 'redact_deny = ["x"]\nredact_key = "hunter2"'),
        f"routes.a.seal.redact_key must not stand in the file itself. {SECRET}",
    ),
    "unknown action for a field": (
        _with(SEAL, 'redact_fields = { "$.author" = "dropp" }'),
        "The field rule $.author has the unknown action 'dropp'. Did you mean drop?",
    ),
    "path of a field": (
        _with(SEAL, 'redact_fields = { "author" = "drop" }'),
        "The field rule's path 'author' cannot be understood.",
    ),
    "unknown conversion": (
        _with(SEAL, 'convert = "xml"'),
        'convert = "xml" is not known. Use none, xml-to-json or ndjson.',
    ),
    "conversion of another format": (
        _with(SEAL, 'convert = "ndjson"\nformat = "xml"'),
        "convert = ndjson takes json, and format is xml.",
    ),
    "unknown compression": (
        _with(SEAL, 'compress = "gz"'),
        'compress = "gz" is not known. Use none, gzip or zstd.',
    ),
    "no schema file": (_with(SEAL, 'schema = "none.json"'), "none.json"),
    "no destination": (
        GOOD.replace('[routes.a.destination]\nkind = "s3"\nbucket = "bucket"\n', ""),
        'routes.a.destination is missing. Add it with kind = "s3" and a bucket.',
    ),
    "presigned": (
        GOOD.replace('"s3"', '"presigned"'),
        "routes.a.destination.url is missing. URL that is asked for uploads: .../ingest/new.",
    ),
    "unknown destination": (GOOD.replace('"s3"', '"ftp"'), 'kind = "ftp" is not known.'),
    "no bucket": (
        _without('bucket = "bucket"'),
        "routes.a.destination.bucket is missing. Name of the bucket.",
    ),
    "bad bucket": (GOOD.replace('"bucket"', '"B_"'), "bucket 'B_' must be 3 to 63 of a-z"),
    "bad endpoint": (_with(TARGET, 'endpoint_url = "x"'), "endpoint_url must be http://HOST"),
    "negative limit": (
        _with(TARGET, "max_bytes_per_second = -1"),
        "max_bytes_per_second and max_requests_per_second must not be negative.",
    ),
    "secret in the file": (
        _with(TARGET, 'secret_access_key = "hunter2"'),
        f"routes.a.destination.secret_access_key must not stand in the file itself. {SECRET}",
    ),
    "secret of another form": (
        _with(TARGET, "secret_access_key = { vault = 'x' }"),
        "secret_access_key is no reference to a secret.",
    ),
    "secret not set": (
        _with(TARGET, 'secret_access_key = { env = "NOT_SET" }'),
        "names the environment variable NOT_SET, which is not set. Set it.",
    ),
    "secret file missing": (
        _with(TARGET, 'secret_access_key = { file = "none" }'),
        "none, which cannot be read: No such file or directory.",
    ),
    "state in the folder": (_with(AGENT, 'state_dir = "in"'), "watches the state directory"),
    "loop": (
        GOOD.replace('kind = "s3"\nbucket = "bucket"', 'kind = "directory"\npath = "in"'),
        "watches its own destination",
    ),
    "move into the folder": (_with(ROUTE, 'after = "move:in"'), "which is watched itself: a loop."),
    "two routes, one folder": (
        GOOD + GOOD.replace('[agent]\ndevice_id = "dev001"\n', "").replace("routes.a", "routes.b"),
        "routes.b.source may take the same files as routes.a",
    ),
    "route name": (GOOD.replace("routes.a", 'routes."a/b"'), "is no name for a route."),
    "port": (_with(AGENT, "metrics_port = 70000"), "metrics_port must be 0 to 65535."),
    "log": (_with(AGENT, 'log = "xml"'), 'agent.log = "xml" is not known. Use none, text or json.'),
    "desktop": (
        'api_url = "https://x"\ndevice_id = "d"\nwatch_dir = "in"\nscan_intervall_secs = 9\n',
        "scan_intervall_secs is not a setting. Did you mean scan_interval_secs?",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_is_one_clear_sentence_and_exit_code_2(
    name: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, sentence = WRONG[name]
    monkeypatch.chdir(home)
    Path("sealift.toml").write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["run", "--once"])
    errors = capsys.readouterr().err
    assert end.value.code == 2
    assert sentence in errors
    assert "sealift.toml" in errors
    assert "hunter2" not in errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) <= 2
    assert not Path(".sealift").exists()


def test_the_file_that_all_wrong_ones_come_from_is_right(home: Path) -> None:
    config = _load(home)
    assert config.agent.device_id == "dev001"
    assert _bucket(config).name == "s3"


def test_everything_that_is_wrong_is_told_at_once(home: Path) -> None:
    text = _with(ROUTE, 'concurrency = "many"\nkey = "{nam}"\nafter = "burn"')
    text = text.replace('"in"', '"nowhere"').replace('"bucket"', '"B_"') + '[agents]\nx = "y"\n'
    with pytest.raises(ConfigError) as raised:
        _load(home, text)
    lines = raised.value.message.splitlines()
    assert len(lines) == 6
    assert all(line.startswith(f"{home}/sealift.toml: ") for line in lines)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "is not there."), (b"\xff", "is not UTF-8 text."), ("folder", "cannot be read")],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, content: object, sentence: str
) -> None:
    file = tmp_path / "x.toml"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content == "folder":
        file.mkdir()
    with pytest.raises(ConfigError, match=sentence):
        Config.load(file, {})


def test_the_environment_goes_over_the_file_and_flags_over_both(home: Path) -> None:
    environ = {
        "SEALIFT_ROUTES__A__DESTINATION__BUCKET": "from-env",
        "SEALIFT_ROUTES__A__CONCURRENCY": "8",
        "SEALIFT_ROUTES__A__SOURCE__RECURSIVE": "true",
        "SEALIFT_ROUTES__A__SOURCE__EXCLUDE": "*.bak, old/*",
        "SEALIFT_ROUTES__A__SEAL__COMPRESS": "gzip",
        "SEALIFT_AGENT__DEVICE_ID": "from-env",
        "SEALIFT_DEBUG": "1",
        "UNRELATED__X": "1",
    }
    overrides = {"agent.device_id": "from-flag"}
    config = Config.load(home / "sealift.toml", environ, overrides)
    [route] = config.routes
    assert _bucket(config).bucket == "from-env"
    assert route.options.concurrency == 8
    assert route.source.recursive
    assert route.source.exclude == ("*.bak", "old/*")
    assert route.seal.compress == "gzip"
    assert config.agent.device_id == "from-flag"


def test_what_the_environment_says_wrong_names_the_variable(home: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        _load(home, SEALIFT_ROUTES__A__CONCURRENCY="many", SEALIFT_AGENTS__X="1")
    variable = "environment variable SEALIFT_ROUTES__A__CONCURRENCY"
    complaint = 'routes.a.concurrency = "many" is not a whole number.'
    assert raised.value.message.splitlines() == [
        "environment variable SEALIFT_AGENTS__X: agents is not a setting. Did you mean agent?",
        f"{variable}: {complaint}",
    ]


def test_secrets_come_from_the_environment_or_a_file_and_are_in_no_repr(home: Path) -> None:
    (home / "secret").write_text("from-file\n")
    references = (
        'access_key_id = { env = "KEY" }\nsecret_access_key = { file = "secret" }\n'
        'session_token = { env = "TOKEN" }'
    )
    config = _load(home, _with(TARGET, references), KEY="from-env", TOKEN="token-value")
    options = _bucket(config)
    assert options.access_key_id == "from-env"
    assert options.secret_access_key == "from-file"
    assert options.session_token == "token-value"
    assert "from-file" not in repr(config)
    assert "token-value" not in repr(config)


def test_redaction_is_configured_with_its_key_and_files(home: Path) -> None:
    (home / "mine.toml").write_text(
        "[[rule]]\nname = 'staff'\nlabel = 'STAFF'\npattern = 'S-[0-9]{4}'\n"
        "examples = ['by «S-1234»']\n"
    )
    (home / "key").write_text("key-value\n")
    lines = 'redact_rules = ["mine.toml"]\nredact_key = { file = "key" }\nreplacement = "hash"'
    [route] = _load(home, _with(SEAL, lines)).routes
    assert route.seal.redact_rules == (home / "mine.toml",)
    assert "key-value" not in repr(route)
    sealed = Sealer(route.seal).seal(b'{"by": "S-1234"}', b"a.json")
    assert sealed.redactions == {"staff": 1}
    assert b"S-1234" not in sealed.body


def test_a_secret_may_be_set_by_its_own_variable(home: Path) -> None:
    config = _load(
        home,
        SEALIFT_ROUTES__A__DESTINATION__ACCESS_KEY_ID="key",
        SEALIFT_ROUTES__A__DESTINATION__SECRET_ACCESS_KEY="secret-value",
    )
    assert _bucket(config).secret_access_key == "secret-value"


def test_a_secret_with_several_lines_is_refused_without_being_shown(home: Path) -> None:
    (home / "secret").write_text("one\ntwo\n")
    with pytest.raises(ConfigError) as raised:
        _load(home, _with(TARGET, 'secret_access_key = { file = "secret" }'))
    assert "does not hold exactly one line." in raised.value.message
    assert "two" not in raised.value.message


def test_relative_paths_are_relative_to_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    (home / "ca.pem").write_text("")
    config = _load(home, _with(TARGET, 'ca_bundle = "ca.pem"'))
    assert config.routes[0].source.path == home / "in"
    assert config.agent.state_dir == home / ".sealift"
    assert _bucket(config).ca_bundle == str(home / "ca.pem")


def test_several_destinations_are_named_after_their_kinds(home: Path) -> None:
    text = GOOD.replace("[routes.a.destination]", "[[routes.a.destination]]") + (
        '[[routes.a.destination]]\nkind = "s3"\nbucket = "other"\n'
        '[[routes.a.destination]]\nkind = "directory"\npath = "out"\nname = "shelf"\n'
    )
    config = _load(home, text, SEALIFT_ROUTES__A__DESTINATION__1__BUCKET="third")
    names = [one.options.name for one in config.routes[0].destinations]
    assert names == ["s3", "s3-2", "shelf"]
    assert _bucket(config, 1).bucket == "third"


def test_two_destinations_of_one_name_are_refused(home: Path) -> None:
    text = GOOD.replace("[routes.a.destination]", "[[routes.a.destination]]") + (
        '[[routes.a.destination]]\nkind = "directory"\npath = "out"\nname = "s3"\n'
    )
    with pytest.raises(ConfigError, match="is taken by another destination"):
        _load(home, text)


def test_without_checks_a_gone_folder_still_tells_the_ledgers_place(home: Path) -> None:
    (home / "in").rmdir()
    path = home / "sealift.toml"
    path.write_text(_with(TARGET, 'secret_access_key = { env = "NOT_SET" }'))
    assert Config.load(path, {}, check=False).agent.state_dir == home / ".sealift"
    with pytest.raises(ConfigError):
        Config.load(path, {})


def test_two_routes_that_keep_their_files_may_share_a_folder(home: Path) -> None:
    keep = _with(ROUTE, 'after = "keep"')
    more = keep.replace('[agent]\ndevice_id = "dev001"\n', "").replace("routes.a", "routes.b")
    assert len(_load(home, keep + more).routes) == 2


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        ('pattern = "*.json"', 'pattern = "*"', False),
        ('pattern = "*.json"', 'pattern = "*.ndjson"', True),
        ('pattern = "*.json"', 'pattern = "*n.json"', False),
        ('pattern = "*.json"', 'include = ["*.xml", "*.j?on"]', False),
        ('include = ["*.json", "*.xml"]', 'include = ["*.txt", "*.csv"]', True),
        ("recursive = true", 'path = "in/below"', False),
        ("recursive = false", 'path = "in/below"', True),
        ('path = "in/below"', "recursive = true", False),
        ('path = "in/below"\npattern = "*.a"', 'recursive = true\npattern = "*.b"', True),
    ],
)
def test_routes_of_nested_folders_need_patterns_that_end_differently(
    home: Path, first: str, second: str, right: bool
) -> None:
    (home / "in/below").mkdir()
    one, other = (
        GOOD.replace('path = "in"\n', "" if "path" in source else 'path = "in"\n').replace(
            "[routes.a.source]\n", f"[routes.a.source]\n{source}\n"
        )
        for source in (first, second)
    )
    other = other.replace('[agent]\ndevice_id = "dev001"\n', "").replace("routes.a", "routes.b")
    if right:
        assert len(_load(home, one + other).routes) == 2
        return
    with pytest.raises(
        ConfigError, match=r"routes\.b\.source may take the same files as routes\.a"
    ):
        _load(home, one + other)
