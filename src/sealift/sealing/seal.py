"""Composes the seal: from source bytes to the parcel that leaves."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sealift.errors import InvalidContentError
from sealift.sealing.compress import Compression, compress, compressing, identity
from sealift.sealing.content_types import content_type_of, known_suffix
from sealift.sealing.convert import FORMS, Conversion, json_of, lines_of
from sealift.sealing.ndjson import whole_lines
from sealift.sealing.options import SealOptions, refuse
from sealift.sealing.parcel import LargeBody, Parcel
from sealift.sealing.schema import SchemaCheck
from sealift.sealing.sealed_body import SealedBody
from sealift.sealing.strict_json import too_large
from sealift.sealing.validate import Format, Limits, check, checker, checking, format_of

if TYPE_CHECKING:
    from sealift.sealing.redact import Redacted, Redactor

__all__ = ["POLICY", "SealOptions", "Sealer"]

POLICY: Final = "sealift-policy"
"""Metadata name under which a redacted parcel tells its policy."""

_NAMES: Final = 2048


class Sealer:
    """Seals items by fixed options; pure, and to be used from any number of threads.

    Sealing the same bytes again gives the same parcel, as long as `policy` is the same.

    Raises:
        ConfigError: An option is wrong, or asks for what is not installed or available.
    """

    def __init__(self, options: SealOptions) -> None:
        refuse(options)
        self._options = options
        self._compress = Compression(options.compress)
        self._encoding = "" if self._compress is Compression.NONE else self._compress.value
        self._forms = FORMS.get(options.convert)
        self._format = None if options.format == "auto" else Format(options.format)
        self._limits = Limits(
            max_document_bytes=options.max_document_bytes, max_depth=options.max_depth
        )
        self._schema = None if options.schema is None else SchemaCheck(options.schema)
        self._redactor = _redactor(options, self._limits) if options.redacts else None
        # The same name is told several times: in the key, and in each event of the item.
        self._redacted_name = lru_cache(maxsize=_NAMES)(self._redact_name)
        self._needs_all = self._redactor is not None or self._forms is not None
        decides = identity(self._compress)
        if self._forms is not None:
            decides += f" convert {options.convert}"
        if self._redactor is not None:
            decides += f" redact {self._redactor.policy}"
        self._policy = hashlib.sha256(decides.encode()).hexdigest()[:16]

    @property
    def policy(self) -> str:
        """Fingerprint of all that decides the sealed bytes: 16 hexadecimal digits."""
        return self._policy

    @property
    def suffix(self) -> str:
        """What converting and compressing append to a name, such as `.json.gz`; or nothing."""
        return (self._forms.suffix if self._forms else "") + self._compress.suffix

    def name(self, name: bytes) -> bytes:
        """Give what may be told of a file's name or path: in a key, or anywhere outside.

        Args:
            name: As the file system gave it, `/` between its segments.

        Raises:
            RedactionError: It could not be redacted; nothing of it may be told.
        """
        if self._redactor is None:
            return name
        return self._redacted_name(name)

    def _redact_name(self, name: bytes) -> bytes:
        assert self._redactor is not None  # noqa: S101
        return self._redactor.redact_name(name, suffix=known_suffix(name))

    def preview(self, data: bytes, name: bytes) -> "Redacted[bytes]":
        """Tell what redaction would change in one document; raises what `seal` does."""
        from sealift.sealing.redact import Redacted  # noqa: PLC0415  only those who redact pay

        kind = self._format_of(name)
        self._check(data, kind)
        if self._redactor is None:
            return Redacted(data=data, counts={})
        return self._redactor.redact_checked(data, kind)

    def seal(self, data: bytes, name: bytes) -> Parcel:
        """Check, redact, compress and fingerprint one document in memory.

        Args:
            data: The source bytes.

            name: File name, for the format and the media type.

        Raises:
            InvalidContentError: The content is refused; there is nothing to send.
            TooLargeError: A part that must be held in memory is over the limit.
            RedactionError: Redaction failed; there is nothing to send.
        """
        kind = self._format_of(name)
        if not data:
            self._refuse_empty(kind)
        counts: Counter[str] = Counter()
        data = self._clean(data, kind, counts)
        body = compress(data, self._compress)
        return self._parcel(body, len(body), hashlib.sha256(body).hexdigest(), name, counts)

    def seal_large(self, body: LargeBody, name: bytes) -> Parcel:
        """Check, redact, compress and fingerprint a body that is read piece by piece.

        It is read once here, and again whenever the parcel's body is; each of those
        readings must give the same bytes, or ends in an error before its last piece.

        Args:
            body: The source, which can be read again from the start.

            name: File name, for the format and the media type.

        Raises:
            InvalidContentError: The content is refused; there is nothing to send.
            TooLargeError: A part that must be held in memory is over the limit.
            SourceChangedError: The source changed while it was read.
            RedactionError: Redaction failed; there is nothing to send.
        """
        kind = self._format_of(name)
        counts: Counter[str] = Counter()
        digest = hashlib.sha256()
        size = 0
        for piece in compressing(self._clean_pieces(body, kind, counts), self._compress):
            digest.update(piece)
            size += len(piece)

        def again() -> Iterator[bytes]:
            # If the file changes meanwhile, some of it may be sent before that is seen:
            # nothing that was not checked and redacted may be.
            same = self._clean_pieces(body, kind, Counter()) if self._needs_all else body.chunks()
            return compressing(same, self._compress)

        sealed = SealedBody(pieces=again, size=size, sha256=digest.hexdigest())
        return self._parcel(sealed, size, sealed.sha256, name, counts)

    def _clean(self, data: bytes, kind: Format, counts: Counter[str]) -> bytes:
        """Check, convert and redact one document; add what was removed to *counts*."""
        self._check(data, kind)
        if self._options.convert is Conversion.XML_TO_JSON:
            # Before the rules look: it brings together what comments and CDATA kept apart.
            data, kind = json_of(data), Format.JSON
        if self._redactor is not None:
            done = self._redactor.redact_checked(data, kind)
            counts.update(done.counts)
            data = done.data
        # After them: field rules know the document as it was written.
        return lines_of(data) if self._options.convert is Conversion.NDJSON else data

    def _check(self, data: bytes, kind: Format) -> None:
        if kind is not Format.ANY:
            check(data, kind, self._limits, self._schema)
        if self._needs_all and kind is not Format.NDJSON:
            self._refuse_large(len(data))

    def _clean_pieces(self, body: LargeBody, kind: Format, counts: Counter[str]) -> Iterator[bytes]:
        """Check and redact a body piece by piece; each piece was checked before it is yielded."""
        chunks = self._not_empty(body.chunks(), kind)
        if not self._needs_all:
            yield from checking(chunks, checker(kind, self._limits, self._schema))
        elif self._redactor is not None and kind is Format.NDJSON:
            for lines in whole_lines(checking(chunks, checker(kind, self._limits, self._schema))):
                done = self._redactor.redact_checked(lines, kind)
                counts.update(done.counts)
                yield done.data
        else:
            # What is removed may begin in one piece and end in another: only all of it will do.
            held = bytearray()
            for chunk in chunks:
                held += chunk
                self._refuse_large(len(held))
            yield self._clean(bytes(held), kind, counts)

    def _refuse_large(self, size: int) -> None:
        if size > self._limits.max_document_bytes:
            raise too_large(
                "The document, which is redacted or converted as a whole,",
                self._limits.max_document_bytes,
            )

    def _format_of(self, name: bytes) -> Format:
        kind = format_of(name) if self._format is None else self._format
        if self._forms is not None and kind is not self._forms.takes:
            raise InvalidContentError(
                f"convert = {self._options.convert} takes {self._forms.takes}, "
                f"and by its name the file is {kind}.",
                hint=f"Narrow the route's pattern, or set format = {self._forms.takes}.",
            )
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

    def _parcel(
        self,
        body: bytes | LargeBody,
        size: int,
        sha256: str,
        name: bytes,
        counts: Counter[str],
    ) -> Parcel:
        return Parcel(
            body=body,
            size=size,
            sha256=sha256,
            content_type=self._options.content_type
            or (self._forms.content_type if self._forms else content_type_of(name)),
            content_encoding=self._encoding,
            metadata={POLICY: self._policy} if self._redactor else {},
            redactions=dict(counts),
        )


_WITH_SCHEMA = (Format.JSON, Format.NDJSON)


def _redactor(options: SealOptions, limits: Limits) -> "Redactor":
    from sealift.sealing.redact import Redactor  # noqa: PLC0415  only those who redact pay

    return Redactor(
        (*options.redact, *options.redact_rules),
        options.replacement,
        allow=options.redact_allow,
        deny=options.redact_deny,
        key=options.redact_key.encode(),
        fields=options.redact_fields,
        seconds=options.redact_seconds,
        limits=limits,
    )
