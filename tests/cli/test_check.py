"""`sealift check`: a line for each thing, and the exit code of the worst."""

from pathlib import Path
from typing import Any

import pytest

from sealift.doctor import worst
from sealift.ledger.ledger import Ledger
from tests.cli.commands import events, read_until, run, start, write_config
from tests.ledger.samples import failed, reserved
from tests.servers import Bucket


def _levels(text: str) -> dict[str, Any]:
    return {event["name"]: event["level"] for event in events(text)}


def test_all_well_ends_with_0(tmp_path: Path, ministack_bucket: Bucket) -> None:
    config = write_config(tmp_path, destination=_s3(ministack_bucket))
    (tmp_path / "in/a.json").write_text("{}")
    done = run("check", config, "--json", home=tmp_path, **_keys(ministack_bucket))
    levels = _levels(done.stdout)
    assert done.returncode == 0, done.stdout
    for name in ("file", "state_dir", "ledger", "disk", "folder", "pattern", "credentials"):
        assert levels[name] == "pass"
    for name in ("write", "conditional_create", "head", "metadata", "clock"):
        assert levels[name] == "pass"
    assert "fail" not in levels.values()
    assert ministack_bucket.keys() == []
    assert ministack_bucket.server.secret_access_key not in done.stdout


def test_for_people_each_line_says_its_level_and_what_to_do(tmp_path: Path) -> None:
    write_config(tmp_path, source='pattern = "*.csv"')
    done = run("check", home=tmp_path)
    assert done.returncode == 0
    assert "✅ pass  agent: ledger: The ledger is sound.\n" in done.stdout
    assert "⚠️  warn  routes.a.source: pattern: No file there fits *.csv now.\n" in done.stdout
    assert "         → Check pattern" in done.stdout


def test_a_bucket_that_is_not_there_ends_with_4(tmp_path: Path, ministack_bucket: Bucket) -> None:
    destination = _s3(ministack_bucket).replace(ministack_bucket.name, "not-there")
    write_config(tmp_path, destination=destination)
    done = run("check", home=tmp_path, **_keys(ministack_bucket))
    assert done.returncode == 4
    assert "❌ fail  routes.a.destination s3: " in done.stdout


def test_no_credentials_end_with_4(tmp_path: Path, ministack_bucket: Bucket) -> None:
    destination = _s3(ministack_bucket).partition("access_key_id")[0]
    write_config(tmp_path, destination=destination)
    done = run("check", "--json", home=tmp_path)
    assert done.returncode == 4
    assert _levels(done.stdout)["credentials"] == "fail"


def test_a_destination_folder_that_is_gone_ends_with_4(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "out").rmdir()
    done = run("check", "--json", home=tmp_path)
    assert done.returncode == 4
    assert _levels(done.stdout)["directory"] == "fail"


def test_a_wrong_configuration_ends_with_2_and_a_line_for_each_mistake(tmp_path: Path) -> None:
    write_config(tmp_path, route='after = "burn"\nconcurrency = 0')
    done = run("check", home=tmp_path)
    assert done.returncode == 2
    assert done.stdout.count("❌ fail  configuration: file: ") == 2


def test_deliveries_for_a_destination_that_is_gone_are_a_warning(tmp_path: Path) -> None:
    write_config(tmp_path)
    with Ledger(tmp_path / ".sealift") as ledger:
        (seq,) = reserved(ledger, 1, route="a", to=("old",))
        ledger.record([], [failed(seq, "old")])
    done = run("check", home=tmp_path)
    assert done.returncode == 0
    assert "warn  routes.a: waiting: Deliveries wait for old, which" in done.stdout


def test_a_ledger_that_is_damaged_ends_with_1(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / ".sealift").mkdir()
    (tmp_path / ".sealift/ledger.sqlite3").write_bytes(b"not a database" * 100)
    done = run("check", "--json", home=tmp_path)
    assert done.returncode == 1
    assert _levels(done.stdout)["ledger"] == "fail"


def test_an_agent_that_runs_is_only_a_warning(tmp_path: Path) -> None:
    write_config(tmp_path)
    process = start("run", "--json", home=tmp_path)
    try:
        read_until(process, '"route_started"')
        done = run("check", "--json", home=tmp_path)
        assert done.returncode == 0
        assert _levels(done.stdout)["state_dir"] == "warn"
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("codes", "code"), [([], 0), ([0, 3], 3), ([3, 4], 4), ([4, 1], 1), ([1, 2, 4], 2)]
)
def test_the_worst_code_is_what_must_be_mended_first(codes: list[int], code: int) -> None:
    assert worst(codes) == code


def _s3(bucket: Bucket) -> str:
    return f"""
kind = "s3"
bucket = "{bucket.name}"
region = "{bucket.server.region}"
endpoint_url = "{bucket.server.endpoint_url}"
access_key_id = {{ env = "KEY" }}
secret_access_key = {{ env = "SECRET" }}
"""


def _keys(bucket: Bucket) -> dict[str, str]:
    return {"KEY": bucket.server.access_key_id, "SECRET": bucket.server.secret_access_key}
