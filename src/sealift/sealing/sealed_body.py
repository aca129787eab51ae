"""The sealed form of a large source: made anew at each reading, and held against its hash."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sealift.errors import ItemError, SourceChangedError


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBody:
    """The sealed form of a source, made anew at each reading and held against its fingerprint."""

    pieces: Callable[[], Iterator[bytes]]
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
        pieces = self.pieces()
        while (piece := self._next(pieces)) is not None:
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

    def _next(self, pieces: Iterator[bytes]) -> bytes | None:
        try:
            return next(pieces, None)
        except ItemError:
            pass
        # It was sealed once, so what is refused now is another content.
        raise self._changed()

    def _changed(self) -> SourceChangedError:
        return SourceChangedError(
            "The source gives other bytes than when it was sealed.",
            hint="It is sealed again when it has come to rest.",
        )
