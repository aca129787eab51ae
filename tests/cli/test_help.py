"""Every verb explains itself, quickly and with two examples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.cli.main import VERBS
from tests.cli.commands import run
from tests.reference import COMMANDS, help_of


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_verb_has_help_with_two_examples_that_fit_a_terminal(
    command: tuple[str, ...],
) -> None:
    text = help_of(command)
    examples = text.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
    assert len(examples) == 2, text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert all("sealift " in line for line in examples)


@pytest.mark.parametrize("command", COMMANDS[1:], ids=" ".join)
def test_every_flag_is_explained(command: tuple[str, ...]) -> None:
    for line in help_of(command).splitlines():
        if re.match(r"│ (--|[A-Z])", line):
            words = line.strip("│ ").split()
            assert len(words) > 2, line


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_the_verb_says_itself(verb: str) -> None:
    first = help_of((verb,)).split("\n\n")[1]
    assert " ".join(first.split()) == VERBS[verb]


HEAVY = {"boto3", "botocore", "obstore", "orjson", "watchfiles", "prometheus_client"}
"""Each costs more to import than all the rest of what help needs."""


@pytest.mark.parametrize("command", [("--help",), ("run", "--help"), ("put", "--help")])
def test_help_imports_nothing_heavy(command: tuple[str, ...]) -> None:
    """What makes help fast, in a form that a busy machine does not change."""
    code = (
        "import sys; from sealift.cli import main; sys.argv[1:] = sys.argv[2:]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, "-", *command], capture_output=True, text=True, check=True
    )
    assert "Examples" in shown.stdout or "Commands" in shown.stdout
    assert not HEAVY & set(shown.stderr.split())


def test_wrong_usage_is_2_and_names_the_nearest(tmp_path: Path) -> None:
    for arguments, word in ((("rum",), "run"), (("run", "--rout", "a"), "--route")):
        done = run(*arguments, home=tmp_path)
        assert done.returncode == 2
        assert f'Did you mean "{word}"' in done.stderr or f"Did you mean {word}" in done.stderr
        assert done.stdout == ""


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run("--version", home=tmp_path).stdout)
