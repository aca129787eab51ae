"""Where a listener's spool is, and the folder of the files that it closes."""

from pathlib import Path

from sealift.sources.folder import FolderOptions
from sealift.sources.listener.options import ListenerOptions


def spool_of(state_dir: Path, route: str) -> Path:
    """Give the folder of a route's spool."""
    return state_dir / "spool" / route


def closed_files(options: ListenerOptions, state_dir: Path, route: str) -> FolderOptions:
    """Give the folder of a listener's closed files, as a source that delivers them."""
    return folder_of(options, spool_of(state_dir, route) / "events" / "closed")


def closed_rejects(options: ListenerOptions, state_dir: Path, route: str) -> FolderOptions:
    """Give the folder of a listener's closed files of rejects."""
    return folder_of(options, spool_of(state_dir, route) / "rejects" / "closed")


def folder_of(options: ListenerOptions, path: Path) -> FolderOptions:
    """Give a folder whose files are whole as soon as they are there."""
    return FolderOptions(
        path=path,
        settle_seconds=0.0,
        growth_seconds=0.0,
        scan_interval_seconds=options.scan_interval_seconds,
        watch=False,
        large_bytes=options.large_bytes,
    )
