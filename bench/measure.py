"""Run a program and tell what it cost: CPU time, wall time, peak memory."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SOURCES = Path(__file__).parent
_STOP_SECONDS = 5.0


class BenchError(Exception):
    """The bench cannot run here; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of a program took; its children that it waited for included."""

    exit_code: int
    """128 and the signal's number if a signal ended it."""

    wall_seconds: float
    user_seconds: float
    system_seconds: float
    max_rss_kib: int

    @property
    def cpu_seconds(self) -> float:
        """Time on the CPU, the program's own and the kernel's for it."""
        return self.user_seconds + self.system_seconds


def compile_c(sources: Sequence[Path], program: Path) -> Path:
    """
    Compile C *sources* to *program*, and give its path.

    Raises:
        BenchError: There is no compiler, or it refuses.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise BenchError(
            "The bench needs a C compiler for its server, and there is none. "
            "Install one, e.g. with: apt-get install gcc libc6-dev"
        )
    command = [compiler, "-O2", "-o", str(program), *map(str, sources)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise BenchError(f"{compiler} could not compile the bench's {program.name}: {said.stderr}")
    return program


class Stopwatch:
    """Runs programs and measures them; made once in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._launcher = compile_c([_SOURCES / "run_measured.c"], folder / "run_measured")
        self._result = folder / "cost.json"

    def run(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> Cost:
        """
        Run *command* to its end with no more than *environment*, its output into *log*.

        Raises:
            BenchError: It could not be measured.
        """
        self._result.unlink(missing_ok=True)
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [self._launcher, self._result, *command],
                env=environment,
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as launcher,
        ):
            try:
                launcher.wait()
            except BaseException:
                stop(launcher)
                raise
        if not self._result.exists():
            raise BenchError(f"{command[0]} could not be measured: {tail(log)}")
        return Cost(**json.loads(self._result.read_text()))


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process of ours, gently and then not."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path) -> str:
    """Give the last lines of a tool's output, at most 500 characters."""
    return log.read_bytes()[-500:].decode(errors="replace").strip()
