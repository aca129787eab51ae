"""Measure what redaction costs a document: `python -m bench.redaction`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench.files import make_conversations
from sealift.sealing.redact import Redactor
from sealift.sealing.validate import Format, Limits, check

LIMITS = Limits()
PACKS = ("pii", "secrets")
PROSE = Path(__file__).parents[1] / "tests" / "fixtures" / "conversations"
_ROUNDS = 9
_SECONDS_A_ROUND = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of document, and what it costs in microseconds of CPU."""

    what: str
    size: int
    hits: float
    """On average, for each document."""

    check_us: float
    redact_us: float


def measure(redactor: Redactor, documents: list[bytes], what: str) -> Row:
    """Check and redact each document; the mean of them in the best of some rounds."""
    hits = sum(sum(redactor.redact(one, Format.JSON).counts.values()) for one in documents)
    return Row(
        what=what,
        size=sum(map(len, documents)) // len(documents),
        hits=hits / len(documents),
        check_us=_best(lambda: [check(one, Format.JSON, LIMITS) for one in documents])
        / len(documents),
        redact_us=_best(lambda: [redactor.redact_checked(one, Format.JSON) for one in documents])
        / len(documents),
    )


def kinds(work: Path) -> dict[str, list[bytes]]:
    """Make the documents: conversations of 10 KB, generated and in real prose, and longer ones."""
    make_conversations(work / "small", 50)
    small = [path.read_bytes() for path in sorted((work / "small").iterdir())]
    ascii_only = [one.decode().encode("ascii", "replace") for one in small]
    make_conversations(work / "large", 2, kib=1024)
    large = [path.read_bytes() for path in sorted((work / "large").iterdir())]
    return {
        "10 KB of real prose": [path.read_bytes() for path in sorted(PROSE.glob("[0-9]*.json"))],
        "10 KB conversation": small,
        "the same in ASCII": ascii_only,
        "the same without line breaks": [orjson.dumps(orjson.loads(one)) for one in small],
        "the same, its texts quoted and broken": [_with_escapes(one) for one in small],
        "1 MB conversation": large,
    }


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.redaction", description=__doc__)
    parser.add_argument("--packs", nargs="+", default=PACKS, help="rule packs (pii secrets)")
    packs = parser.parse_args(arguments).packs
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as name:
        # A redactor of its own for each kind, as an agent has it whose folder holds that kind.
        rows = [measure(Redactor(packs), made, what) for what, made in kinds(Path(name)).items()]
    table = Table(title=f"Redaction with {', '.join(packs)}: CPU time a document")
    for column in ("document", "bytes", "hits", "check", "redact", "together", "speed"):
        table.add_column(column, justify="left" if column == "document" else "right")
    for row in rows:
        both = row.check_us + row.redact_us
        table.add_row(
            row.what,
            f"{row.size:,}",
            f"{row.hits:.1f}",
            *(f"{value:,.0f} µs" for value in (row.check_us, row.redact_us, both)),
            f"{row.size / both:,.0f} MB/s",
        )
    Console().print(table)
    return 0


def _with_escapes(data: bytes) -> bytes:
    value = orjson.loads(data)
    for message in value["messages"]:
        message["content"] = message["content"].replace(". ", '.\n"').replace(" the ", " \\ ")
    return orjson.dumps(value)


def _best(work: Callable[[], object]) -> float:
    """Give the CPU time of one call in microseconds, in the best of some rounds."""
    calls = 1
    while (once := _time(work, calls)) < _SECONDS_A_ROUND:
        calls *= 2
    return min(once, *(_time(work, calls) for _ in range(_ROUNDS))) / calls * 1e6


def _time(work: Callable[[], object], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
