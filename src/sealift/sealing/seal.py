"""Composes the seal: from source bytes to the parcel that leaves."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sealift.errors import ConfigError, InvalidContentError, SourceChangedError
from sealift.sealing.compress import Compression, compress, compressing, identity
from sealift.sealing.content_types import content_type_of
from sealift.sealing.parcel import LargeBody, Parcel
from sealift.sealing.schema import SchemaCheck
from sealift.sealing.strict_json import MAX_DEPTH
from sealift.sealing.validate import Format, Limits, check, checker, checking, format_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SealOptions:
    """What one route's seal does; the section `seal` of the configuration."""

    redact: tuple[str, ...] = field(
        default=(), metadata={"help": "Rule packs whose matches are removed; none by default."}
    )
    replacement: str = field(
        default="BLOCKED", metadata={"help": "What stands where something was removed."}
    )
    schema: Path | None = field(
        default=None, metadata={"help": "JSON Schema that each document must obey."}
    )
    convert: Literal["none", "xml-to-json", "ndjson"] = field(
        default="none", metadata={"help": "Turn the content into another format."}
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


class Sealer:
    """Seals items by fixed options; pure, and to be used from any number of threads.

    Sealing the same bytes again gives the same parcel, as long as `policy` is the same.

    Raises:
        ConfigError: An option is wrong, or asks for what is not installed or available.
    """

    def __init__(self, options: SealOptions) -> None:
        _refuse(options)
        self._options = options
        self._compress = Compression(options.compress)
        self._encoding = "" if self._compress is Compression.NONE else self._compress.value
        self._format = None if options.format == "auto" else Format(options.format)
        self._limits = Limits(
            max_document_bytes=options.max_document_bytes, max_depth=options.max_depth
        )
        self._schema = None if options.schema is None else SchemaCheck(options.schema)
        self._policy = hashlib.sha256(identity(self._compress).encode()).hexdigest()[:16]

    @property
    def policy(self) -> str:
        """Fingerprint of all that decides the sealed bytes: 16 hexadecimal digits."""
        return self._policy

    @property
    def suffix(self) -> str:
        """What compressing appends to a name: empty, `.gz` or `.zst`."""
        return self._compress.suffix

    def seal(self, data: bytes, name: bytes) -> Parcel:
        """Check, compress and fingerprint one document in memory.

        Args:
            data: The source bytes.

            name: File name, for the format and the media type.

        Raises:
            InvalidContentError: The content is refused; there is nothing to send.
            TooLargeError: A part that must be held in memory is over the limit.
        """
        kind = self._format_of(name)
        if not data:
            self._refuse_empty(kind)
        if kind is not Format.ANY:
            check(data, kind, self._limits, self._schema)
        body = compress(data, self._compress)
        return self._parcel(body, len(body), hashlib.sha256(body).hexdigest(), name)

    def seal_large(self, body: LargeBody, name: bytes) -> Parcel:
        """Check, compress and fingerprint a body that is read piece by piece.

        It is read once here, and again whenever the parcel's body is; each of those
        readings must give the same bytes, or ends in an error before its last piece.

        Args:
            body: The source, which can be read again from the start.

            name: File name, for the format and the media type.

        Raises:
            InvalidContentError: The content is refused; there is nothing to send.
            TooLargeError: A part that must be held in memory is over the limit.
            SourceChangedError: The source changed while it was read.
        """
        kind = self._format_of(name)
        document = checker(kind, self._limits, self._schema)
        chunks = checking(self._not_empty(body.chunks(), kind), document)
        digest = hashlib.sha256()
        size = 0
        for piece in compressing(chunks, self._compress):
            digest.update(piece)
            size += len(piece)
        sealed = _SealedBody(
            source=body, compression=self._compress, size=size, sha256=digest.hexdigest()
        )
        return self._parcel(sealed, size, sealed.sha256, name)

    def _format_of(self, name: bytes) -> Format:
        kind = format_of(name) if self._format is None else self._format
        if self._schema is not None and kind not in _WITH_SCHEMA:
            raise InvalidContentError(
                "A JSON Schema is set for the route, but by its name the file is not JSON.",
                hint="Narrow the route's pattern, or set format = json or ndjson.",
            )
        return kind

    def _not_empty(self, chunks: Iterator[bytes], kind: Format) -> Iterator[bytes]:
        empty = True
        for chunk in chunks:
            empty = empty and not chunk
            yield chunk
        if empty:
            self._refuse_empty(kind)

    def _refuse_empty(self, kind: Format) -> None:
        if kind is Format.ANY and self._options.allow_empty:
            return
        raise InvalidContentError(
            "The file is empty.",
            hint="Mend it where it is written"
            + (", or set allow_empty = true." if kind is Format.ANY else "."),
        )

    def _parcel(self, body: bytes | LargeBody, size: int, sha256: str, name: bytes) -> Parcel:
        return Parcel(
            body=body,
            size=size,
            sha256=sha256,
            content_type=self._options.content_type or content_type_of(name),
            content_encoding=self._encoding,
        )


_WITH_SCHEMA = (Format.JSON, Format.NDJSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SealedBody:
    """The sealed form of a source, made anew at each reading and held against its fingerprint."""

    source: LargeBody
    compression: Compression
    size: int
    sha256: str

    def chunks(self) -> Iterator[bytes]:
        """Yield the sealed bytes; the last piece only when all are known to be the same.

        Raises:
            SourceChangedError: They are not what was sealed. What was yielded must not
                be used.
        """
        digest = hashlib.sha256()
        size = 0
        held = b""
        for piece in compressing(self.source.chunks(), self.compression):
            digest.update(piece)
            size += len(piece)
            if size > self.size:
                raise self._changed()
            if held:
                yield held
            held = piece
        if digest.hexdigest() != self.sha256:
            raise self._changed()
        if held:
            yield held

    def _changed(self) -> SourceChangedError:
        return SourceChangedError(
            "The source gives other bytes than when it was sealed.",
            hint="It is sealed again when it has come to rest.",
        )


def _refuse(options: SealOptions) -> None:
    """Refuse options that are wrong, or that nothing here can do."""
    if options.redact:
        raise ConfigError(
            "Redaction is not available in this version; nothing is sent unredacted.",
            hint='Remove the setting "redact" if the content may leave as it is.',
        )
    if options.convert != "none":
        raise ConfigError(
            "Conversion is not available in this version; nothing is sent unconverted.",
            hint='Remove the setting "convert" if the content may leave as it is.',
        )
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
