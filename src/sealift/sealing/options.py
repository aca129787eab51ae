"""What one route's seal does, as it is configured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sealift.errors import ConfigError
from sealift.sealing.compress import Compression
from sealift.sealing.convert import FORMS, Conversion
from sealift.sealing.strict_json import MAX_DEPTH
from sealift.sealing.validate import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOptions:
    """What one route's seal does; the section `seal` of the configuration."""

    redact: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Rule packs whose matches are removed: pii, secrets, hipaa."},
    )
    redact_rules: tuple[Path, ...] = field(
        default=(), metadata={"help": "Files of further rules, in TOML."}
    )
    redact_fields: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"help": "JSON paths, and drop, redact or hash for what is there."},
    )
    redact_allow: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Texts that stay, in any case; `*` stands for any but blanks."},
    )
    redact_deny: tuple[str, ...] = field(
        default=(), metadata={"help": "Texts that always go, in any case."}
    )
    replacement: str = field(
        default="BLOCKED",
        metadata={
            "help": "What stands where something was removed: "
            "label for [EMAIL], hash for a pseudonym, or the very text."
        },
    )
    redact_key: str = field(
        default="", repr=False, metadata={"help": "Key of the pseudonyms that hash makes."}
    )
    redact_seconds: float = field(
        default=30.0, metadata={"help": "Most CPU time that redacting one document may take."}
    )
    schema: Path | None = field(
        default=None, metadata={"help": "JSON Schema that each document must obey."}
    )
    convert: Conversion = field(
        default=Conversion.NONE,
        metadata={
            "help": "Turn XML into JSON (xml-to-json), or a JSON array into a line for each value."
        },
    )
    compress: Compression = field(
        default=Compression.NONE, metadata={"help": "none, gzip or zstd."}
    )
    format: Literal["auto", "json", "ndjson", "xml", "any"] = field(
        default="auto",
        metadata={"help": "What the content must be; auto goes by the file's suffix."},
    )
    max_document_bytes: int = field(
        default=64 * 1024 * 1024,
        metadata={"help": "Largest JSON document, line of NDJSON or XML tag, in bytes."},
    )
    max_depth: int = field(
        default=1000, metadata={"help": "Deepest nesting of a document, 1 to 1024."}
    )
    content_type: str = field(
        default="", metadata={"help": "Content-Type of the objects; by the suffix if empty."}
    )
    allow_empty: bool = field(
        default=False, metadata={"help": "Deliver files of zero bytes whose format is any."}
    )

    @property
    def redacts(self) -> bool:
        """Whether anything may have to be removed."""
        return bool(self.redact or self.redact_rules or self.redact_fields or self.redact_deny)


def refuse(options: SealOptions) -> None:
    """Refuse options that are wrong, or that nothing here can do.

    Raises:
        ConfigError: One of them is; it is named.
    """
    for name in options.redact:
        if "/" in name or name.endswith(".toml"):
            raise ConfigError(
                f"redact names the file {name}.", hint=f'Write redact_rules = ["{name}"].'
            )
    _refuse_conversion(options)
    if options.compress not in list(Compression):
        raise ConfigError(
            f'compress = "{options.compress}" is unknown.', hint="Use none, gzip or zstd."
        )
    if options.format not in ("auto", *Format):
        raise ConfigError(
            f'format = "{options.format}" is unknown.', hint="Use auto, json, ndjson, xml or any."
        )
    if options.max_document_bytes < 1:
        raise ConfigError("max_document_bytes is below 1.", hint="Give a number of bytes.")
    if not 1 <= options.max_depth <= MAX_DEPTH:
        raise ConfigError(
            f"max_depth = {options.max_depth} is out of range.", hint=f"Use 1 to {MAX_DEPTH}."
        )
    if options.schema is not None and options.format in ("xml", "any"):
        raise ConfigError(
            f"A JSON Schema cannot check format = {options.format}.",
            hint="Remove the schema, or set format = json or ndjson.",
        )
    if not (options.content_type.isascii() and options.content_type.isprintable()):
        raise ConfigError("content_type has other than printable ASCII characters.")


def _refuse_conversion(options: SealOptions) -> None:
    if options.convert not in list(Conversion):
        raise ConfigError(
            f'convert = "{options.convert}" is unknown.', hint="Use none, xml-to-json or ndjson."
        )
    forms = FORMS.get(options.convert)
    if forms is None:
        return
    if options.format not in ("auto", forms.takes):
        raise ConfigError(
            f"convert = {options.convert} takes {forms.takes}, and format is {options.format}.",
            hint=f"Remove format, or set it to {forms.takes}.",
        )
    if options.schema is not None and forms.takes is not Format.JSON:
        raise ConfigError(
            f"A JSON Schema cannot check what convert = {options.convert} takes.",
            hint="Remove the schema.",
        )
