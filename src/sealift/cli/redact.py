"""`sealift redact`: what sealing would remove; sends nothing."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import ConfigFlag, Flag
from sealift.errors import UsageError

app = App(
    name="redact",
    help_epilogue="""\
Examples:
  sealift redact conversation.json
  sealift redact - --format ndjson -o clean.ndjson --report < chat.ndjson""",
)

KEY_VARIABLE = "SEALIFT_REDACT_KEY"
"""Where the key of pseudonyms comes from, if no configuration says it."""


@app.default
def redact(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    packs: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (
        "pii",
        "secrets",
    ),
    rules: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    allow: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    replacement: str = "BLOCKED",
    format: Literal["auto", "json", "ndjson", "xml", "any"] = "auto",  # noqa: A002  the flag's name
    config: ConfigFlag = Path("sealift.toml"),
    route: Annotated[str, Parameter(show_default=False)] = "",
    report: Annotated[
        bool, Parameter(name=("--report", "--json"), negative="", show_default=False)
    ] = False,
    diff: Flag = False,
) -> int:
    """
    Show what sealing would remove from a file, or write the sealed file.

    On a terminal it shows each line that changes, before and after. Elsewhere it
    writes the redacted document, so that it can stand in a pipe. Nothing is sent
    and nothing is kept. The key of pseudonyms comes from SEALIFT_REDACT_KEY.

    Parameters
    ----------
    file
        The file; - for standard input.
    output
        Write the sealed file here: redacted, and compressed if the route does.
    packs
        Rule pack: pii, secrets or hipaa; may be given several times. By default pii
        and secrets.
    rules
        File of further rules, in TOML; may be given several times.
    allow
        Text that stays; may be given several times.
    replacement
        What stands where something was removed: label, hash, or the very text.
    format
        What the content is; auto goes by the file's suffix.
    route
        Seal as this route of the configuration does, whatever the flags above say.
    report
        Write one JSON object: counts by rule, policy, sizes, checksum.
    diff
        Show the changed lines though the output is no terminal.
    """
    name, data = _read(file, format if not route else "any")
    if route:
        options = _of_route(sealift.Config.load(config), route)
    else:
        options = sealift.SealOptions(
            redact=packs,
            redact_rules=rules,
            redact_allow=allow,
            replacement=replacement,
            redact_key=os.environ.get(KEY_VARIABLE, ""),
            format=format,
        )
    sealer = sealift.Sealer(options)
    done = sealer.preview(data, name)
    parcel = sealer.seal(data, name)
    from sealift.cli import redact_showing as showing  # noqa: PLC0415  help needs none of it

    if output is not None:
        showing.write(output, parcel)
    if report:
        print(showing.as_report(sealer.name(name), len(data), parcel, sealer.policy))
    elif diff or (output is None and sys.stdout.isatty()):
        showing.show_diff(data, done)
    elif output is None:
        sys.stdout.buffer.write(done.data)
    if not report:
        print(showing.summary(done), file=sys.stderr)
    return 0


def _read(file: str, format_: str) -> tuple[bytes, bytes]:
    """Give the file's name and its content."""
    if file == "-":
        if format_ == "auto":
            raise UsageError(
                "Standard input has no name that tells its format.",
                hint="Say it: --format json, ndjson, xml, or any for plain text.",
            )
        return b"-", sys.stdin.buffer.read()
    try:
        return os.fsencode(Path(file).name), Path(file).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}.", hint="Name a plain file, or -."
        ) from None


def _of_route(config: "sealift.Config", name: str) -> "sealift.SealOptions":
    for route in config.routes:
        if route.name == name:
            return route.seal
    known = " or ".join(route.name for route in config.routes)
    raise UsageError(f"There is no route {name} in {config.file}.", hint=f"Use {known}.")
