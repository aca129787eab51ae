"""Media types by file suffix: our own short table, so that no machine's settings show."""

from typing import Final

_TYPES: Final = {
    b"avro": "application/vnd.apache.avro",
    b"bin": "application/octet-stream",
    b"csv": "text/csv",
    b"gz": "application/gzip",
    b"htm": "text/html",
    b"html": "text/html",
    b"jpeg": "image/jpeg",
    b"jpg": "image/jpeg",
    b"json": "application/json",
    b"jsonl": "application/x-ndjson",
    b"log": "text/plain",
    b"md": "text/markdown",
    b"ndjson": "application/x-ndjson",
    b"parquet": "application/vnd.apache.parquet",
    b"pdf": "application/pdf",
    b"png": "image/png",
    b"svg": "image/svg+xml",
    b"tar": "application/x-tar",
    b"toml": "application/toml",
    b"tsv": "text/tab-separated-values",
    b"txt": "text/plain",
    b"xml": "application/xml",
    b"yaml": "application/yaml",
    b"yml": "application/yaml",
    b"zip": "application/zip",
    b"zst": "application/zstd",
}

_UNKNOWN: Final = "application/octet-stream"


def content_type_of(name: bytes) -> str:
    """Tell the media type by the last suffix of *name*, in any case; octets if unknown."""
    stem, _, suffix = name.rpartition(b"/")[2].rpartition(b".")
    return _TYPES.get(suffix.lower(), _UNKNOWN) if stem else _UNKNOWN


def known_suffix(name: bytes) -> bytes:
    """Give the last suffix of *name*, dot included, if it tells a media type; else nothing."""
    stem, dot, suffix = name.rpartition(b"/")[2].rpartition(b".")
    return dot + suffix if stem and suffix.lower() in _TYPES else b""
