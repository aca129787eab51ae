"""Seals closed files of events, and tells in each object's metadata what is in it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sealift.sealing.options import SealOptions
from sealift.sealing.parcel import LargeBody, Parcel
from sealift.sealing.seal import Sealer


class ListenerSealer(Sealer):
    """Seals as `Sealer` does, and adds metadata.

    Args:
        options: The seal of the route.
        facts: Tells what is known of a closed file, by its name.
    """

    def __init__(self, options: SealOptions, facts: Callable[[bytes], Mapping[str, str]]) -> None:
        # Each event was checked as it came; to redact, the file must be read anyway.
        checked = not options.redacts and options.schema is None and options.format == "auto"
        super().__init__(replace(options, format="any") if checked else options)
        self._facts = facts

    def seal(self, data: bytes, name: bytes) -> Parcel:
        """Check, redact, compress and fingerprint one file in memory. See `Sealer.seal`."""
        return self._with_facts(super().seal(data, name), name)

    def seal_large(self, body: LargeBody, name: bytes) -> Parcel:
        """Check, redact, compress and fingerprint a large file. See `Sealer.seal_large`."""
        return self._with_facts(super().seal_large(body, name), name)

    def _with_facts(self, parcel: Parcel, name: bytes) -> Parcel:
        return replace(parcel, metadata={**parcel.metadata, **self._facts(name)})
