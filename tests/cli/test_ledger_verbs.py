"""`status`, `history`, `retry` and `quarantine`: what people see and decide."""

from pathlib import Path

import pytest

from tests.cli.commands import events, run, stored, write_config


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One file delivered, one in quarantine."""
    write_config(tmp_path)
    (tmp_path / "in/good.json").write_text("{}")
    (tmp_path / "in/broken.json").write_text("{")
    assert run("run", "--once", home=tmp_path).returncode == 3
    return tmp_path


def test_status_counts_and_ends_with_3_while_something_waits(home: Path) -> None:
    done = run("status", home=home)
    assert done.returncode == 3
    assert done.stdout == "a: 1 delivered, 0 waiting, 1 in quarantine\n"


def test_status_ends_with_0_when_all_is_delivered(home: Path) -> None:
    assert run("quarantine", "drop", "broken.json", "--yes", home=home).returncode == 0
    [route] = events(run("status", "--json", home=home).stdout)
    assert (route["delivered"], route["quarantined"], route["dropped"]) == (1, 0, 1)
    assert run("status", home=home).returncode == 0


def test_status_ends_with_4_and_the_reason_while_paused(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "out").rmdir()
    (tmp_path / "in/a.json").write_text("{}")
    assert run("run", "--once", home=tmp_path).returncode == 4
    done = run("status", home=tmp_path)
    assert done.returncode == 4
    assert "⏸️ directory paused since 20" in done.stdout
    assert "Create it, or mount its disk." in done.stdout
    assert "1 waiting (the oldest for " in done.stdout


def test_asking_makes_no_ledger(tmp_path: Path) -> None:
    write_config(tmp_path)
    assert run("status", home=tmp_path).returncode == 0
    assert run("history", home=tmp_path).returncode == 0
    assert run("quarantine", "list", home=tmp_path).returncode == 0
    assert not (tmp_path / ".sealift").exists()


def test_asking_works_while_the_folder_is_gone(home: Path) -> None:
    for file in (home / "in").iterdir():
        file.unlink()
    (home / "in").rmdir()
    assert run("status", home=home).returncode == 3


@pytest.mark.parametrize("name", ["good.json", "good.json.synced", "in/good.json"])
def test_history_tells_all_about_a_file_by_any_of_its_names(home: Path, name: str) -> None:
    [item] = events(run("history", name, "--json", home=home).stdout)
    [copy] = stored(home)
    [delivery] = item["deliveries"]
    assert item["state"] == "done"
    assert item["name"] == "good.json"
    assert item["settled_as"] == "good.json.synced"
    assert len(item["sha256"]) == 64
    assert delivery["url"] == copy.as_uri()
    assert delivery["tries"] == 1
    assert delivery["delivered_at"] > item["created_at"] - 1


def test_history_for_people(home: Path) -> None:
    [copy] = stored(home)
    text = run("history", "good.json", home=home).stdout
    for part in ("good.json  [done]  route a", copy.as_uri(), "SHA-256", "1 try at 20"):
        assert part in text
    [item] = events(run("history", "good.json", "--json", home=home).stdout)
    assert run("history", item["id"], home=home).stdout == text


def test_history_of_an_unknown_file_says_so(home: Path) -> None:
    done = run("history", "none.json", home=home)
    assert (done.returncode, done.stdout) == (0, "")
    assert "Nothing is known of none.json" in done.stderr


def test_quarantine_lists_and_shows_with_reason(home: Path) -> None:
    listed = run("quarantine", "list", home=home).stdout
    assert "broken.json: The JSON is not valid at line 1, column 2" in listed
    [item] = events(run("quarantine", "list", "--json", home=home).stdout)
    assert item["code"] == "invalid_content"
    assert "[quarantined]" in run("quarantine", "show", item["id"], home=home).stdout


def test_a_released_item_is_checked_again(home: Path) -> None:
    done = run("quarantine", "release", "broken.json", home=home)
    assert done.stdout == "released: broken.json\n"
    again = run("run", "--once", home=home)
    assert again.returncode == 3
    assert "in quarantine: broken.json" in again.stdout


def test_a_dropped_item_stays_where_it_is_and_is_left_alone(home: Path) -> None:
    assert run("quarantine", "drop", "--all", "--yes", home=home).returncode == 0
    assert run("run", "--once", home=home).returncode == 0
    assert (home / "in/broken.json").read_text() == "{"


def test_drop_must_be_confirmed(home: Path) -> None:
    done = run("quarantine", "drop", "broken.json", home=home)
    assert done.returncode == 2
    assert "Add --yes." in done.stderr
    assert run("status", home=home).returncode == 3


def test_release_of_nothing_or_of_an_unknown_item_is_2(home: Path) -> None:
    assert run("quarantine", "release", home=home).returncode == 2
    done = run("quarantine", "release", "none.json", home=home)
    assert done.returncode == 2
    assert "Nothing in quarantine has the id or name none.json." in done.stderr


def test_retry_makes_waiting_deliveries_due(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "out").rmdir()
    (tmp_path / "in/a.json").write_text("{}")
    assert run("run", "--once", home=tmp_path).returncode == 4
    assert run("retry", home=tmp_path).stdout == "1 delivery is due now.\n"
    assert run("retry", "--route", "other", home=tmp_path).stdout == "0 deliveries are due now.\n"
