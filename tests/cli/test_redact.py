"""`sealift redact` as a process."""

import gzip
import json
import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.commands import PROGRAM, environment, events, run, write_config

FIXTURE = Path(__file__).parents[1] / "fixtures" / "conversation.json"
PLANTED = ("john@example.com", "555-123-4567", "4111 1111 1111 1111")


def test_in_a_pipe_it_writes_the_redacted_document(tmp_path: Path) -> None:
    """What was removed is neither there nor among the lines for people."""
    done = run("redact", FIXTURE, home=tmp_path)
    assert done.returncode == 0, done.stderr
    before, after = json.loads(FIXTURE.read_bytes()), json.loads(done.stdout)
    assert before.keys() == after.keys()
    assert "BLOCKED" in done.stdout
    assert not any(planted in done.stdout + done.stderr for planted in PLANTED)
    assert re.fullmatch(r"Removed: [a-z0-9, -]+\.\n", done.stderr)
    assert done.stdout.count("\n") == FIXTURE.read_text().count("\n")


def test_standard_input_needs_a_format(tmp_path: Path) -> None:
    data = b'"a@example.com"\n{"n": 1}\n'
    refused = run("redact", "-", home=tmp_path, stdin=data)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--format json, ndjson, xml" in refused.stderr
    done = run("redact", "-", "--format", "ndjson", home=tmp_path, stdin=data)
    assert done.stdout == '"BLOCKED"\n{"n": 1}\n'


@pytest.mark.parametrize("flag", ["--report", "--json"])
def test_the_report_counts_and_tells_no_text(tmp_path: Path, flag: str) -> None:
    """Not even the file's name tells it, nor does it matter that the sealed file is written."""
    file = tmp_path / "to_john@example.com.json"
    file.write_bytes(FIXTURE.read_bytes())
    done = run("redact", file, flag, "-o", "sealed.json", home=tmp_path)
    assert done.returncode == 0, done.stderr
    [report] = events(done.stdout)
    assert report["file"] == "BLOCKED.json"
    assert report["redactions"]["email"] == 1
    assert report["size"] == len(FIXTURE.read_bytes())
    sealed = (tmp_path / "sealed.json").read_bytes()
    assert report["sealed_size"] == len(sealed)
    assert re.fullmatch("[0-9a-f]{16}", report["policy"])
    assert not any(planted in done.stdout + done.stderr for planted in PLANTED)
    assert not any(planted.encode() in sealed for planted in PLANTED)


def test_the_diff_shows_its_owner_both_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo a@example.com \x1b[31m\nthree\n")
    done = run("redact", "a.txt", "--diff", home=tmp_path)
    assert done.stdout.splitlines() == [
        "@@ line 2 @@",
        "- two a@example.com \\x1b[31m",
        "+ two BLOCKED \\x1b[31m",
    ]


def test_a_long_line_is_shown_around_what_changes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x " * 500 + "a@example.com" + " y" * 500 + " b@example.com")
    done = run("redact", "a.txt", "--diff", home=tmp_path)
    _, before, after = done.stdout.splitlines()
    assert "a@example.com" in before
    assert "a@example.com" not in after
    assert len(before) < 300
    assert before.count("…") == 2


def test_on_a_terminal_the_diff_is_coloured(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("write to a@example.com now\n")
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [PROGRAM, "redact", "a.txt"],
            cwd=tmp_path,
            env=environment(tmp_path, TERM="xterm-256color"),
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=subprocess.PIPE,
        )
        os.close(slave)
        shown = b""
        until = time.monotonic() + 30
        while b"BLOCKED" not in shown or process.poll() is None:
            assert time.monotonic() < until, shown
            if select.select([master], [], [], 0.05)[0]:
                try:
                    shown += os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
        assert process.wait(10) == 0
        assert process.stderr
        process.stderr.close()
    finally:
        os.close(master)
    assert re.search(rb"\x1b\[[0-9;]*m- write to ", shown)
    assert re.search(rb"\x1b\[[0-9;]*m.*BLOCKED", shown)


def test_as_a_route_seals(tmp_path: Path) -> None:
    """The route's rules, key and compression count, and relative paths are its file's."""
    config = write_config(tmp_path)
    (tmp_path / "mine.toml").write_text(
        "[[rule]]\nname = 'staff'\nlabel = 'STAFF'\npattern = 'S-[0-9]{4}'\n"
        "examples = ['by «S-1234»']\n"
    )
    config.write_text(
        config.read_text()
        + "[routes.a.seal]\nredact_rules = ['mine.toml']\nreplacement = 'hash'\n"
        + "redact_key = { env = 'KEY' }\ncompress = 'gzip'\n"
    )
    (tmp_path / "a.txt").write_text("a@example.com by S-1234")
    other = tmp_path / "other"
    other.mkdir()
    flags = ("--config", config, "--route", "a", "-o", other / "a.gz")
    done = run("redact", tmp_path / "a.txt", *flags, home=other, KEY="k")
    assert done.returncode == 0, done.stderr
    text = gzip.decompress((other / "a.gz").read_bytes()).decode()
    assert re.fullmatch(r"a@example.com by \[STAFF~[a-z]{14}\]", text)
    wrong = run(
        "redact", tmp_path / "a.txt", "--config", config, "--route", "b", home=other, KEY="k"
    )
    assert wrong.returncode == 2
    assert "There is no route b" in wrong.stderr


def test_nothing_is_written_of_what_cannot_be_redacted(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"to": "a@example.com"')
    (tmp_path / "b.txt").write_bytes(b"\xff a@example.com")
    (tmp_path / "out").write_text("before")
    for name in ("a.json", "b.txt"):
        done = run("redact", name, "-o", "out", home=tmp_path)
        assert (done.returncode, done.stdout) == (3, "")
        assert "a@example.com" not in done.stderr
        assert "Traceback" not in done.stderr
    assert (tmp_path / "out").read_text() == "before"


def test_wrong_usage_is_2_and_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    wrong = (
        (("none.txt",), "none.txt cannot be read"),
        (("a.txt", "--packs", "pi"), "Did you mean"),
        (("a.txt", "--rules", "none.toml"), "none.toml"),
        (("a.txt", "--replacement", "hash"), "redact_key"),
        (("a.txt", "--replacement", "<>"), "replacement"),
        (("a.txt", "-o", "no/where"), "no/where cannot be written"),
    )
    for arguments, sentence in wrong:
        done = run("redact", *arguments, home=tmp_path)
        assert (done.returncode, sentence in done.stderr) == (2, True), (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_flags_make_the_policy(tmp_path: Path) -> None:
    text = "a@example.com b@example.com sk 4111 1111 1111 1111"
    flags = ("--packs", "pii", "--allow", "b@example.com", "--replacement", "label")
    done = run("redact", "-", "--format", "any", *flags, home=tmp_path, stdin=text.encode())
    assert done.stdout.startswith("[EMAIL] b@example.com sk [")
    key = {"SEALIFT_REDACT_KEY": "k"}
    hashed = run(
        *("redact", "-", "--format", "any", "--replacement", "hash"),
        home=tmp_path,
        stdin=text.encode(),
        **key,
    )
    assert re.match(r"\[EMAIL~[a-z]{14}\] ", hashed.stdout)
