"""Rule packs: TOML files, the built-in ones and the user's, read and proven in one way."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from sealift.errors import ConfigError
from sealift.sealing.redact.rules.rule import REMOVED_GROUP, Rule
from sealift.sealing.redact.search.finder import Finder

BUILT_IN: Final = ("pii", "secrets", "hipaa")
"""Names of the packs that come with Sealift."""

LABELS: Final = frozenset(
    (
        *("ACCOUNT", "ADDRESS", "AGE", "AUTHORIZATION", "AWS_KEY", "AWS_SECRET", "CARD", "COOKIE"),
        *("DATE", "DEVICE", "EMAIL", "EMPLOYEE", "GITHUB_TOKEN", "GITLAB_TOKEN", "GOOGLE_KEY"),
        *("IBAN", "ICD", "INSURANCE", "IP", "JWT", "LICENCE", "LOGIN", "MAC", "MRN", "NAME"),
        *(
            "NATIONAL_ID",
            "NUMBER",
            "PAPER",
            "PASSPORT",
            "PASSWORD",
            "PHONE",
            "PRESCRIBER",
            "PRIVATE_KEY",
        ),
        *("SECRET", "SLACK_TOKEN", "SSN", "STRIPE_KEY", "TOKEN", "URL", "VEHICLE"),
    )
)
"""The labels of the built-in packs' rules: an earlier sealing may have left them."""

_KEYS: Final = frozenset(
    (
        "name",
        "label",
        "pattern",
        "unless",
        "hint",
        "validator",
        "source",
        "examples",
        "counterexamples",
    ),
)
_REQUIRED: Final = ("name", "label", "pattern", "examples")
_LISTS: Final = frozenset(("examples", "counterexamples"))
_PART: Final = re.compile(r"\{([a-z]\w*)\}")
_MARKED: Final = re.compile("«([^»]*)»")
_MAX_PARTS_DEPTH: Final = 8


def load_pack(name_or_path: str | Path) -> tuple[Rule, ...]:
    """
    Return the rules of a pack; those of a file are proven on their own examples.

    Args:
        name_or_path: One of `BUILT_IN`, or a TOML file (anything with a slash
            or ending in `.toml`).

    Raises:
        ConfigError: The pack is unknown or unreadable, or one of its rules is
            wrong. The message names file, rule and reason. Nothing is loaded.
    """
    where, text = _read(name_or_path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {error}") from error
    _known(document, ("parts", "rule"), where)
    parts = _parts(document.get("parts", {}), where)
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not tables:
        raise ConfigError(f"{where} has no [[rule]]")
    proven = name_or_path in BUILT_IN  # by the tests, which takes 0.2 s
    rules = tuple(
        _rule(table, parts, f"{where}, rule {n}", proven=proven)
        for n, table in enumerate(tables, 1)
    )
    if not proven:
        prove(Finder(rules), where)
    return rules


def prove(finder: Finder, where: str) -> None:
    """
    Check that each rule finds exactly what its examples mark, and nothing in its counterexamples.

    Raises:
        ConfigError: One does not. The message names *where*, rule and example.
    """
    for number, rule in enumerate(finder.rules):
        place = f"{where}, rule {rule.name!r}"
        for example in rule.examples:
            text, marked = _unmarked(example)
            if not marked:
                raise ConfigError(
                    f"{place}: the example {example!r} marks no value",
                    hint="Write what must be found between « and ».",
                )
            if not finder.is_announced(number, text):
                raise ConfigError(f"{place}: its hint is not in its example {example!r}")
            found = [(hit.start, hit.end) for hit in finder.find(text, only=(number,))]
            if found != marked:
                values = [text[start:end] for start, end in found]
                raise ConfigError(f"{place}: in its example {example!r} it finds {values}")
        for example in rule.counterexamples:
            if found := [(hit.start, hit.end) for hit in finder.find(example, only=(number,))]:
                values = [example[start:end] for start, end in found]
                raise ConfigError(f"{place}: in its counterexample {example!r} it finds {values}")


def _read(name_or_path: str | Path) -> tuple[str, str]:
    name = str(name_or_path)
    if name in BUILT_IN:
        file = resources.files(__package__).joinpath("packs").joinpath(f"{name}.toml")
        return f"rule pack {name!r}", file.read_text(encoding="utf-8")
    if isinstance(name_or_path, str) and "/" not in name and not name.endswith(".toml"):
        near = difflib.get_close_matches(name, BUILT_IN, n=1)
        raise ConfigError(
            f"there is no redaction rule pack {name!r}",
            hint=f"Did you mean {near[0]!r}?"
            if near
            else f"The packs are {', '.join(BUILT_IN)}; a file of your own ends in .toml.",
        )
    try:
        return name, Path(name_or_path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the rule pack {name} cannot be read: {error}") from error


def _known(table: Mapping[str, object], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            raise ConfigError(
                f"{where}: unknown key {key!r}",
                hint=f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(keys)}.",
            )


def _parts(table: object, where: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(part, str) for part in table.values()):
        raise ConfigError(f"{where}: [parts] must be names with pattern texts")
    return {name: _one_line(part) for name, part in table.items()}


def _filled(pattern: str, parts: Mapping[str, str], where: str) -> str:
    """Return *pattern* with `{name}` replaced by the part of that name, in parts too."""

    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            near = difflib.get_close_matches(match[1], parts, n=1)
            raise ConfigError(
                f"{where}: there is no part {match[1]!r}",
                hint=f"Did you mean {near[0]!r}?" if near else "",
            )
        return f"(?:{parts[match[1]]})"

    for _ in range(_MAX_PARTS_DEPTH):
        if not _PART.search(pattern):
            return pattern
        pattern = _PART.sub(part, pattern)
    raise ConfigError(f"{where}: parts are nested deeper than {_MAX_PARTS_DEPTH}")


def _rule(table: Any, parts: Mapping[str, str], where: str, *, proven: bool) -> Rule:
    if not isinstance(table, dict):
        raise ConfigError(f"{where} is not a table")
    if isinstance(table.get("name"), str):
        where = f"{where} ({table['name']})"
    _known(table, tuple(sorted(_KEYS)), where)
    for key in _REQUIRED:
        if not table.get(key):
            raise ConfigError(f"{where}: {key!r} is missing")
    for key, value in table.items():
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if not (is_list if key in _LISTS else isinstance(value, str)):
            kind = "a list of texts" if key in _LISTS else "a text"
            raise ConfigError(f"{where}: {key!r} must be {kind}")
    values: dict[str, Any] = {
        key: tuple(value) if key in _LISTS else value for key, value in table.items()
    }
    for key in ("pattern", "unless", "hint"):
        values[key] = _filled(_one_line(table.get(key, "")), parts, where)
        if key == "pattern":
            before = values[key].partition(f"(?P<{REMOVED_GROUP}>")[0]
            parts = {**parts, "before": before.removesuffix("(?:")}
    try:
        return Rule(**values, proven=proven)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint=error.hint) from error


def _one_line(pattern: str) -> str:
    """Join the lines of a pattern that was broken for reading; what matches a blank is `[ ]`."""
    return "".join(line.strip() for line in pattern.splitlines())


def _unmarked(example: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without its marks, and where the marked values stand in it."""
    spans: list[tuple[int, int]] = []
    for match in _MARKED.finditer(example):
        start = match.start() - 2 * len(spans)
        spans.append((start, start + len(match[1])))
    return _MARKED.sub(r"\1", example), spans
