"""What every destination promises, as tests that its own test class inherits."""

import hashlib
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from sealift.destinations.base import Destination
from sealift.errors import ItemError, OutcomeUnknownError, SealiftError, SourceChangedError
from sealift.testing.samples import (
    HARSH_METADATA,
    LONGEST_KEY,
    ODD_KEYS,
    BrokenLogError,
    MemoryPartLog,
    Pieces,
    new_put_id,
    parcel_of,
)


class DestinationSuite:
    """
    The tests. A subclass gives a `destination` fixture and the two raw accessors.

    They bypass the code under test, so that it is not believed about itself. Give
    another `chunk_bytes` to a store that wants larger parts, and `key_prefix` to one
    that shares its room with others.
    """

    chunk_bytes: int = 256 * 1024
    chunk_count: int = 24
    key_prefix: str = ""
    resumes: bool = False
    """Whether a large upload goes on where it stopped, given a part log."""

    @pytest.fixture
    def destination(self) -> Destination:
        """Give an empty destination."""
        raise NotImplementedError

    def raw_get(self, key: str) -> bytes | None:
        """Read what is stored under *key*, bypassing the destination; None if nothing is."""
        raise NotImplementedError

    def raw_put(self, key: str, body: bytes) -> None:
        """Store *body* under *key*, bypassing the destination."""
        raise NotImplementedError

    @pytest.fixture
    def key(self) -> str:
        """Give a key at which nothing is."""
        return f"{self.key_prefix}day=1/{uuid.uuid4()}.json"

    def _needs_conditional_create(self, destination: Destination) -> None:
        if not destination.capabilities.conditional_create:
            pytest.skip("the store does not keep the condition of a create")

    # What a put stores

    def test_a_put_stores_the_body(self, destination: Destination, key: str) -> None:
        """A returned put means that the bytes are there."""
        destination.put(key, parcel_of(b'{"a": 1}'), put_id=new_put_id())
        assert self.raw_get(key) == b'{"a": 1}'

    def test_an_empty_body_is_an_object(self, destination: Destination, key: str) -> None:
        """Nothing is something: an empty item has its object."""
        destination.put(key, parcel_of(b""), put_id=new_put_id())
        assert self.raw_get(key) == b""
        found = destination.head(key)
        assert found
        assert found.size == 0

    @pytest.mark.parametrize("odd", ODD_KEYS)
    def test_an_odd_key_is_taken_as_it_is(self, destination: Destination, odd: str) -> None:
        """A key is neither normalised, decoded nor cut."""
        key = f"{self.key_prefix}{uuid.uuid4()}/{odd}"
        destination.put(key, parcel_of(odd.encode()), put_id=new_put_id())
        assert self.raw_get(key) == odd.encode()
        assert destination.head(key)

    def test_similar_keys_are_different_objects(self, destination: Destination, key: str) -> None:
        """Two spellings of one name are two keys."""
        spellings = [f"{key}{odd}" for odd in ("é", "e\u0301", "%C3%A9", " ", "+", "%20", "%2B")]
        for spelling in spellings:
            destination.put(spelling, parcel_of(spelling.encode()), put_id=new_put_id())
        assert [self.raw_get(spelling) for spelling in spellings] == [
            spelling.encode() for spelling in spellings
        ]

    def test_the_longest_key_is_taken_or_refused(self, destination: Destination) -> None:
        """A key of 1,023 bytes works, or the item is refused with a reason."""
        key = self.key_prefix + LONGEST_KEY[len(self.key_prefix) :]
        try:
            destination.put(key, parcel_of(b"long"), put_id=new_put_id())
        except ItemError:
            assert destination.head(key) is None
        else:
            assert self.raw_get(key) == b"long"

    @pytest.mark.parametrize("key", ["", "/leading", "k" * 1025, "é" * 513, "\ud800"])
    def test_a_key_that_cannot_be_one_is_refused(self, destination: Destination, key: str) -> None:
        """A key outside the contract never reaches the store."""
        with pytest.raises(ItemError):
            destination.put(key, parcel_of(b"x"), put_id=new_put_id())

    # Create and overwrite

    def test_a_create_over_an_object_leaves_it_alone(
        self, destination: Destination, key: str
    ) -> None:
        """Somebody else's object is never replaced by a create."""
        self._needs_conditional_create(destination)
        self.raw_put(key, b"theirs")
        with pytest.raises(OutcomeUnknownError):
            destination.put(key, parcel_of(b"ours"), put_id=new_put_id())
        assert self.raw_get(key) == b"theirs"

    def test_a_second_create_leaves_the_first_object(
        self, destination: Destination, key: str
    ) -> None:
        """A put that is repeated meets its own object, and says that it is unclear."""
        self._needs_conditional_create(destination)
        put_id = new_put_id()
        destination.put(key, parcel_of(b"first"), put_id=put_id)
        with pytest.raises(OutcomeUnknownError):
            destination.put(key, parcel_of(b"second"), put_id=new_put_id())
        assert self.raw_get(key) == b"first"
        found = destination.head(key)
        assert found
        assert found.put_id == put_id

    def test_an_overwrite_replaces_body_and_put_id(
        self, destination: Destination, key: str
    ) -> None:
        """Without `create`, whatever is there is replaced, and the metadata with it."""
        self.raw_put(key, b"theirs")
        for body in (b"one", b"three"):
            put_id = new_put_id()
            destination.put(key, parcel_of(body), put_id=put_id, create=False)
            found = destination.head(key)
            assert self.raw_get(key) == body
            assert found
            assert (found.size, found.put_id) == (len(body), put_id)

    def test_of_many_creates_at_once_one_wins(self, destination: Destination, key: str) -> None:
        """Sixteen creates of one key: one stored, fifteen unclear, and the winner's bytes there."""
        self._needs_conditional_create(destination)
        ready = threading.Barrier(16)
        bodies = {new_put_id(): f"body {number}".encode() for number in range(16)}

        def create(put_id: str) -> str | None:
            ready.wait(30)
            try:
                destination.put(key, parcel_of(bodies[put_id]), put_id=put_id)
            except OutcomeUnknownError:
                return None
            return put_id

        with ThreadPoolExecutor(16) as threads:
            winners = [put_id for put_id in threads.map(create, bodies) if put_id]
        found = destination.head(key)
        assert found
        assert winners == [found.put_id]
        assert self.raw_get(key) == bodies[winners[0]]

    # Looking

    def test_a_key_where_nothing_is_gives_none(self, destination: Destination, key: str) -> None:
        """Nothing is no error."""
        assert destination.head(key) is None
        assert destination.head(f"{self.key_prefix}no/such/{uuid.uuid4()}") is None

    def test_put_id_and_hash_come_back(self, destination: Destination, key: str) -> None:
        """By these two a put recognises its own object after a lost answer."""
        put_id, parcel = new_put_id(), parcel_of(b"known")
        stored = destination.put(key, parcel, put_id=put_id)
        found = destination.head(key)
        assert found
        assert (found.put_id, found.sha256, found.size) == (put_id, parcel.sha256, parcel.size)
        assert found.etag == stored.etag

    def test_somebody_elses_object_is_not_taken_for_ours(
        self, destination: Destination, key: str
    ) -> None:
        """An object without our metadata has no put id, and no false hash."""
        self.raw_put(key, b"theirs")
        found = destination.head(key)
        assert found
        assert (found.size, found.put_id) == (6, "")
        assert found.sha256 in {"", hashlib.sha256(b"theirs").hexdigest()}

    def test_content_type_and_encoding_do_no_harm(self, destination: Destination, key: str) -> None:
        """The sealed bytes are stored as they are, not decoded."""
        parcel = parcel_of(
            b"\x1f\x8bnot really", content_type="application/x-ndjson", content_encoding="gzip"
        )
        destination.put(key, parcel, put_id=new_put_id())
        assert self.raw_get(key) == parcel.body
        found = destination.head(key)
        assert found
        assert found.sha256 == parcel.sha256

    @pytest.mark.parametrize("name", HARSH_METADATA)
    def test_harsh_metadata_is_carried_or_refused(
        self, destination: Destination, key: str, name: str
    ) -> None:
        """Metadata never breaks a request, nor the put id beside it."""
        put_id = new_put_id()
        parcel = parcel_of(b"x", metadata={name: HARSH_METADATA[name]})
        try:
            destination.put(key, parcel, put_id=put_id)
        except ItemError:
            assert self.raw_get(key) is None
            return
        found = destination.head(key)
        assert found
        assert (found.put_id, found.sha256) == (put_id, parcel.sha256)

    # Large bodies

    def test_a_large_body_is_stored_whole(self, destination: Destination, key: str) -> None:
        """A body of several parts arrives in order and complete, with its put id."""
        pieces, put_id = Pieces(self.chunk_count, self.chunk_bytes), new_put_id()
        parcel = pieces.sealed()
        destination.put(key, parcel, put_id=put_id, part_log=MemoryPartLog())
        assert self.raw_get(key) == pieces.bytes()
        found = destination.head(key)
        assert found
        assert (found.size, found.put_id, found.sha256) == (parcel.size, put_id, parcel.sha256)

    def test_a_large_body_needs_no_part_log(self, destination: Destination, key: str) -> None:
        """Without a part log it goes up just so."""
        pieces = Pieces(self.chunk_count, self.chunk_bytes)
        destination.put(key, pieces.sealed(), put_id=new_put_id())
        assert self.raw_get(key) == pieces.bytes()

    def test_a_large_create_over_an_object_leaves_it_alone(
        self, destination: Destination, key: str
    ) -> None:
        """The condition of a create holds for large bodies too."""
        self._needs_conditional_create(destination)
        self.raw_put(key, b"theirs")
        pieces = Pieces(self.chunk_count, self.chunk_bytes)
        with pytest.raises(OutcomeUnknownError):
            destination.put(key, pieces.sealed(), put_id=new_put_id())
        assert self.raw_get(key) == b"theirs"

    @pytest.mark.parametrize("at", ["changes_after", "fails_after"])
    def test_a_source_that_changes_midway_stores_nothing(
        self, destination: Destination, key: str, at: str
    ) -> None:
        """Half an old file and half a new one is never an object, and no upload stays begun."""
        pieces = Pieces(self.chunk_count, self.chunk_bytes, **{at: self.chunk_count // 2})
        log = MemoryPartLog()
        with pytest.raises(SourceChangedError):
            destination.put(key, pieces.sealed(), put_id=new_put_id(), part_log=log)
        assert self.raw_get(key) is None
        assert destination.head(key) is None
        assert log.upload is None

    def test_a_large_upload_goes_on_where_it_stopped(
        self, destination: Destination, key: str
    ) -> None:
        """After a crash the finished parts are not sent again."""
        if not self.resumes:
            pytest.skip("the destination begins large bodies anew")
        pieces, put_id = Pieces(self.chunk_count, self.chunk_bytes), new_put_id()
        parcel, log = pieces.sealed(), MemoryPartLog(breaks_after=1)
        with pytest.raises((BrokenLogError, SealiftError)):
            destination.put(key, parcel, put_id=put_id, part_log=log)
        assert log.upload
        assert len(log.upload.parts) == 1
        part_bytes = log.upload.part_bytes
        log.breaks_after, log.added = None, 0
        destination.put(key, parcel, put_id=put_id, part_log=log)
        assert log.begun == 1
        assert log.added == -(-parcel.size // part_bytes) - 1
        assert log.load() is None
        assert self.raw_get(key) == pieces.bytes()

    # The rest

    def test_a_probe_passes(self, destination: Destination) -> None:
        """A destination that works says so."""
        destination.probe()

    def test_the_url_names_the_object(self, destination: Destination, key: str) -> None:
        """People find the object by it."""
        url = destination.url(key)
        assert "://" in url
        assert key.rpartition("/")[2] in url

    def test_it_has_a_name_and_a_prefix(self, destination: Destination) -> None:
        """The ledger keeps deliveries under the name."""
        assert destination.name
        assert isinstance(destination.prefix, str)
