"""How datasets are shown to people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealift.cli.showing import shown, time_of

if TYPE_CHECKING:
    from sealift import DatasetRun, DatedCopy, Verified
    from sealift.datasets.verifying import Keys

_SHOWN = 10


def verified_lines(found: "Verified") -> Iterator[str]:
    """Show a comparison as a block."""
    verdict = "✅ they agree" if found.agree else "❌ they differ"
    yield f"{verdict}: {shown(found.url)} and {found.place}"
    yield f"  object    {found.stored_records} records, digest {found.stored_digest}"
    yield f"  MongoDB   {found.database_records} records, digest {found.database_digest}"
    for what, keys in (
        ("missing", found.missing),
        ("surplus", found.surplus),
        ("different", found.different),
    ):
        if keys.count:
            yield f"  {what:9} {_keys(keys)}"
    if not found.agree:
        yield "  Mend it with: sealift dataset sync --again."


def run_lines(run: "DatasetRun") -> Iterator[str]:
    """Show a push or a sync as a block."""
    took = "" if run.ended_at is None else f" in {run.ended_at - run.began_at:.1f} s"
    outcome = run.outcome if run.ended_at is not None else "running, or killed"
    yield f"{time_of(run.began_at)}  {run.what}: {outcome}{took}, by {shown(run.who)}"
    yield f"  {shown(run.place)}"
    if run.records is not None:
        version = "" if run.version is None else f", version {run.version}"
        yield f"  {run.records} records{version}, SHA-256 {run.sha256}, ETag {shown(run.etag)}"
    if run.reason:
        yield f"  {shown(run.reason)}"


def copy_line(copy: "DatedCopy") -> str:
    """Show a dated copy."""
    version = "" if copy.version is None else f"version {copy.version}, "
    return f"{copy.day}  {version}{copy.size} bytes, {shown(copy.key)}"


def _keys(keys: "Keys") -> str:
    first = ", ".join(shown(str(key)) for key in keys.first[:_SHOWN])
    more = f" and {keys.count - _SHOWN} more" if keys.count > _SHOWN else ""
    return f"{keys.count}: {first}{more}"
