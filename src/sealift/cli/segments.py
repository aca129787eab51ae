"""`sealift segments`: one JSON file a day in S3, to which many writers add."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import Flag
from sealift.cli.showing import as_json, shown
from sealift.errors import UsageError

app = App(
    name="segments",
    help="Add customer segments to one JSON file a day in S3.",
    help_epilogue="""\
Examples:
  sealift segments add s3://my-bucket/cdp/ profile.json
  sealift segments show s3://my-bucket/cdp/ --date 2026-11-22""",
)

Text = Annotated[str, Parameter(show_default=False)]
Merge = Literal["union", "latest", "append"]
SUFFIX = "_segments.json"


@app.command(
    help_epilogue="""\
Examples:
  sealift segments add s3://my-bucket/cdp/ profile.json
  tail -F profiles.ndjson | sealift segments add s3://my-bucket/cdp/ --json""",
)
def add(
    target: str,
    file: Annotated[str, Parameter(allow_leading_hyphen=True)] = "-",
    *,
    merge: Merge = "union",
    suffix: str = SUFFIX,
    time_zone: str = "UTC",
    endpoint_url: Text = "",
    region: Text = "",
    profile: Text = "",
    journal: Path | None = None,
    single_writer: Flag = False,
    json: Flag = False,
) -> int:
    """
    Add profiles to the file of the day, each exactly once.

    A profile is kept on this machine's disk first; what S3 does not take now is sent
    by the next call. Exit code 3: something was refused, or waits.

    Parameters
    ----------
    target
        Where the files are: s3://BUCKET/PREFIX/.
    file
        One profile, or one a line; - for standard input.
    merge
        union: every segment seen that day; latest: the most recent set; append: one
        entry for each profile.
    suffix
        What follows the date in the file's name.
    time_zone
        Whose midnight ends a day.
    endpoint_url
        URL of an S3 look-alike.
    region
        The bucket's region; found out if empty.
    profile
        AWS profile.
    journal
        Folder of what is accepted, instead of the user's state home.
    single_writer
        Nobody else writes these files: allows a store that ignores conditions.
    json
        Write what became of each profile as JSON lines to standard output.
    """
    options = sealift.segments_at(
        target,
        _s3(endpoint_url, region, profile),
        merge=merge,
        suffix=suffix,
        time_zone=time_zone,
        journal=journal,
        single_writer=single_writer,
    )
    code = count = 0
    last = None
    with _opened(file) as stream:
        for fed in sealift.add_segments(options, stream):
            if json:
                print(as_json(_record(fed)), flush=True)
            if fed.error:
                print(f"line {fed.line}: {shown(str(fed.error))}", file=sys.stderr)
                code = max(code, fed.error.exit_code)
            if fed.added:
                count, last = count + 1, fed.added
    if last and not json:
        where = "in" if last.merged else f"in parts beside ({last.reason})"
        print(f"Added {count}: {where} s3://{options.s3.bucket}/{last.key}")
    return code


@app.command(
    help_epilogue="""\
Examples:
  sealift segments show s3://my-bucket/cdp/
  sealift segments show s3://my-bucket/cdp/ --date 2026-11-22 --json""",
)
def show(
    target: str,
    *,
    date: Text = "",
    suffix: str = SUFFIX,
    merge: Merge = "union",
    time_zone: str = "UTC",
    endpoint_url: Text = "",
    region: Text = "",
    profile: Text = "",
    json: Flag = False,
) -> int:
    """
    Write the day's document to standard output, and what is to be known of it beside.

    Parts that wait to be folded are in it. Nothing is changed.

    Parameters
    ----------
    target
        Where the files are: s3://BUCKET/PREFIX/.
    date
        The day, as YYYY-MM-DD; today if not given.
    suffix
        What follows the date in the file's name.
    merge
        How parts are folded: as the writers do it.
    time_zone
        Whose today it is.
    endpoint_url
        URL of an S3 look-alike.
    region
        The bucket's region; found out if empty.
    profile
        AWS profile.
    json
        Write what is to be known of the day as one JSON line, and not the document.
    """
    s3 = _s3(endpoint_url, region, profile)
    options = sealift.segments_at(target, s3, suffix=suffix, merge=merge, time_zone=time_zone)
    day = sealift.show_segments(options, date)
    if json:
        names = ("date", "key", "url", "etag", "rev", "writers", "parts", "problem")
        print(as_json({name: getattr(day, name) for name in names}))
    else:
        sys.stdout.write(day.body.decode(errors="replace"))
        print(f"{day.url}: version {day.rev}, {day.parts} parts wait", file=sys.stderr)
        if day.problem:
            print(f"It is no day's file: {shown(day.problem)}", file=sys.stderr)
    return 3 if day.problem or day.parts else 0


@app.command(
    help_epilogue="""\
Examples:
  sealift segments compact s3://my-bucket/cdp/ --date 2026-11-22
  sealift segments compact s3://my-bucket/cdp/ --date 2026-11-22 --begin-anew""",
)
def compact(
    target: str,
    *,
    date: Text = "",
    begin_anew: Flag = False,
    suffix: str = SUFFIX,
    merge: Merge = "union",
    time_zone: str = "UTC",
    endpoint_url: Text = "",
    region: Text = "",
    profile: Text = "",
    single_writer: Flag = False,
    json: Flag = False,
) -> int:
    """
    Fold what waits in parts into the day's file.

    Writers do it by themselves; this is for days that nobody writes to any more, and
    after a file was mended. It may be killed and run again at any time.

    Parameters
    ----------
    target
        Where the files are: s3://BUCKET/PREFIX/.
    date
        The day, as YYYY-MM-DD; today if not given.
    begin_anew
        Fold also what follows on profiles that were in a file that was deleted or
        replaced: they are lost with it.
    suffix
        What follows the date in the file's name.
    merge
        How profiles are merged: as the writers do it.
    time_zone
        Whose today it is.
    endpoint_url
        URL of an S3 look-alike.
    region
        The bucket's region; found out if empty.
    profile
        AWS profile.
    single_writer
        Nobody else writes these files: allows a store that ignores conditions.
    json
        Write the result as one JSON line to standard output.
    """
    options = sealift.segments_at(
        target,
        _s3(endpoint_url, region, profile),
        suffix=suffix,
        merge=merge,
        time_zone=time_zone,
        single_writer=single_writer,
    )
    done = sealift.compact_segments(options, date, anew=begin_anew)
    if json:
        names = ("date", "key", "etag", "events", "parts", "deleted", "kept")
        record = {name: getattr(done, name) for name in names}
        print(as_json(record | {"unfolded": sorted(done.unfolded)}))
    else:
        print(f"Folded {done.events} profiles of {done.parts} parts into {done.key}")
    if done.unfolded:
        print(
            "Some parts follow on profiles that the file does not hold: it was deleted or replaced."
            "\n  Put it back, or fold them all the same with --begin-anew.",
            file=sys.stderr,
        )
    return 3 if done.unfolded else 0


def _s3(endpoint_url: str, region: str, profile: str) -> dict[str, str]:
    return {"endpoint_url": endpoint_url, "region": region, "profile": profile}


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115  only to open it is guarded
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    with stream:
        yield stream


def _record(fed: "sealift.Fed") -> dict[str, Any]:
    if fed.added:
        return {"line": fed.line, "added": fed.added}
    error = fed.error
    return {"line": fed.line, "error": error and {"code": error.code, "message": str(error)}}
