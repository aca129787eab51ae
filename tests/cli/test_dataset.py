"""The dataset verbs as processes: what they print, and what they end with."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sealift import TowAndGoService, jobs
from sealift.config import Config
from sealift.errors import ConfigError, InvalidContentError, UsageError
from tests.cli.commands import events, read_until, run, start
from tests.datasets.rig import VERSION, links
from tests.datasets.servers import MongoServer, free_port, secantus
from tests.servers import Bucket

if TYPE_CHECKING:
    import subprocess

PASSWORD = "pass-w0rd"
PLACE = '[datasets.tow-and-go.destination]\nbucket="abc"\n'


@pytest.fixture(scope="module")
def mongo() -> Iterator[MongoServer]:
    with secantus() as server:
        yield server


class Home:
    """A folder with a configuration."""

    def __init__(self, path: Path, bucket: Bucket, mongo: MongoServer) -> None:
        self.path, self.bucket, self.mongo = path, bucket, mongo
        self.database = mongo.new_database()
        self.keys = {
            "AWS_ACCESS_KEY_ID": bucket.server.access_key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.server.secret_access_key,
            "MONGODB_URI": mongo.uri,
        }
        self.configure()

    def configure(self, more: str = "") -> None:
        (self.path / "sealift.toml").write_text(
            f"""
[datasets.tow-and-go]
history_days = 5
poll_seconds = 0.2
{more}
[datasets.tow-and-go.destination]
bucket = "{self.bucket.name}"
endpoint_url = "{self.bucket.server.endpoint_url}"
region = "{self.bucket.server.region}"
[datasets.tow-and-go.mongo]
uri = {{ env = "MONGODB_URI" }}
database = "{self.database.name}"
connect_seconds = 1.0
"""
        )

    def run(self, *words: str, stdin: bytes = b"", **more: str) -> Any:
        given = self.keys | more
        return run("dataset", *words, home=self.path, stdin=stdin, **given)

    def file(self, text: bytes) -> str:
        (self.path / "links.json").write_bytes(text)
        return "links.json"

    @contextmanager
    def watching(self, *words: str) -> "Iterator[subprocess.Popen[str]]":
        words = ("dataset", "sync", "tow-and-go", "--watch", "--json", *words)
        process = start(*words, home=self.path, **self.keys)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def home(tmp_path: Path, ministack_bucket: Bucket, mongo: MongoServer) -> Home:
    return Home(tmp_path, ministack_bucket, mongo)


def test_from_a_file_to_mongodb_and_back_to_an_earlier_one(home: Home) -> None:
    done = home.run("push", "tow-and-go", home.file(links(3)), "--name", "tow-and-go.json")
    assert done.returncode == 0, done.stderr
    assert "published: s3://" in done.stdout
    done = home.run("push", "tow_and_go", "-", "--json", stdin=links(3))
    [event] = events(done.stdout)
    assert (event["event"], event["outcome"], event["records"]) == (
        "dataset_pushed",
        "unchanged",
        3,
    )
    done = home.run("sync", "tow-and-go")
    assert "3 added, 0 changed, 0 removed" in done.stdout
    done = home.run("verify", "tow-and-go")
    assert (done.returncode, "they agree" in done.stdout) == (0, True)

    assert home.run("push", "tow-and-go", "-", stdin=links(4, version=VERSION + 1)).returncode == 0
    done = home.run("verify", "tow-and-go", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["missing"]["count"] == 1
    done = home.run("rollback", "tow-and-go")
    assert f"version {VERSION}," in done.stdout
    assert home.run("verify", "tow-and-go").returncode == 0
    done = home.run("history", "tow-and-go")
    assert done.stdout.count("rollback: stored") == 1
    done = home.run("history", "tow-and-go", "--copies", "--json")
    assert [event["version"] for event in events(done.stdout)] == [VERSION + 1, VERSION]


def test_what_is_wrong_ends_with_its_code_and_a_sentence(home: Home) -> None:
    bad = b'{"last_modified": 1, "tow_and_go": [{"link_id": "1", "segment_id": NaN}]}'
    for words, stdin, more, code, word in (
        (("push", "tow-and-go", "-"), bad, {}, 3, "no NaN"),
        (("push", "tow-and-go", "-"), bad.replace(b"NaN", b"true"), {}, 3, "has 2 errors:"),
        (("push", "tow-and-go", "nothing.json"), b"", {}, 2, "cannot be read"),
        (("push", "other", "-"), links(1), {}, 2, "There is no dataset other"),
        (("push", "tow-and-go", "-"), links(2), {"AWS_SECRET_ACCESS_KEY": "wrong"}, 4, "s3://"),
        (("sync", "tow-and-go"), b"", {}, 3, "There is no object"),
        (("push", "tow-and-go", "-"), links(2), {}, 0, ""),
        (("push", "tow-and-go", "-"), links(2, version=1), {}, 3, "A newer document"),
        (("sync", "tow-and-go"), b"", {"MONGODB_URI": "x"}, 2, "no MongoDB connection string"),
        (("sync", "tow-and-go"), b"", {"MONGODB_URI": ""}, 2, "MONGODB_URI"),
        (("sync", "tow-and-go", "--watch", "--force"), b"", {}, 2, "--watch"),
        (("rollback", "tow-and-go", "--to", "x"), b"", {}, 2, "no copy 'x'"),
    ):
        done = home.run(*words, stdin=stdin, **more)
        assert done.returncode == code, (words, done.stderr)
        assert word in done.stderr, (words, done.stderr)
    down = f"mongodb://u:{PASSWORD}@127.0.0.1:{free_port()}/"
    done = home.run("sync", "tow-and-go", MONGODB_URI=down)
    assert done.returncode == 3
    assert PASSWORD not in done.stdout + done.stderr


def test_watching_follows_what_is_published_until_it_is_told_to_stop(home: Home) -> None:
    port = free_port()
    with home.watching("--metrics-port", str(port)) as process:
        assert "There is no object" in "".join(read_until(process, "dataset_failed"))
        home.run("push", "tow-and-go", "-", stdin=links(5))
        read_until(process, '"outcome":"synced"')
        numbers = metrics(port)
        assert 'sealift_dataset_records{dataset="tow-and-go",what="sync"} 5.0' in numbers
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert home.database["tow_and_go"].count_documents({}) == 5


def metrics(port: int) -> str:
    from urllib.request import urlopen  # noqa: PLC0415

    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def as_root(bucket: Bucket, service: str) -> Any:
    root = replace(bucket.server, access_key_id="test", secret_access_key="test")
    return root.client(service)


def keys_for(bucket: Bucket, *actions: str) -> dict[str, str]:
    """Keys of a new user who may do this."""
    iam = as_root(bucket, "iam")
    user = f"user-{bucket.name}"
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    iam.close()
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
    }


def test_watching_hears_of_a_new_object_through_sqs(home: Home) -> None:
    home.keys |= keys_for(home.bucket, "s3:*", "sqs:*")
    sqs = as_root(home.bucket, "sqs")
    url = sqs.create_queue(QueueName=f"q-{home.bucket.name[:40]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    principal = {"Service": "s3.amazonaws.com"}
    allow = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage"}
    statement = allow | {"Resource": arn["QueueArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    home.bucket.client.put_bucket_notification_configuration(
        Bucket=home.bucket.name,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn["QueueArn"], "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    home.run("push", "tow-and-go", "-", stdin=links(2))
    home.configure(f'queue_url = "{url}"')
    text = (home.path / "sealift.toml").read_text().replace("= 0.2", "= 600.0")
    (home.path / "sealift.toml").write_text(text)
    with home.watching() as process:
        read_until(process, '"outcome":"synced"')
        home.run("push", "tow-and-go", "-", stdin=links(6, version=VERSION + 1))
        assert '"records":6' in read_until(process, '"outcome":"synced"')[-1]
    sqs.close()


def test_jobs_for_schedulers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.keys.items():
        monkeypatch.setenv(name, value)
    config = home.path / "sealift.toml"
    monkeypatch.setenv("SEALIFT_CONFIG", str(config))
    text = links(3).decode()
    assert jobs.tow_and_go_data_upload_s3("links.json", text).places[0].outcome == "stored"
    service = TowAndGoService("links.json", config=Config.load(config))
    assert service.upload_tow_and_go_data_to_s3(text).places[0].outcome == "unchanged"
    assert service.sync_tow_and_go_from_s3_to_mongodb().added == 3
    assert service.sync_tow_and_go_from_s3_to_mongodb().outcome == "unchanged"
    assert jobs.sync_tow_and_go_from_s3_to_mongodb("links.json").outcome == "unchanged"
    loaded = json.loads(text)
    service.upload_tow_and_go_data_to_s3(loaded | {"last_modified": VERSION + 1})
    assert home.bucket.raw_get("links.json") != links(3)
    loaded["tow_and_go"][0]["segment_id"] = float("nan")
    with pytest.raises(UsageError, match="cannot be written as JSON"):
        service.upload_tow_and_go_data_to_s3(loaded)
    with pytest.raises(InvalidContentError, match="UTF-8"):
        service.upload_tow_and_go_data_to_s3('{"\ud800": 1}')


def test_wrong_credentials_of_the_database_are_4(
    tmp_path: Path, ministack_bucket: Bucket, mongo: MongoServer
) -> None:
    home = Home(tmp_path, ministack_bucket, mongo)
    home.run("push", "tow-and-go", "-", stdin=links(2))
    with secantus("--auth") as server:
        wrong = server.uri.replace("://", f"://somebody:{PASSWORD}@")
        for uri, word in ((wrong, "user and password"), (server.uri, "may not")):
            done = home.run("sync", "tow-and-go", MONGODB_URI=uri)
            assert done.returncode == 4, done.stderr
            assert word in done.stderr
            assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[datasets.x]\n[datasets.x.destination]\nbucket = "abc"', "lacks schema, array"),
        ("[datasets.tow-and-go]", "destination is missing"),
        (
            f"[datasets.tow-and-go]\nhistory_day = 1\n{PLACE}",
            "Did you mean history_days?",
        ),
        (
            f'{PLACE}[datasets.tow-and-go.mongo]\nuri = "mongodb://u:{PASSWORD}@h/"',
            "must not stand in the file",
        ),
        (f'{PLACE}kind="directory"', "to s3 only"),
        ("datasets = 5", "is not a section"),
    ],
)
def test_what_is_configured_wrong_is_told(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "sealift.toml").write_text(text)
    with pytest.raises(ConfigError, match=word) as caught:
        Config.load(tmp_path / "sealift.toml", {})
    assert PASSWORD not in str(caught.value)


def test_a_dataset_of_ones_own_is_declared_with_its_schema(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "object"}')
    (tmp_path / "sealift.toml").write_text(
        '[datasets.x]\nschema = "s.json"\narray = "rows"\nrecord_key = "id"\nindexes = ["a"]\n'
        '[[datasets.x.destination]]\nbucket = "abc"\n[[datasets.x.destination]]\nbucket = "def"\n'
    )
    [one] = Config.load(tmp_path / "sealift.toml", {}).datasets
    assert (one.dataset.name, one.dataset.array, one.dataset.object_name) == ("x", "rows", "x.json")
    assert [s3.bucket for s3 in one.destinations] == ["abc", "def"]
    (tmp_path / "s.json").write_text("[]")
    with pytest.raises(ConfigError, match="holds no object"):
        Config.load(tmp_path / "sealift.toml", {})
