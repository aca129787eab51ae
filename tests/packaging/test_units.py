"""The service units: what the service managers say of them, and that what they run exists."""

import plistlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from sealift.cli.main import VERBS
from tests.cli.commands import PROGRAM, run, write_config

PLACE = Path(__file__).parents[2] / "packaging"
UNITS = sorted((PLACE / "systemd").glob("*.service"))
PLISTS = sorted((PLACE / "launchd").glob("*.plist"))
HIGHEST_EXPOSURE = 2.0
"""Of `systemd-analyze security`, from 0 to 10; a unit without hardening has 9.6."""

_ANALYZE = shutil.which("systemd-analyze") or ""
analyzed = pytest.mark.skipif(not _ANALYZE, reason="systemd-analyze is not installed")


def settings_of(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_there_are_units() -> None:
    assert {unit.stem for unit in UNITS} == {"sealift", "sealift-presigner"}
    assert {plist.stem for plist in PLISTS} == {"sealift.agent", "sealift.daemon"}


@analyzed
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_accepts_the_unit_and_finds_it_hardened(unit: Path, tmp_path: Path) -> None:
    """With this environment's program in place of one that is not installed here."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/sealift/bin/sealift", PROGRAM))
    verified = subprocess.run(
        [_ANALYZE, "verify", "--man=no", copy], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run(
        [_ANALYZE, "security", "--offline=true", "--no-pager", copy],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", rated.stdout)
    assert found, rated.stderr
    assert float(found[1]) <= HIGHEST_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_unit_keeps_to_what_matters(unit: Path) -> None:
    settings = settings_of(unit)
    assert settings["Type"] == ["notify"]
    assert settings["Restart"] == ["on-failure"]
    assert settings["RestartPreventExitStatus"] == ["2"]
    assert settings["StartLimitIntervalSec"] == ["0"]
    assert settings["NoNewPrivileges"] == ["yes"]
    assert settings["ProtectSystem"] == ["strict"]
    assert settings["SystemCallFilter"][0] == "@system-service"
    assert "DynamicUser" in settings or "root" not in settings["User"]
    assert all("SECRET" not in one for one in settings["Environment"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_the_unit_runs_has_these_flags(unit: Path, tmp_path: Path) -> None:
    [command] = settings_of(unit)["ExecStart"]
    _program, *words = shlex.split(command)
    assert words[0] in VERBS
    flags = [word for word in words if word.startswith("--")]
    verbs = [word for word in words if word.isalpha()]
    shown = run(*verbs[:2], "--help", home=tmp_path)
    assert shown.returncode == 0
    assert all(flag in shown.stdout for flag in flags)


def test_its_environment_is_understood(tmp_path: Path) -> None:
    """The state directory is where the unit says; credentials that are not there do no harm."""
    settings = settings_of(PLACE / "systemd/sealift.service")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    [default] = settings["SetCredential"]
    (credentials / "aws").write_text(default.removeprefix("aws:"))
    variables = {}
    for one in settings["Environment"]:
        name, _, value = one.partition("=")
        variables[name] = value.replace("%S", str(tmp_path)).replace("%d", str(credentials))
    destination = 'kind = "s3"\nbucket = "nowhere"\nregion = "eu-west-1"'
    write_config(tmp_path, destination=destination)
    done = run("run", "--once", home=tmp_path, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "sealift/ledger.sqlite3").exists()
    (tmp_path / "in/a.json").write_text("{}")
    paused = run("run", "--once", home=tmp_path, **variables)
    assert paused.returncode == 4
    assert "credentials" in paused.stdout


@pytest.mark.parametrize("plist", PLISTS, ids=lambda plist: plist.stem)
def test_launchd_can_read_it(plist: Path) -> None:
    job = plistlib.loads(plist.read_bytes())
    assert job["Label"] == plist.stem
    assert job["KeepAlive"] is True
    assert job["Umask"] == 0o077
    command = " ".join(job["ProgramArguments"])
    verb = re.search(r'sealift"? (\w+) ', command)
    assert verb
    assert verb[1] in VERBS
