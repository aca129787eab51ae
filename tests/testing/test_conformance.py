"""The conformance suite fails a destination that breaks a promise."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from sealift.destinations.base import Found, Stored
from sealift.destinations.memory import MemoryDestination, MemoryObject
from sealift.errors import OutcomeUnknownError, SourceChangedError
from sealift.sealing.parcel import Parcel
from sealift.testing.conformance import DestinationSuite


class Overwrites(MemoryDestination):
    """Replaces what is there, and says nothing."""

    def put(self, key: str, parcel: Parcel, **named: Any) -> Stored:
        return super().put(key, parcel, **named | {"create": False})


class ForgetsThePutId(MemoryDestination):
    def head(self, key: str) -> Found | None:
        found = super().head(key)
        return replace(found, put_id="") if found else None


class CutsTheBody(MemoryDestination):
    def put(self, key: str, parcel: Parcel, **named: Any) -> Stored:
        stored = super().put(key, parcel, **named)
        kept = self.objects[key]
        self.objects[key] = replace(kept, body=kept.body[:-1])
        return stored


class NormalisesKeys(MemoryDestination):
    def put(self, key: str, parcel: Parcel, **named: Any) -> Stored:
        return super().put(unicodedata.normalize("NFC", key), parcel, **named)


class RaisesWhereNothingIs(MemoryDestination):
    def head(self, key: str) -> Found | None:
        if found := super().head(key):
            return found
        raise FileNotFoundError


class StoresWhatChanged(MemoryDestination):
    """Takes whatever it could read of a large body."""

    def put(self, key: str, parcel: Parcel, **named: Any) -> Stored:
        if not isinstance(parcel.body, bytes):
            parcel = replace(parcel, body=b"".join(_readable(parcel.body.chunks())))
        return super().put(key, parcel, **named)


def _readable(chunks: Iterator[bytes]) -> Iterator[bytes]:
    with suppress(SourceChangedError):
        yield from chunks


class Suite(DestinationSuite):
    """The suite for a memory destination; pytest must not collect it here."""

    __test__ = False

    def __init__(self, memory: MemoryDestination) -> None:
        self.memory = memory

    def raw_get(self, key: str) -> bytes | None:
        found = self.memory.objects.get(key)
        return found.body if found else None

    def raw_put(self, key: str, body: bytes) -> None:
        self.memory.objects[key] = MemoryObject(body=body)


def run(memory: MemoryDestination, test: str, *arguments: str) -> None:
    getattr(Suite(memory), test)(memory, *arguments)


BROKEN: list[tuple[Callable[[], MemoryDestination], str, tuple[str, ...]]] = [
    (Overwrites, "test_a_create_over_an_object_leaves_it_alone", ("k",)),
    (Overwrites, "test_a_second_create_leaves_the_first_object", ("k",)),
    (Overwrites, "test_a_large_create_over_an_object_leaves_it_alone", ("k",)),
    (Overwrites, "test_of_many_creates_at_once_one_wins", ("k",)),
    (ForgetsThePutId, "test_put_id_and_hash_come_back", ("k",)),
    (ForgetsThePutId, "test_an_overwrite_replaces_body_and_put_id", ("k",)),
    (ForgetsThePutId, "test_harsh_metadata_is_carried_or_refused", ("k", "umlaut")),
    (CutsTheBody, "test_a_put_stores_the_body", ("k",)),
    (CutsTheBody, "test_a_large_body_is_stored_whole", ("k",)),
    (CutsTheBody, "test_a_large_body_needs_no_part_log", ("k",)),
    (CutsTheBody, "test_content_type_and_encoding_do_no_harm", ("k",)),
    (NormalisesKeys, "test_an_odd_key_is_taken_as_it_is", ("e\u0301",)),
    (NormalisesKeys, "test_similar_keys_are_different_objects", ("k",)),
    (RaisesWhereNothingIs, "test_a_key_where_nothing_is_gives_none", ("k",)),
    (StoresWhatChanged, "test_a_source_that_changes_midway_stores_nothing", ("k", "fails_after")),
]


@pytest.mark.parametrize(("broken", "test", "arguments"), BROKEN)
def test_a_broken_promise_is_noticed(
    broken: Callable[[], MemoryDestination], test: str, arguments: tuple[str, ...]
) -> None:
    run(MemoryDestination(), test, *arguments)
    with pytest.raises((AssertionError, pytest.fail.Exception, OutcomeUnknownError, OSError)):
        run(broken(), test, *arguments)
