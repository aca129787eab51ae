"""Jobs for schedulers (cron, Airflow, Prefect): publish tow-and-go links, and sync them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sealift.config import Config
from sealift.datasets.happenings import DatasetSynced
from sealift.datasets.opening import open_dataset
from sealift.datasets.pushing import PushReport
from sealift.datasets.service import DatasetService
from sealift.datasets.syncing import SyncWishes
from sealift.datasets.tow_and_go import NAME
from sealift.errors import UsageError
from sealift.events import Observer, ignore

__all__ = [
    "TowAndGoService",
    "sync_tow_and_go_from_s3_to_mongodb",
    "tow_and_go_data_upload_s3",
]


class TowAndGoService:
    """Publishes tow-and-go links under one name in S3, and syncs them to MongoDB.

    Args:
        s3_file_name: Name of the object, under the configured prefix; the dataset's own if
            empty.
        config: The configuration, or its path; `SEALIFT_CONFIG` or `sealift.toml` by default.
        notify: Who is told of what happens.
    """

    def __init__(
        self,
        s3_file_name: str = "",
        *,
        config: Config | Path | str | None = None,
        notify: Observer = ignore,
    ) -> None:
        self.s3_file_name = s3_file_name
        self._config = config
        self._notify = notify

    def upload_tow_and_go_data_to_s3(
        self, tow_and_go_data: str | bytes | Mapping[str, Any], *, force: bool = False
    ) -> PushReport:
        """
        Check the links, publish them, and read them back; repeating it is harmless.

        Args:
            tow_and_go_data: The JSON document, or what a JSON parser made of it.
            force: Also over newer links.

        Raises:
            InvalidContentError: They are not what they should be; nothing was sent.
            StaleDocumentError: Newer ones are stored; they were not touched.
            SealiftError: As `DatasetService.push`; `exit_code` tells its kind.
        """
        with self._service() as service:
            return service.push(_text(tow_and_go_data), self.s3_file_name, force=force)

    def sync_tow_and_go_from_s3_to_mongodb(self, *, force: bool = False) -> DatasetSynced:
        """
        Bring MongoDB to what is published, if they differ; readers never see a half.

        Args:
            force: Also older links, and also over documents that no sync has written.

        Raises:
            SealiftError: As `DatasetService.sync`. MongoDB keeps a whole set in every case.
        """
        with self._service() as service:
            return service.sync(self.s3_file_name, SyncWishes(force=force))

    def _service(self) -> DatasetService:
        config = self._config
        if not isinstance(config, Config):
            config = Config.load(config or os.environ.get("SEALIFT_CONFIG") or "sealift.toml")
        return open_dataset(config.datasets, NAME, config.agent.state_dir, notify=self._notify)


def tow_and_go_data_upload_s3(
    s3_file_name: str,
    tow_and_go_data: str | bytes | Mapping[str, Any],
    *,
    config: Config | Path | str | None = None,
) -> PushReport:
    """Publish tow-and-go links; see `TowAndGoService.upload_tow_and_go_data_to_s3`."""
    service = TowAndGoService(s3_file_name, config=config)
    return service.upload_tow_and_go_data_to_s3(tow_and_go_data)


def sync_tow_and_go_from_s3_to_mongodb(
    s3_file_name: str, *, config: Config | Path | str | None = None
) -> DatasetSynced:
    """Sync them; see `TowAndGoService.sync_tow_and_go_from_s3_to_mongodb`."""
    return TowAndGoService(s3_file_name, config=config).sync_tow_and_go_from_s3_to_mongodb()


def _text(data: str | bytes | Mapping[str, Any]) -> bytes:
    if isinstance(data, str):
        return data.encode("utf-8", "surrogatepass")  # the reader refuses what is no UTF-8
    if isinstance(data, bytes):
        return data
    try:
        # Not orjson, which writes NaN as null.
        return json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The data cannot be written as JSON: {error}.", hint="Give the JSON text."
        ) from None
