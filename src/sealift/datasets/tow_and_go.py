"""The dataset that is built in: the links of "tow and go"."""

from pathlib import Path
from typing import Final

import orjson

from sealift.datasets.dataset import Dataset

NAME: Final = "tow-and-go"

_SCHEMA: Final = Path(__file__).parent / "tow_and_go.schema.json"


def tow_and_go() -> Dataset:
    """Describe the document `{"last_modified": int, "tow_and_go": [{"link_id", "segment_id"}]}`.

    Numbers are numbers: no texts, no booleans. `segment_id` may be null. Fields that are
    not named here are refused, and so is an empty list.
    """
    return Dataset(
        name=NAME,
        schema=orjson.loads(_SCHEMA.read_bytes()),
        array="tow_and_go",
        record_key="link_id",
        version="last_modified",
        key="tow-and-go.json",
        collection="tow_and_go",
        indexes=("segment_id",),
    )
