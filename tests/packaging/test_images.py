"""The images, as far as they can be tried without a container engine.

The Dockerfiles and the compose file are linted; and what they install and run is installed and
run: the built wheel in an environment of its own, by a user without rights, and where this
process may, in a file system that is read-only.
"""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

import pytest
import yaml

from sealift.testing.fault_server import FaultServer
from tests.cli.commands import read_until

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "packaging"
DOCKERFILES = sorted((PLACE / "docker").glob("*.Dockerfile"))
BIN = Path(sys.executable).parent
NOBODY = 65532

_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def instructions(dockerfile: Path, word: str) -> list[str]:
    """The arguments of an instruction in the last stage."""
    text = dockerfile.read_text().replace("\\\n", " ")
    stage = text.rpartition("\nFROM ")[2]
    return re.findall(rf"^{word} (.*)$", stage, re.MULTILINE)


def environment_of(dockerfile: Path) -> dict[str, str]:
    words = [word for line in instructions(dockerfile, "ENV") for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words)


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.stem)
def test_the_dockerfile_is_sound(dockerfile: Path) -> None:
    linted = subprocess.run(
        [BIN / "hadolint", dockerfile], capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout) == (0, "")
    bases = re.findall(r"^FROM (\S+)", dockerfile.read_text(), re.MULTILINE)
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", bases[0])
    assert instructions(dockerfile, "USER") == [f"{NOBODY}:{NOBODY}"]
    assert instructions(dockerfile, "STOPSIGNAL") == ["SIGTERM"]
    for word in ("ENTRYPOINT", "CMD"):
        [form] = instructions(dockerfile, word)
        assert json.loads(form), "the exec form lets signals reach the process"


@pytest.mark.parametrize("kind", ["agent", "presigner", "build"])
def test_what_is_installed_is_what_the_suite_runs_with(kind: str) -> None:
    """The same versions, and only hashes that are known there."""
    wanted = (PLACE / "docker" / f"{kind}.txt").read_text()
    known = (ROOT / "requirements/dev.txt").read_text()
    assert dict(_PIN.findall(wanted)).items() <= dict(_PIN.findall(known)).items()
    hashes = set(re.findall(r"sha256:[0-9a-f]{64}", wanted))
    assert hashes <= set(re.findall(r"sha256:[0-9a-f]{64}", known))


def test_the_compose_file_is_sound() -> None:
    rules = "{extends: default, rules: {document-start: disable, line-length: {max: 100}}}"
    linted = subprocess.run(
        [BIN / "yamllint", "--strict", "-d", rules, PLACE / "compose.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout) == (0, "")
    compose = yaml.safe_load((PLACE / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert service["read_only"]
        assert service["user"] == f"{NOBODY}:{NOBODY}"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["stop_grace_period"]
        assert (PLACE / service["build"]["context"] / service["build"]["dockerfile"]).exists()
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert not [name for name in service["environment"] if "SECRET" in name or "KEY" in name]
        assert set(service["secrets"]) <= set(compose["secrets"])
    assert (PLACE / compose["configs"]["presigner"]["file"]).exists()


def test_only_what_is_built_from_reaches_the_builder() -> None:
    """Secrets, ledgers and the repository's history stay where they are."""
    first, *rest = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] != "#"
    ]
    assert first == "*"
    taken = {line[1:] for line in rest if line.startswith("!")}
    copied = set()
    for dockerfile in DOCKERFILES:
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile.read_text(), re.MULTILINE):
            copied |= set(line.split())
    assert {name for name in copied if "/" not in name} == {n for n in taken if "/" not in n}
    assert {Path(name).parent for name in copied if "/" in name} == {Path("packaging/docker")}


@dataclass(frozen=True)
class Image:
    """What an image has: programs that cannot be changed, and a folder that can."""

    programs: Path
    state: Path

    def command(self, *words: str) -> list[str]:
        """Run as the image's user with everything but the state read-only, if we may."""
        program = [str(self.programs / "bin" / words[0]), *words[1:]]
        if os.geteuid() != 0 or not shutil.which("unshare"):
            return program
        mounts = f"mount --bind {self.state} {self.state} && mount -o remount,bind,ro /"
        user = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs"
        return ["unshare", "-m", "sh", "-c", f'{mounts} && exec {user} "$@"', "-", *program]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The built wheel in an environment of its own; other packages are those of the suite."""
    place = Path(tempfile.mkdtemp(prefix="sealift-image-"))
    try:
        place.chmod(0o755)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
        subprocess.run(
            [*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", place, ROOT],
            check=True,
        )
        venv.create(place / "opt", with_pip=False, symlinks=True)
        python = place / "opt/bin/python"
        [wheel] = place.glob("*.whl")
        subprocess.run(
            [*pip, "--python", python, "install", "-q", "--no-deps", "--no-index", wheel],
            check=True,
        )
        [packages] = (place / "opt").glob("lib/python*/site-packages")
        (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
        state = place / "state"
        state.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(state, NOBODY, NOBODY)
        yield Image(place / "opt", state)
    finally:
        shutil.rmtree(place)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def test_the_wheel_is_what_runs(image: Image) -> None:
    """Not the sources that the suite has installed."""
    asked = subprocess.run(
        image.command("python", "-c", "import sealift; print(sealift.__file__)"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout.startswith(str(image.programs))


def test_the_listener_runs_and_is_probed_as_in_the_image(image: Image) -> None:
    """Its own environment and health check; an event comes in, and its file goes out."""
    dockerfile = PLACE / "docker/agent.Dockerfile"
    port = str(free_port())
    with FaultServer() as store:
        environ = {
            name: value.replace("/var/lib/sealift", str(image.state)).replace("9464", port)
            for name, value in environment_of(dockerfile).items()
        } | {
            "BUCKET_NAME": store.bucket.name,
            "AWS_ENDPOINT_URL": store.endpoint_url,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "PORT": "0",
            "PATH": os.environ["PATH"],
        }
        [health] = instructions(dockerfile, "HEALTHCHECK")
        probe = image.command(*json.loads(health.partition("CMD ")[2]))
        with Popen(
            image.command("sealift", "listen", "--flush-on-stop", "--acknowledge"),
            env=environ,
            cwd=image.state,
            stdout=PIPE,
            stderr=STDOUT,
            text=True,
        ) as listener:
            try:
                where = int(read_until(listener, "listening: tcp")[-1].split()[-1])
                with socket.create_connection(("127.0.0.1", where), timeout=10) as sender:
                    sender.sendall(b"<EVENT><a>1</a></EVENT>")
                    assert sender.recv(100) == b"OK 1\n"
                well = subprocess.run(probe, env=environ, capture_output=True, check=False)
                assert (well.returncode, well.stderr) == (0, b"")
                listener.send_signal(signal.SIGTERM)
                assert listener.wait(20) == 0
            finally:
                listener.kill()
        gone = subprocess.run(probe, env=environ, capture_output=True, check=False)
        assert gone.returncode == 1
        assert len(store.objects) == 1


def test_the_presigner_runs_and_is_probed_as_in_the_image(image: Image, tmp_path: Path) -> None:
    dockerfile = PLACE / "docker/presigner.Dockerfile"
    port = str(free_port())
    secret = image.state / "master-key"
    secret.write_text("m" * 40)
    secret.chmod(0o444)
    settings = image.state / "presigner.toml"
    example = (PLACE / "presigner.toml").read_text()
    settings.write_text(example.replace("/run/secrets/master-key", str(secret)))
    environ = environment_of(dockerfile) | {
        "SEALIFT_HEALTH_URL": environment_of(dockerfile)["SEALIFT_HEALTH_URL"].replace(
            "8787", port
        ),
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "PATH": os.environ["PATH"],
    }
    [entry], [command] = instructions(dockerfile, "ENTRYPOINT"), instructions(dockerfile, "CMD")
    words = [*json.loads(entry), *json.loads(command)[:-1], str(settings), "--port", port]
    [health] = instructions(dockerfile, "HEALTHCHECK")
    with Popen(
        image.command(*words), env=environ, cwd="/", stdout=PIPE, stderr=STDOUT, text=True
    ) as presigner:
        try:
            read_until(presigner, "Presigner ready at")
            probe = image.command(*json.loads(health.partition("CMD ")[2]))
            well = subprocess.run(probe, env=environ, capture_output=True, check=False)
            assert (well.returncode, well.stdout, well.stderr) == (0, b"ok\n", b"")
            presigner.send_signal(signal.SIGTERM)
            assert presigner.wait(20) in (0, -signal.SIGTERM)
        finally:
            presigner.kill()
