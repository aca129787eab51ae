"""A destination in memory, for tests and for trying things out."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sealift.destinations.base import Capabilities, Found, PartLog, Stored
from sealift.destinations.checks import check_key, sealed_chunks
from sealift.errors import AlreadyThereError
from sealift.sealing.parcel import Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryObject:
    """A stored parcel."""

    body: bytes
    put_id: str = ""
    sha256: str = ""
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPut:
    """One call of `put`, whatever came of it."""

    key: str
    put_id: str
    sha256: str
    create: bool


class MemoryDestination:
    """
    Keeps parcels in memory, with every promise of a destination but durability.

    Args:
        name: Name within its route.
        prefix: What every key begins with.
    """

    capabilities = Capabilities(conditional_create=True)

    def __init__(self, name: str = "memory", prefix: str = "") -> None:
        self.name = name
        self.prefix = prefix
        self.objects: dict[str, MemoryObject] = {}
        self.puts: list[MemoryPut] = []
        self._lock = threading.Lock()

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,  # noqa: ARG002 - a restart finds nothing in memory
    ) -> Stored:
        """Store *parcel* under *key*; see `Destination.put`."""
        check_key(key)
        stored = MemoryObject(
            body=b"".join(sealed_chunks(parcel)),
            put_id=put_id,
            sha256=parcel.sha256,
            content_type=parcel.content_type,
            content_encoding=parcel.content_encoding,
            metadata=dict(parcel.metadata),
        )
        with self._lock:
            self.puts.append(MemoryPut(key=key, put_id=put_id, sha256=parcel.sha256, create=create))
            if create and key in self.objects:
                raise AlreadyThereError(f"Something is already at the item's key in {self.name}.")
            self.objects[key] = stored
        return Stored(etag=_etag(stored))

    def head(self, key: str) -> Found | None:
        """Look what is under *key*; None if nothing is."""
        with self._lock:
            found = self.objects.get(key)
        if found is None:
            return None
        return Found(
            size=len(found.body), etag=_etag(found), put_id=found.put_id, sha256=found.sha256
        )

    def probe(self) -> None:
        """Find that memory is there."""

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:
        """Count them: a large body is written anew each time, so none is left behind."""
        return len(list(uploads))

    def url(self, key: str) -> str:
        """Name the object: `memory://NAME/KEY`."""
        return f"memory://{self.name}/{key}"

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _etag(stored: MemoryObject) -> str:
    return stored.sha256[:32]
