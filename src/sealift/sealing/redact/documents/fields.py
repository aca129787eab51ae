"""Field rules: what is dropped, redacted or hashed by its place in a JSON document."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import orjson

from sealift.errors import ConfigError
from sealift.sealing.redact.replace import HASH
from sealift.sealing.redact.sweep import Edit, Sweep

ACTIONS: Final = ("drop", "redact", "hash")

_STEP: Final = re.compile(
    r"(?P<deep>\.\.)?(?:(?(deep)|\.)(?P<name>[^.\[\]'\"*\s]+)|(?(deep)|\.)(?P<any>\*)"
    r"|\['(?P<quoted>[^']*)'\]|\[(?P<index>[0-9]+)\]|\[(?P<each>\*)\])"
)
_TOKEN: Final = re.compile(
    rb'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<open>[{\[])|(?P<close>[}\]])'
    rb"|(?P<scalar>[^\s{}\[\]:,\"]+)",
    re.DOTALL,
)


class _Step(NamedTuple):
    """One step of a path."""

    deep: bool
    """Any number of levels may lie before it."""

    key: str | int | None
    """A member's name, an element's number, or None for all."""

    def takes(self, key: str | int) -> bool:
        return self.key is None or (self.key == key and type(self.key) is type(key))


class FieldRule(NamedTuple):
    """What happens to the values at a path."""

    path: str
    steps: tuple[_Step, ...]
    action: str

    @property
    def name(self) -> str:
        """Name in counts."""
        return f"field {self.path}"

    @property
    def label(self) -> str:
        """What names the field in a label: its last member's name."""
        named = [step.key for step in self.steps if isinstance(step.key, str)]
        return re.sub(r"[^A-Z0-9]+", "_", named[-1].upper()).strip("_") if named else "FIELD"


_States = frozenset[tuple[int, int]]
"""For each rule that may still match, its number and the step that comes next."""


def parse_fields(fields: Mapping[str, str]) -> tuple[FieldRule, ...]:
    """
    Read field rules such as `{"$.messages[*].author": "drop"}`.

    A path is `$` and steps: `.name`, `['any name']`, `[0]`, `.*` and `[*]` for all,
    `..name` for any depth.

    Raises:
        ConfigError: A path or an action cannot be understood.
    """
    return tuple(_parse(path.strip(), action) for path, action in fields.items())


def _parse(path: str, action: str) -> FieldRule:
    if action not in ACTIONS:
        near = difflib.get_close_matches(action, ACTIONS, n=1)
        raise ConfigError(
            f"The field rule {path} has the unknown action {action!r}.",
            hint=f"Did you mean {near[0]}?" if near else f"Use {', '.join(ACTIONS)}.",
        )
    steps: list[_Step] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            break
        index = match["index"]
        key = int(index) if index else match["quoted"] if match["any"] is None else None
        steps.append(_Step(match["deep"] is not None, match["name"] or key))
        position = match.end()
    if not path.startswith("$") or position < len(path) or not steps:
        raise ConfigError(
            f"The field rule's path {path!r} cannot be understood.",
            hint="Write it as $.messages[*].author, $['any name'] or $..author.",
        )
    return FieldRule(path, tuple(steps), action)


@dataclass(slots=True)
class _Container:
    """An object or array that is being read."""

    states: _States
    rule: FieldRule | None
    """What happens to the whole of it."""

    begins: int
    """Where its member or element begins, in the container around it."""

    value_start: int
    is_object: bool
    elements: int = 0
    key: str | None = None
    key_start: int = 0
    kept_end: int = -1
    """Where the last member that stays ends; -1 if none does yet."""

    dropping: int = -1
    """Where members begin that go, before any that stays; -1 if there are none."""

    dropped_end: int = field(default=-1)


def field_edits(data: bytes, rules: tuple[FieldRule, ...], sweep: Sweep) -> list[Edit]:
    """
    Tell what must change in JSON texts by the field rules.

    Args:
        data: One or more well-formed JSON texts in UTF-8, with white space between.

        rules: What is looked for. Of several for one value, the first counts.

        sweep: Makes the replacements, and counts.

    Returns:
        The changes, in order.
    """
    return sorted(_Reading(data, rules, sweep).edits())


class _Reading:
    """One pass over the tokens, without recursion: documents may be deep."""

    def __init__(self, data: bytes, rules: tuple[FieldRule, ...], sweep: Sweep) -> None:
        self._data = data
        self._rules = rules
        self._sweep = sweep
        self._root: _States = frozenset((number, 0) for number in range(len(rules)))
        self._open: list[_Container] = []

    def edits(self) -> Iterator[Edit]:
        for match in _TOKEN.finditer(self._data):
            around = self._open[-1] if self._open else None
            if match["close"]:
                yield from self._close(match.end())
            elif match["string"] and around and around.is_object and around.key is None:
                around.key, around.key_start = orjson.loads(match[0]), match.start()
            else:
                yield from self._value(match, around)

    def _value(self, match: re.Match[bytes], around: _Container | None) -> Iterator[Edit]:
        start = match.start()
        states, begins = self._root, start
        if around is not None:
            key: str | int = around.elements if around.key is None else around.key
            states = self._next(around.states, key)
            begins = around.key_start if around.key is not None else start
        rule = self._accepted(states)
        if around is not None and around.dropping >= 0 and not (rule and rule.action == "drop"):
            yield Edit(around.dropping, begins, b"")
            around.dropping = -1
        if match["open"]:
            below = frozenset[tuple[int, int]]() if rule else states
            is_object = match[0] == b"{"
            self._open.append(_Container(below, rule, begins, start, is_object))
        else:
            yield from self._ended(rule, begins, start, match.end())

    def _close(self, end: int) -> Iterator[Edit]:
        one = self._open.pop()
        if one.dropping >= 0:
            yield Edit(one.dropping, one.dropped_end, b"")
        yield from self._ended(one.rule, one.begins, one.value_start, end)

    def _ended(
        self, rule: FieldRule | None, begins: int, value_start: int, end: int
    ) -> Iterator[Edit]:
        """Take note of a whole value, and of what happens to it."""
        around = self._open[-1] if self._open else None
        if around is not None:
            around.key = None
            around.elements += 1
        if rule is None or around is None or rule.action != "drop":
            if around is not None:
                around.kept_end = end
            if rule is not None:
                yield from self._replaced(rule, value_start, end)
            return
        self._sweep.count(rule.name)
        if around.kept_end >= 0:
            # The comma before it goes too; what stays keeps its own end.
            yield Edit(around.kept_end, end, b"")
            around.kept_end = end
            return
        if around.dropping < 0:
            around.dropping = begins
        around.dropped_end = end

    def _replaced(self, rule: FieldRule, start: int, end: int) -> Iterator[Edit]:
        value = orjson.loads(self._data[start:end])
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        replacement = self._sweep.replacement
        if replacement.is_own(text):
            return
        self._sweep.count(rule.name)
        if rule.action == HASH:
            new = replacement.pseudonym(rule.label, text)
        else:
            new = replacement.text(rule.label, text)
        yield Edit(start, end, orjson.dumps(new))

    def _next(self, states: _States, key: str | int) -> _States:
        if not states:
            return states
        following = set()
        for number, step in states:
            steps = self._rules[number].steps
            if step < len(steps):
                if steps[step].takes(key):
                    following.add((number, step + 1))
                if steps[step].deep:
                    following.add((number, step))
        return frozenset(following)

    def _accepted(self, states: _States) -> FieldRule | None:
        whole = [number for number, step in states if step == len(self._rules[number].steps)]
        return self._rules[min(whole)] if whole else None
