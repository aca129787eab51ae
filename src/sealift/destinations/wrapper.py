"""A destination that holds a destination and passes everything on, for behaviours to build on."""

from collections.abc import Iterable, Sequence
from typing import cast

from sealift.destinations.base import (
    Capabilities,
    Destination,
    Found,
    KeyOrder,
    NamesKeys,
    PartLog,
    Stored,
)
from sealift.errors import SealiftError
from sealift.sealing.parcel import Parcel


class Wrapper:
    """
    Passes every call on unchanged; a behaviour overrides those it is about.

    Args:
        destination: The one that is held. It is closed with its holder.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    @property
    def name(self) -> str:
        """The held destination's name."""
        return self.destination.name

    @property
    def prefix(self) -> str:
        """The held destination's prefix."""
        return self.destination.prefix

    @property
    def capabilities(self) -> Capabilities:
        """What the held destination can promise."""
        return self.destination.capabilities

    def put(
        self,
        key: str,
        parcel: Parcel,
        *,
        put_id: str,
        create: bool = True,
        part_log: PartLog | None = None,
    ) -> Stored:
        """See `Destination.put`."""
        return self.destination.put(key, parcel, put_id=put_id, create=create, part_log=part_log)

    @property
    def names_at_once(self) -> int:
        """See `NamesKeys.names_at_once`."""
        return cast("NamesKeys", self.destination).names_at_once

    def name_keys(self, orders: Sequence[KeyOrder]) -> Sequence[str | SealiftError]:
        """See `NamesKeys.name_keys`; only where the capabilities say `names_keys`."""
        return cast("NamesKeys", self.destination).name_keys(orders)

    def head(self, key: str) -> Found | None:
        """See `Destination.head`."""
        return self.destination.head(key)

    def probe(self) -> None:
        """See `Destination.probe`."""
        self.destination.probe()

    def abort_stale_uploads(self, uploads: Iterable[tuple[str, str]]) -> int:
        """See `Destination.abort_stale_uploads`."""
        return self.destination.abort_stale_uploads(uploads)

    def url(self, key: str) -> str:
        """See `Destination.url`."""
        return self.destination.url(key)

    def close(self) -> None:
        """See `Destination.close`."""
        self.destination.close()
