"""The directory destination keeps every promise on a disk."""

from pathlib import Path

import pytest

from sealift.destinations.directory import DirectoryDestination, DirectoryOptions
from sealift.testing.conformance import DestinationSuite


class TestDirectory(DestinationSuite):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> DirectoryDestination:
        self.root = tmp_path
        return DirectoryDestination(DirectoryOptions(path=tmp_path))

    def raw_get(self, key: str) -> bytes | None:
        path = self.root / key
        return path.read_bytes() if path.exists() else None

    def raw_put(self, key: str, body: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
