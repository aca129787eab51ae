"""`sealift segments` adds, shows and compacts, and says what is wrong with which line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import events, run
from tests.servers import Bucket

FIXTURE = Path(__file__).parents[1] / "fixtures" / "profile.json"


class Home:
    """A user's home, and a bucket to add to."""

    def __init__(self, home: Path, bucket: Bucket) -> None:
        self.home = home
        self.bucket = bucket
        self.target = f"s3://{bucket.name}/cdp/"

    def run(self, verb: str, *arguments: str, stdin: bytes = b"", **more: str) -> Any:
        server = self.bucket.server
        return run(
            *("segments", verb, self.target, *arguments),
            *("--endpoint-url", server.endpoint_url, "--region", "us-east-1"),
            home=self.home,
            stdin=stdin,
            AWS_ACCESS_KEY_ID=server.access_key_id,
            AWS_SECRET_ACCESS_KEY=more.get("secret", server.secret_access_key),
        )

    def profiles(self) -> Any:
        [key] = self.bucket.keys()
        return json.loads(self.bucket.raw_get(key) or b"")["profiles"]


@pytest.fixture
def home(tmp_path: Path, ministack_bucket: Bucket) -> Home:
    return Home(tmp_path, ministack_bucket)


def line(uid: str, *segments: str) -> bytes:
    return json.dumps({"traits": {"smi_uid": uid}, "segments": segments}).encode() + b"\n"


def test_one_profile_over_many_lines_and_then_a_stream(home: Home) -> None:
    done = home.run("add", str(FIXTURE))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Added 1: in s3://")
    done = home.run("add", "--json", stdin=line("a", "x") + b"\n" + line("a", "y"))
    assert done.returncode == 0
    told = events(done.stdout)
    assert [one["line"] for one in told] == [1, 3]
    assert all(one["added"]["merged"] for one in told)
    assert [one["smi_uid"] for one in home.profiles()] == ["smi-000017", "a"]
    assert home.profiles()[1]["segments"] == ["x", "y"]
    done = home.run("show")
    assert json.loads(done.stdout)["profiles"] == home.profiles()
    assert "version 2, 0 parts wait" in done.stderr


def test_a_bad_line_is_named_and_the_others_are_added(home: Home) -> None:
    bad = b'{"traits": {}}\n' + line("a") + b'{"traits"\n' + b'{"a":1,"a":2}\n' + line("b")
    done = home.run("add", "-", "--json", stdin=bad)
    assert done.returncode == 3
    said = done.stderr.splitlines()
    assert said[0] == "line 1: Could not find payload.traits.smi_uid"
    assert said[1].startswith("line 3: The JSON is not valid at line 3, column")
    assert said[2].startswith("line 4: The JSON is not valid at line 4")
    codes = [one.get("error", {}).get("code") for one in events(done.stdout)]
    assert codes == ["payload", None, "invalid_content", "invalid_content", None]
    assert [one["smi_uid"] for one in home.profiles()] == ["a", "b"]


def test_the_first_line_may_be_the_bad_one(home: Home) -> None:
    done = home.run("add", stdin=b"oops\n" + line("a"))
    assert done.returncode == 3
    assert done.stderr.startswith("line 1: The JSON is not valid at line 1")
    assert done.stdout.startswith("Added 1")


def test_what_s3_does_not_take_is_sent_by_the_next_call(home: Home) -> None:
    done = home.run("add", stdin=line("a", "x"), secret="wrong")
    assert done.returncode == 4
    assert "kept in the journal" in done.stderr
    assert home.bucket.keys() == []
    assert home.run("add", stdin=line("a", "y")).returncode == 0
    assert home.profiles() == [{"smi_uid": "a", "segments": ["x", "y"]}]


def test_a_foreign_file_is_told_and_folded_when_it_is_gone(home: Home) -> None:
    day = json.loads(home.run("show", "--json").stdout)["date"]
    key = f"cdp/{day}_segments.json"
    home.bucket.raw_put(key, b"<html>")
    done = home.run("add", stdin=line("a", "x"))
    assert (done.returncode, "in parts beside" in done.stdout) == (0, True)
    assert home.run("show", "--date", day).returncode == 3
    done = home.run("compact", "--date", day)
    assert done.returncode == 3
    assert "is no day's file" in done.stderr
    assert home.bucket.raw_get(key) == b"<html>"
    home.bucket.client.delete_object(Bucket=home.bucket.name, Key=key)
    done = home.run("compact", "--date", day, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["events"] == 1
    assert json.loads(home.bucket.raw_get(key) or b"")["profiles"][0]["segments"] == ["x"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("add", "file:///x"), "s3://BUCKET/PREFIX/"),
        (("add", "s3://bucket/p/", "missing.json"), "missing.json cannot be read"),
        (("show", "s3://bucket/p/", "--date", "yesterday"), "YYYY-MM-DD"),
        (("compact", "s3://bucket/p/", "--suffix", "a/b"), "suffix"),
    ],
)
def test_wrong_usage_is_told(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = run("segments", *arguments, home=tmp_path)
    assert done.returncode == 2
    assert word in done.stderr
