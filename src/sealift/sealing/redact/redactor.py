"""The policy of a redaction, and its use on bytes, text, parsed JSON and file names."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import orjson

from sealift.errors import (
    ConfigError,
    InvalidContentError,
    RedactionError,
    SealiftError,
    ShortageError,
    UsageError,
)
from sealift.sealing.redact.budget import Budget
from sealift.sealing.redact.documents.fields import field_edits, parse_fields
from sealift.sealing.redact.documents.file_names import redacted_name
from sealift.sealing.redact.documents.json_text import json_edits
from sealift.sealing.redact.documents.plain_text import found_edits, text_edits
from sealift.sealing.redact.documents.xml_text import xml_edits
from sealift.sealing.redact.replace import HASH, Replacement, key_id
from sealift.sealing.redact.rule_set import denied, finder_of, loaded, what_it_finds
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.ner import PACK
from sealift.sealing.redact.sweep import Edit, Sweep, apply
from sealift.sealing.validate import Format, Limits, check

T = TypeVar("T")

SECONDS: Final = 30.0
"""How much CPU time one document may take, unless told otherwise."""

_JSON: Final = (Format.JSON, Format.NDJSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted(Generic[T]):
    """What is left after a redaction."""

    data: T
    """Without what was removed; the very same object if nothing was."""

    counts: Mapping[str, int]
    """How often each rule removed something, by its name; never what."""

    edits: Sequence[Edit] = ()
    """For bytes: which stretches of them changed, and what stands there now."""


class Redactor:
    """
    Removes what its rules find, and changes nothing else; for use from many threads.

    The same input gives the same output wherever the `policy` is the same. Whatever
    goes wrong, the caller gets an error and nothing to send.

    Args:
        packs: Names of built-in rule packs (`pii`, `secrets`, `hipaa`), or TOML files; `ner`
            adds names found by a language model, and needs the extra `sealift[ner]`.

        replacement: What stands where something was removed: `label` for the rule's
            label, as in `[EMAIL]`; `hash` for a pseudonym, as in
            `[EMAIL~bcdfghjklmnpqr]`, the same for the same value everywhere; or the
            very text.

        allow: Texts that stay; case does not matter, `*` stands for any but blanks.

        deny: Texts that always go; case does not matter.

        key: Secret that makes pseudonyms unguessable. Needed for them.

        fields: What to do at a path of JSON: `{"$.messages[*].author": "drop"}`, or
            `redact` or `hash`.

        rules: More rules, made in code.

        seconds: How much CPU time one document may take.

        limits: How large and deep documents may be.

        clock: Seconds of this thread's CPU time.

        wall: Seconds that are never fewer than the clock's, and cheaper to ask for.

    Raises:
        ConfigError: A pack, rule, path or text cannot be used; the message names it.
    """

    def __init__(
        self,
        packs: Sequence[str | Path] = ("pii", "secrets"),
        replacement: str = "BLOCKED",
        *,
        allow: Sequence[str] = (),
        deny: Sequence[str] = (),
        key: bytes = b"",
        fields: Mapping[str, str] | None = None,
        rules: Sequence[Rule] = (),
        seconds: float = SECONDS,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.thread_time,
        wall: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._replacement = Replacement(replacement, key)
        self._fields = parse_fields(fields or {})
        if not seconds > 0:
            raise ConfigError("redact_seconds must be above 0.", hint="Give a number of seconds.")
        if any(rule.action == HASH for rule in self._fields) and not key:
            raise ConfigError(
                "A field rule asks for hash, which needs a key.",
                hint='Set redact_key = { env = "NAME" } or { file = "path" }.',
            )
        every = (*denied(deny), *rules, *loaded(packs))
        labels = [rule.label for rule in self._fields]
        self._finder = finder_of(every, tuple(allow), labels=labels, names=PACK in packs)
        self._seconds = seconds
        self._limits = limits or Limits()
        self._clock = clock
        self._wall = wall
        self._refuse_bad_replacement(replacement, every)
        self._policy = hashlib.sha256(
            orjson.dumps(
                [
                    version("sealift"),
                    [what_it_finds(rule) for rule in every],
                    [replacement, sorted(allow), sorted(deny), key_id(key)],
                    [[rule.path, rule.action] for rule in self._fields],
                ]
            )
        ).hexdigest()[:16]

    @property
    def policy(self) -> str:
        """Fingerprint of all that decides what is removed: 16 hexadecimal digits."""
        return self._policy

    def redact(self, data: bytes, format: Format | str) -> Redacted[bytes]:  # noqa: A002 (the word of the trade)
        """
        Redact a document.

        Args:
            data: The document, in UTF-8.

            format: `json`, `ndjson`, `xml`, or `any` for plain text.

        Raises:
            InvalidContentError: It is not what its format says.
            TooLargeError: It is over the limits.
            RedactionError: A rule failed, or it took too long.
        """
        kind = Format(format)
        if kind is not Format.ANY:
            check(data, kind, self._limits)
        return self.redact_checked(data, kind)

    def redact_checked(self, data: bytes, format: Format) -> Redacted[bytes]:  # noqa: A002
        """Redact a document that the strict check has accepted; see `redact`."""
        return _failing_closed(lambda: self._document(data, format))

    def redact_text(self, text: str) -> Redacted[str]:
        """Redact plain text.

        Raises:
            RedactionError: A rule failed, or it took too long.
        """
        return _failing_closed(lambda: self._text(text))

    def redact_value(self, value: Any) -> Redacted[Any]:
        """
        Redact what a JSON parser made, or what can be written as JSON.

        Returns:
            A new value; the very same object if nothing was removed.

        Raises:
            UsageError: It cannot be written as JSON.
            InvalidContentError: It is not what JSON can hold everywhere, such as NaN.
            RedactionError: A rule failed, or it took too long.
        """
        try:
            data = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError) as error:
            fault = type(error).__name__
        else:
            done = self.redact(data, Format.JSON)
            new = json.loads(done.data) if done.edits else value
            return Redacted(data=new, counts=done.counts)
        # Outside the handler: the foreign error may hold the value.
        raise UsageError(
            f"The value cannot be written as JSON ({fault}).", hint="Give what JSON can hold."
        )

    def redact_name(self, name: bytes, *, suffix: bytes = b"") -> bytes:
        """
        Redact a file's name or path, as it would stand in a key.

        Args:
            name: As the file system gave it; any bytes.

            suffix: The end of the name that stays whatever the rules say.

        Raises:
            RedactionError: A rule failed, or it took too long.
        """
        return _failing_closed(lambda: redacted_name(name, self._sweep(), suffix))

    def _document(self, data: bytes, kind: Format) -> Redacted[bytes]:
        sweep = self._sweep()
        edits = self._edits(data, kind, sweep)
        if not edits:
            return Redacted(data=data, counts=sweep.counts)
        redacted = apply(data, edits)
        sweep.budget.spend()
        if kind is Format.XML:
            # What is removed may leave a `]` before a `]>`; then nothing leaves.
            check(redacted, kind, self._limits)
        return Redacted(data=redacted, counts=sweep.counts, edits=edits)

    def _text(self, text: str) -> Redacted[str]:
        sweep = self._sweep()
        data = text.encode("utf-8", "surrogatepass")
        edits = found_edits(data, sweep)
        whole = apply(data, edits).decode("utf-8", "surrogatepass") if edits else text
        return Redacted(data=whole, counts=sweep.counts)

    def _sweep(self) -> Sweep:
        return Sweep(
            finder=self._finder,
            replacement=self._replacement,
            budget=Budget(self._seconds, self._clock, self._wall),
        )

    def _edits(self, data: bytes, kind: Format, sweep: Sweep) -> list[Edit]:
        if kind in _JSON:
            return self._json_edits(data, sweep, lines=kind is Format.NDJSON)
        if self._fields:
            raise InvalidContentError(
                "Field rules are set for the route, but by its name the file is not JSON.",
                hint="Narrow the route's pattern, or set format = json or ndjson.",
            )
        return xml_edits(data, sweep) if kind is Format.XML else text_edits(data, sweep)

    def _json_edits(self, data: bytes, sweep: Sweep, *, lines: bool) -> list[Edit]:
        if not self._fields:
            return json_edits(data, sweep, lines=lines)
        edits = field_edits(data, self._fields, sweep)
        # What the field rules take away is blank to the others, and in its place.
        rest = apply(data, (e._replace(new=b" " * (e.end - e.start)) for e in edits))
        return sorted([*edits, *json_edits(rest, sweep, lines=lines)])

    def _refuse_bad_replacement(self, replacement: str, rules: Sequence[Rule]) -> None:
        labels = sorted({rule.label for rule in rules} | {rule.label for rule in self._fields})
        for text in {self._replacement.text(label, "") for label in labels}:
            if self._finder.find(text):
                raise ConfigError(
                    f"replacement = {replacement[:80]!r} is itself what a rule removes.",
                    hint="Take another, or narrow the rule.",
                )


def _failing_closed(work: Callable[[], T]) -> T:
    """Do *work*; whatever goes wrong is an error of ours, which holds nothing of the document."""
    try:
        return work()
    except SealiftError:
        raise
    except MemoryError:
        fault = ""
    except Exception as error:  # noqa: BLE001  whatever it is, nothing may leave
        fault = type(error).__name__
    # Outside the handler: the foreign error may hold the document, and must not hang on ours.
    if not fault:
        raise ShortageError("There is not enough memory to redact the item now.")
    raise RedactionError(
        f"Redaction failed ({fault}); nothing of the item was sent.",
        hint="Report it with the item's kind and size, or deliver it by another way.",
    )
