"""Measure Sealift beside s5cmd and rclone: `python -m bench --help`."""

import argparse
import json
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import redaction_quality
from bench.files import make_conversations, make_tiny
from bench.measure import BenchError
from bench.report import as_json, machine, rows, table
from bench.scenarios import SCENARIOS, Original, Scenario, run_rounds
from bench.tools import Tool, all_tools

_TABLE_WIDTH = 110
_EXAMPLES = """\
examples:
  python -m bench                                  null, far and real: some minutes
  python -m bench --scenario null --files 2000     a quick look
  python -m bench --scenario far --tools s5cmd sealift --rounds 5 --json far.json
  python -m bench --million                        peak memory with 1,000,000 files
  python -m bench --redaction-quality              recall and precision beside other scrubbers
"""


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 1 if any run did not store every file exactly once."""
    options = _options(arguments)
    if options.redaction_quality:
        return redaction_quality.main(["--json", str(options.json)] if options.json else [])
    tools = all_tools(shlex.split(options.sealift) if options.sealift else None)
    names = ["memory"] if options.million else options.scenario
    reports = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that servers stop
    try:
        for name in names:
            scenario = SCENARIOS[name]
            chosen = [tools[tool] for tool in options.tools or scenario.tools]
            reports.append(_measure(scenario, chosen, options))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bench: interrupted; servers are stopped, files removed", file=sys.stderr)
        return 130
    if options.json:
        report = {"machine": machine(), "scenarios": reports}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    failed = any(row["problems"] for report in reports for row in report["summary"])
    return 1 if failed else 0


def _measure(scenario: Scenario, tools: list[Tool], options: argparse.Namespace) -> dict[str, Any]:
    console, progress = Console(), Console(stderr=True)
    console.width = max(console.width, _TABLE_WIDTH)
    count = options.files or scenario.files
    rounds = 1 if scenario.name == "memory" else options.rounds
    make = make_tiny if scenario.name == "memory" else make_conversations
    runs = []
    with tempfile.TemporaryDirectory(prefix="sealift-bench-", dir=options.work) as name:
        work = Path(name)
        progress.print(f"{scenario.name}: making {count:,} files ...")
        folder = work / "original"
        original = Original(folder=folder, files=count, bytes=make(folder, count))
        with scenario.server(work) as server:
            for run in run_rounds(tools, original, server, work, rounds=rounds):
                runs.append(run)
                cost = f"{run.cost.cpu_seconds:.2f} s CPU, {run.cost.wall_seconds:.2f} s"
                progress.print(
                    f"{scenario.name}: round {run.round}, {run.tool}: {run.problem or cost}",
                    markup=False,
                    soft_wrap=True,
                )
    results = rows(runs, count)
    console.print(table(scenario, original, results))
    return as_json(scenario, original, runs, results)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=sys.modules[__name__].__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    usual = [name for name in SCENARIOS if name != "memory"]
    add("--scenario", nargs="+", choices=SCENARIOS, default=usual, help="which worlds to send into")
    add("--tools", nargs="+", choices=all_tools(), help="which tools, in this order")
    add("--files", type=_positive, help="how many files, instead of the scenario's own number")
    add("--rounds", type=_positive, default=3, help="how often each tool runs (3)")
    add("--million", action="store_true", help="only the memory scenario: takes disk and minutes")
    add("--redaction-quality", action="store_true", help="only that; installs the other scrubbers")
    add("--json", type=Path, metavar="FILE", help="also write everything measured to FILE")
    add("--work", type=Path, metavar="DIR", help="where the files go (the system's temporary one)")
    add("--sealift", metavar="COMMAND", help="another command in place of this venv's sealift")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    sys.exit(main())
