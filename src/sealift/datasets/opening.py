"""Opens a dataset of a list by its name."""

from collections.abc import Sequence
from pathlib import Path

from sealift.datasets.options import DatasetConfig
from sealift.datasets.service import DatasetService
from sealift.errors import UsageError
from sealift.events import Observer, ignore


def open_dataset(
    datasets: Sequence[DatasetConfig], name: str, state_dir: Path, *, notify: Observer = ignore
) -> DatasetService:
    """
    Open the dataset *name*.

    Args:
        datasets: Those that are known, such as `Config.datasets`.
        name: Its name; `_` also means `-`.
        state_dir: Folder of its ledger, such as `Config.agent.state_dir`.
        notify: Who is told of what happens.

    Raises:
        UsageError: There is none of this name.
        ConfigError: Its options cannot be right.
        StateError: Its ledger cannot be used.
    """
    wanted = name.replace("_", "-")
    for one in datasets:
        if one.dataset.name.replace("_", "-") == wanted:
            return DatasetService(one, state_dir, notify=notify)
    known = " or ".join(one.dataset.name for one in datasets)
    raise UsageError(
        f"There is no dataset {name} in the configuration.",
        hint=f"Use {known}." if known else f"Add [datasets.{name}.destination] with a bucket.",
    )
