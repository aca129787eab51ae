"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_it_stays_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 100


def test_its_configuration_and_its_python_deliver(tmp_path: Path) -> None:
    """With a directory in place of the bucket, as the README's bucket is nobody's."""
    [config], [program] = blocks("toml"), blocks("python")
    bucket, folder = 'kind = "s3"\nbucket = "my-bucket"', 'kind = "directory"\npath = "out"'
    shown = config.replace(bucket, folder)
    assert shown != config
    (tmp_path / "sealift.toml").write_text(shown, encoding="utf-8")
    (tmp_path / "out").mkdir()
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "conversation_123.json").write_text("{}", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "0 0"
    assert (tmp_path / "memory" / "conversation_123.json.synced").exists()
    [stored] = [path for path in (tmp_path / "out" / "uploads").rglob("*.json") if path.is_file()]
    assert stored.read_bytes() == b"{}"
    assert stored.parent.name == "dev001"


def test_its_commands_exist() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    verbs = {line.split()[1] for line in lines if line.startswith("sealift ")}
    assert {"check", "run", "status", "history"} <= verbs
    program = Path(sys.executable).with_name("sealift")
    for verb in verbs:
        asked = subprocess.run(
            [program, verb, "--help"], check=False, capture_output=True, timeout=60
        )
        assert asked.returncode == 0, verb
