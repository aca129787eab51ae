"""`sealift put` as a process."""

import signal
import socket
from pathlib import Path

from sealift.one_off import SLOTS
from tests.cli.commands import events, run, start
from tests.servers import Bucket


def _keys(bucket: Bucket) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": bucket.server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": bucket.server.secret_access_key,
    }


def _flags(bucket: Bucket) -> tuple[str, ...]:
    server = bucket.server
    return ("--endpoint-url", server.endpoint_url, "--region", server.region)


def test_files_go_below_a_prefix_and_stay(tmp_path: Path, ministack_bucket: Bucket) -> None:
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "b c.txt").write_text("text")
    target = f"s3://{ministack_bucket.name}/some/where/"
    done = run(
        *("put", "a.json", "b c.txt", target, *_flags(ministack_bucket)),
        home=tmp_path,
        **_keys(ministack_bucket),
    )
    assert done.returncode == 0, done.stderr
    assert ministack_bucket.keys() == ["some/where/a.json", "some/where/b c.txt"]
    assert f"→ {target}a.json\n" in done.stdout
    [item] = events(run("history", "--put", "a.json", "--json", home=tmp_path).stdout)
    assert item["deliveries"][0]["key"] == "some/where/a.json"
    assert (tmp_path / "a.json").exists()


def test_standard_input_goes_to_one_key(tmp_path: Path, ministack_bucket: Bucket) -> None:
    done = run(
        *("put", "-", f"s3://{ministack_bucket.name}/x.sql", *_flags(ministack_bucket), "--json"),
        home=tmp_path,
        stdin=b"select 1;",
        **_keys(ministack_bucket),
    )
    assert done.returncode == 0, done.stderr
    assert ministack_bucket.raw_get("x.sql") == b"select 1;"
    assert "delivered" in [event["event"] for event in events(done.stdout)]
    assert list((tmp_path / "state-home/sealift/put/spool").iterdir()) == []


def test_standard_input_is_kept_when_it_cannot_be_delivered(tmp_path: Path) -> None:
    target = f"file://{tmp_path}/nowhere/x.txt"
    done = run("put", "-", target, home=tmp_path, stdin=b"only once")
    assert done.returncode == 4
    [kept] = (tmp_path / "state-home/sealift/put/spool").rglob("x.txt")
    assert kept.read_bytes() == b"only once"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert str(kept) in done.stderr


def test_another_object_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.txt").write_text("theirs")
    (tmp_path / "a.txt").write_text("ours")
    target = f"file://{tmp_path}/out/"
    refused = run("put", "a.txt", target, home=tmp_path)
    assert refused.returncode == 3
    assert (tmp_path / "out/a.txt").read_text() == "theirs"
    assert "--overwrite" in refused.stderr
    assert run("put", "a.txt", target, "--overwrite", home=tmp_path).returncode == 0
    assert (tmp_path / "out/a.txt").read_text() == "ours"


def test_the_same_put_again_finds_its_own_object(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "a.txt").write_text("ours")
    for _ in range(2):
        done = run("put", "a.txt", f"file://{tmp_path}/out/b.txt", home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "✅ uploaded" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.txt"]


def test_a_broken_document_is_not_sent_unless_told_to(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "a.json").write_text("{")
    target = f"file://{tmp_path}/out/"
    assert run("put", "a.json", target, home=tmp_path).returncode == 3
    assert list((tmp_path / "out").iterdir()) == []
    assert run("put", "a.json", target, "--format", "any", home=tmp_path).returncode == 0


def test_after_an_outage_the_same_command_goes_on(tmp_path: Path) -> None:
    """A folder that appears later stands for the outage; the reservation is taken up again."""
    (tmp_path / "a.txt").write_text("text")
    target = f"file://{tmp_path}/late/"
    assert run("put", "a.txt", target, home=tmp_path).returncode == 4
    (tmp_path / "late").mkdir()
    done = run("put", "a.txt", target, "--json", home=tmp_path)
    assert done.returncode == 0
    [started] = [event for event in events(done.stdout) if event["event"] == "route_started"]
    assert started["waiting"] == 1


def interrupted(file: str, target: str, *, home: Path) -> tuple[int, str]:
    """Press Ctrl-C in the middle of a put; give the exit code and what was said.

    A server that takes the connection and never answers keeps the upload under way.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        flags = ("--endpoint-url", url, "--region", "us-east-1")
        process = start("put", file, target, *flags, home=home, **keys)
        try:
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(1)
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    return process.returncode, errors


def test_after_ctrl_c_standard_input_is_kept_and_its_place_told(tmp_path: Path) -> None:
    code, errors = interrupted("-", "s3://bucket/x.txt", home=tmp_path)
    assert code == 130
    [kept] = (tmp_path / "state-home/sealift/put/spool").rglob("x.txt")
    assert errors.startswith(f"Interrupted.\nStandard input is kept in {kept}; put that file")
    assert "Repeat" not in errors


def test_after_an_error_standard_input_is_kept_and_its_place_told(tmp_path: Path) -> None:
    """A ledger that is no database is an error before anything is sent."""
    for slot in range(SLOTS):
        folder = tmp_path / "state" / str(slot)
        folder.mkdir(parents=True, mode=0o700)
        (folder / "ledger.sqlite3").write_bytes(b"no database" * 100)
    target = f"file://{tmp_path}/x.txt"
    done = run("put", "-", target, "--state-dir", "state", home=tmp_path, stdin=b"only once")
    assert done.returncode == 1
    [kept] = (tmp_path / "state/spool").rglob("x.txt")
    assert kept.read_bytes() == b"only once"
    assert f"Standard input is kept in state/{kept.relative_to(tmp_path / 'state')}" in done.stderr
    assert "sealift: " in done.stderr


def test_ctrl_c_ends_with_130_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    code, errors = interrupted("a.txt", "s3://bucket/x", home=tmp_path)
    assert code == 130
    assert errors == "Interrupted. Repeat the same command to go on.\n"


def test_wrong_usage_is_2_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.txt").write_text("")
    wrong = (
        (("a.txt",), "Something is missing."),
        (("a.txt", "ftp://x/"), "The target ftp://x/ is not known."),
        (("a.txt", "d/a.txt", "s3://bucket/x/"), "a.txt and d/a.txt would have the same key."),
        (("a.txt", "d/a.txt", "s3://bucket/x"), "2 files cannot all have the key x."),
        (("none.txt", "s3://bucket/"), "none.txt cannot be sent: No such file or directory."),
        (("d", "s3://bucket/"), "d is a folder, not a plain file."),
        (("-", "s3://bucket/x/"), "Standard input has no name"),
        (("a.txt", "s3://B_/x"), "bucket 'B_' must be 3 to 63"),
    )
    for arguments, sentence in wrong:
        done = run("put", *arguments, home=tmp_path)
        assert (done.returncode, sentence in done.stderr) == (2, True), (arguments, done.stderr)
        assert "Traceback" not in done.stderr
