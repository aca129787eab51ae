"""A dataset with a bucket on ministack and a database, for tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealift.datasets.dataset import Dataset
from sealift.datasets.options import DatasetConfig, DatasetOptions, MongoOptions
from sealift.datasets.publishing import Surroundings
from sealift.datasets.service import DatasetService
from sealift.datasets.tow_and_go import tow_and_go
from sealift.destinations.s3_options import S3Options
from tests.datasets.servers import MongoServer
from tests.servers import Bucket

if TYPE_CHECKING:
    from sealift.events import Event

VERSION = 1_684_216_515


def links(count: int, *, version: int = VERSION, first: int = 17_000_000, **changed: int) -> bytes:
    """A document; `changed` maps `_INDEX` to another segment."""
    records = [
        {"link_id": first + i, "segment_id": changed.get(f"_{i}", None if i % 7 == 0 else i * 3)}
        for i in range(count)
    ]
    return json.dumps({"last_modified": version, "tow_and_go": records}).encode()


def s3_options(bucket: Bucket, **more: Any) -> S3Options:
    server = bucket.server
    return S3Options(
        **{
            "bucket": bucket.name,
            "endpoint_url": server.endpoint_url,
            "region": server.region,
            "access_key_id": server.access_key_id,
            "secret_access_key": server.secret_access_key,
            **more,
        }
    )


class Rig:
    """Makes services of one dataset, bucket and database."""

    def __init__(
        self,
        home: Path,
        bucket: Bucket,
        server: MongoServer | None = None,
        *,
        dataset: Dataset | None = None,
    ) -> None:
        self.home = home
        self.bucket = bucket
        self.server = server
        self.dataset = dataset or tow_and_go()
        self.database = server.new_database() if server else None
        self.events: list[Event] = []
        self.now = 1_795_000_000.0
        self.slept: list[float] = []

    @property
    def collection(self) -> Any:
        return self.database["tow_and_go"]

    def service(
        self,
        *,
        s3: dict[str, Any] | None = None,
        mongo: dict[str, Any] | None = None,
        more: tuple[S3Options, ...] = (),
        open_store: Callable[[S3Options], Any] | None = None,
        **options: Any,
    ) -> DatasetService:
        config = DatasetConfig(
            dataset=self.dataset,
            destinations=(s3_options(self.bucket, **(s3 or {})), *more),
            options=DatasetOptions(**options),
            mongo=self._mongo(mongo or {}),
        )
        around = Surroundings(clock=lambda: self.now, sleep=self.slept.append, chance=lambda: 0.5)
        given = {"open_store": open_store} if open_store else {}
        return DatasetService(
            config, self.home / "state", notify=self.events.append, surroundings=around, **given
        )

    @property
    def server_kind(self) -> str:
        assert self.server
        return "set" if "setName" in self.server.client.admin.command("hello") else "standalone"

    def _mongo(self, more: dict[str, Any]) -> MongoOptions | None:
        if self.server is None:
            return None
        given = {"uri": self.server.uri, "database": self.database.name, "connect_seconds": 5.0}
        return MongoOptions(**given | more)

    def raw(self, key: str) -> Any:
        return self.bucket.client.get_object(Bucket=self.bucket.name, Key=key)

    def segments(self) -> dict[Any, Any]:
        """What a reader sees."""
        return {one["_id"]: one["segment_id"] for one in self.collection.find()}
