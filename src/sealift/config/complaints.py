"""Collects everything that is wrong with a configuration, so that it is all told at once."""

import difflib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sealift.errors import ConfigError

SECRETS = frozenset(
    {
        *("access_key_id", "secret_access_key", "session_token"),
        *("redact_key", "http_token", "secret", "token", "uri"),
    }
)
"""Settings whose value is never shown."""

Where = tuple[str, ...]
"""A setting's place, such as `("routes", "a", "concurrency")`."""


class Complaints:
    """Sentences about what is wrong, each with its origin and its key.

    Args:
        file: The configuration file.
        origins: Which settings did not come from the file, and from where.
        written: Settings that have another name in the file.
    """

    def __init__(
        self,
        file: Path,
        origins: Mapping[Where, str] | None = None,
        written: Mapping[Where, str] | None = None,
    ) -> None:
        self._file = file
        self._written = written or {}
        self._origins = origins or {}
        self._lines: dict[str, None] = {}

    def add(self, where: Where, sentence: str) -> None:
        """Note that something is wrong at *where*; the sentence goes on after the key."""
        origin = self._origins.get(where, self._file)
        name = self._written.get(where) or ".".join(where)
        place = f"{name} " if where else ""
        self._lines[f"{origin}: {place}{sentence}"] = None

    def wrong_value(self, where: Where, value: object, sentence: str) -> None:
        """Note that *value* is wrong; it is shown if it is no secret."""
        self.add(where, sentence if SECRETS & set(where) else f"= {shown(value)} {sentence}")

    def unknown(self, where: Where, known: Iterable[str], elsewhere: Mapping[str, str]) -> None:
        """Note an unknown key, and which one was probably meant.

        Args:
            where: The unknown key.
            known: Keys that are known there.
            elsewhere: Keys that are known in other sections, with the section.
        """
        key, section = where[-1], ".".join(where[:-1])
        near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
        if elsewhere.get(key, section) != section:
            advice = f"It belongs in [{elsewhere[key]}]."
        elif near:
            advice = f"Did you mean {near[0]}?"
        else:
            advice = f"Known here: {', '.join(sorted(known))}."
        self.add(where, f"is not a setting. {advice}")

    def adopt(self, where: Where, error: ConfigError) -> None:
        """Note what another room found wrong."""
        self.add((*where[:-1], f"{where[-1]}:"), str(error))

    def sentences(self, where: Where, sentences: Iterable[str]) -> None:
        """Note sentences that stand by themselves."""
        for sentence in sentences:
            self.add((*where[:-1], f"{where[-1]}:"), sentence)

    def raise_if_any(self) -> None:
        """Raise ConfigError if anything is wrong."""
        if self._lines:
            raise ConfigError("\n".join(self._lines))


def shown(value: object) -> str:
    """Write a value as it may stand in the file, on one line and not for ever."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
