"""Makes bytes fewer, the same way every time."""

import importlib
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cache
from typing import Any, Final

import isal
from isal import isal_zlib

from sealift.errors import ConfigError


class Compression(StrEnum):
    """How the sealed bytes are compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"

    @property
    def suffix(self) -> str:
        """What it appends to a name: empty, `.gz` or `.zst`."""
        return _SUFFIXES[self]


_SUFFIXES: Final = {Compression.NONE: "", Compression.GZIP: ".gz", Compression.ZSTD: ".zst"}

_GZIP_LEVEL: Final = 2
_GZIP_WBITS: Final = 31  # a gzip container; its header has no time and no file name
_ZSTD_LEVEL: Final = 3
_PIECE_BYTES: Final = 256 * 1024


def compress(data: bytes, how: Compression) -> bytes:
    """Compress *data* at once: the same bytes for the same input and library version.

    Raises:
        ConfigError: The extra for zstd is missing.
    """
    match how:
        case Compression.NONE:
            return data
        case Compression.GZIP:
            return isal_zlib.compress(data, _GZIP_LEVEL, _GZIP_WBITS)
        case Compression.ZSTD:
            zstd = _zstd()
            return bytes(zstd.compress(data, options=_zstd_options(zstd)))


def compressing(chunks: Iterable[bytes], how: Compression) -> Iterator[bytes]:
    """Compress piece by piece; how the input is cut does not show in the output.

    The whole may differ in bytes from what `compress` gives; it decompresses to the same.

    Raises:
        ConfigError: The extra for zstd is missing.
    """
    if how is Compression.NONE:
        yield from filter(None, chunks)
        return
    compressor = _compressor(how)
    for piece in _even(chunks):
        packed = compressor.compress(piece)
        if packed:
            yield packed
    yield compressor.flush()


def identity(how: Compression) -> str:
    """Name what decides the compressed bytes: library, version and level.

    Raises:
        ConfigError: The extra for zstd is missing.
    """
    match how:
        case Compression.NONE:
            return "none"
        case Compression.GZIP:
            return f"gzip isal {isal.__version__} level {_GZIP_LEVEL}"
        case Compression.ZSTD:
            return f"zstd {_zstd().zstd_version} level {_ZSTD_LEVEL}"


def _compressor(how: Compression) -> Any:
    if how is Compression.GZIP:
        return isal_zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WBITS)
    zstd = _zstd()
    return zstd.ZstdCompressor(options=_zstd_options(zstd))


def _zstd_options(zstd: Any) -> dict[Any, int]:
    option = zstd.CompressionParameter
    return {option.compression_level: _ZSTD_LEVEL, option.checksum_flag: 1}


@cache
def _zstd() -> Any:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ConfigError(
            "compress = zstd is set, but the library for it is not installed.",
            hint="Run: pip install 'sealift[zstd]', or set compress = gzip.",
        ) from None


def _even(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut *chunks* anew into pieces of one size, so that output cannot depend on their cuts."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % _PIECE_BYTES
        for start in range(0, whole, _PIECE_BYTES):
            yield bytes(held[start : start + _PIECE_BYTES])
        del held[:whole]
    if held:
        yield bytes(held)
