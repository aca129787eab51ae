"""Gets hold of pymongo, which is an extra, and of a client that takes no wrong option."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sealift.datasets.mongo_errors import mongo_errors, no_uri
from sealift.errors import ConfigError


def library() -> Any:
    """Give pymongo.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        return importlib.import_module("pymongo")
    except ImportError:
        raise ConfigError(
            "A dataset goes to MongoDB, but the library for it is not installed.",
            hint="Run: pip install 'sealift[mongo]'",
        ) from None


@contextmanager
def no_unknown_options(doing: str) -> Iterator[None]:
    """Refuse a URI with an option that pymongo only warns of: a mistyped tls must not pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            yield
        except UserWarning:
            raise no_uri(doing) from None


def bson_size(document: dict[str, Any]) -> int:
    """Give the size of a document in the form that MongoDB stores."""
    with mongo_errors("Writing a document as BSON"):
        return len(importlib.import_module("bson").encode(document))
