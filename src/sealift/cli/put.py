"""`sealift put`: deliver some files once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import Flag
from sealift.errors import UsageError
from sealift.spooling import how_to_put

app = App(
    name="put",
    help_epilogue="""\
Examples:
  sealift put report.json s3://my-bucket/reports/
  pg_dump app | sealift put - s3://my-bucket/backup/app.sql --region eu-west-1""",
)


@app.default
def put(
    *files_and_target: Annotated[str, Parameter(name="FILE... TARGET", allow_leading_hyphen=True)],
    endpoint_url: str = "",
    region: str = "",
    profile: str = "",
    storage_class: str = "",
    sse: Literal["", "AES256", "aws:kms", "aws:kms:dsse"] = "",
    sse_kms_key_id: str = "",
    overwrite: Flag = False,
    format: Literal["auto", "json", "ndjson", "xml", "any"] = "auto",  # noqa: A002  the flag's name
    json: Flag = False,
    state_dir: Path | None = None,
) -> int:
    """
    Deliver some files once, to S3 or a folder; they stay in place.

    The target is s3://BUCKET/KEY, s3://BUCKET/PREFIX/ or file:///FOLDER/. A file
    named - is standard input. After an interruption the same command goes on
    where it stopped, in the middle of a large file too. Credentials come from
    the AWS chain: environment, profile, SSO, role.

    Parameters
    ----------
    files_and_target
        The files, and where they go.
    endpoint_url
        URL of an S3 look-alike.
    region
        The bucket's region; found out if empty.
    profile
        AWS profile.
    storage_class
        Storage class, such as STANDARD_IA.
    sse
        Encryption.
    sse_kms_key_id
        KMS key for aws:kms.
    overwrite
        Replace what is at the key instead of refusing.
    format
        What the content must be; auto goes by the file's suffix.
    json
        Write events as JSON lines to standard output, lines for people to standard error.
    state_dir
        Where the ledgers are, instead of the user's state home.
    """
    if len(files_and_target) < 2:
        raise UsageError("Something is missing.", hint="Use: sealift put FILE... TARGET.")
    *files, target = files_and_target
    options = sealift.PutOptions(
        overwrite=overwrite,
        format=format,
        state_dir=state_dir,
        s3={
            "endpoint_url": endpoint_url,
            "region": region,
            "profile": profile,
            "storage_class": storage_class,
            "sse": sse,
            "sse_kms_key_id": sse_kms_key_id,
        },
    )
    with sealift.showing(json=json) as show, _telling_how_to_go_on():
        result = sealift.put(files, target, options, stdin=sys.stdin.buffer, notify=show.notify)
    _say_what_is_left(result)
    return result.outcome.exit_code


@contextmanager
def _telling_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # A note tells where standard input is kept, which no repetition could read again.
        notes = getattr(error, "__notes__", [])
        if isinstance(error, KeyboardInterrupt):
            go_on = "" if notes else " Repeat the same command to go on."
            print(f"Interrupted.{go_on}", file=sys.stderr)
        for note in notes:
            print(note, file=sys.stderr)
        raise


def _say_what_is_left(result: "sealift.PutResult") -> None:
    if result.outcome.exit_code == 0:
        return
    if result.spooled is not None:
        print(how_to_put(result.spooled), file=sys.stderr)
    else:
        print(
            "Not everything is delivered. Repeat the same command to go on"
            " (--overwrite to replace what is there).",
            file=sys.stderr,
        )
