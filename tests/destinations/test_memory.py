"""The memory destination keeps every promise of a destination."""

import hashlib
import threading
from dataclasses import replace

import pytest

from sealift.destinations.memory import MemoryDestination, MemoryObject
from sealift.errors import OutcomeUnknownError
from sealift.testing.conformance import DestinationSuite
from sealift.testing.samples import parcel_of


class SlowDict(dict[str, MemoryObject]):
    """Lets other threads run between a look and what follows from it."""

    def __contains__(self, key: object) -> bool:
        there = super().__contains__(key)
        threading.Event().wait(0.001)
        return there


class TestMemory(DestinationSuite):
    @pytest.fixture
    def destination(self) -> MemoryDestination:
        self.memory = MemoryDestination(prefix="in/")
        self.memory.objects = SlowDict()
        return self.memory

    def raw_get(self, key: str) -> bytes | None:
        found = self.memory.objects.get(key)
        return found.body if found else None

    def raw_put(self, key: str, body: bytes) -> None:
        self.memory.objects[key] = MemoryObject(body=body)


def test_every_put_is_logged_even_those_that_stored_nothing() -> None:
    memory = MemoryDestination()
    memory.put("k", parcel_of(b"1"), put_id="id-1")
    with pytest.raises(OutcomeUnknownError):
        memory.put("k", parcel_of(b"2"), put_id="id-2")
    memory.put("k", parcel_of(b"2"), put_id="id-2", create=False)
    assert [(put.put_id, put.create) for put in memory.puts] == [
        ("id-1", True),
        ("id-2", True),
        ("id-2", False),
    ]


def test_type_encoding_and_metadata_are_kept() -> None:
    memory = MemoryDestination()
    parcel = replace(
        parcel_of(b"1"), content_type="text/x", content_encoding="gzip", metadata={"a": "é\n"}
    )
    memory.put("k", parcel, put_id="id-1")
    kept = memory.objects["k"]
    assert (kept.content_type, kept.content_encoding) == ("text/x", "gzip")
    assert kept.metadata == {"a": "é\n"}
    assert kept.sha256 == hashlib.sha256(b"1").hexdigest()
