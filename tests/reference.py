"""Writes docs/reference from the code: `python -m tests.reference`."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from rich.console import Console

from sealift import errors
from sealift.cli.main import VERBS, build_app
from sealift.config.complaints import SECRETS
from sealift.config.desktop import HOMES
from sealift.config.options import AgentOptions, LimitOptions, RouteOptions
from sealift.config.reading import Options
from sealift.datasets.options import DatasetOptions, MongoOptions
from sealift.destinations.directory import DirectoryOptions
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.s3_options import S3Options
from sealift.sealing.seal import SealOptions
from sealift.sources.folder import FolderOptions
from sealift.sources.listener.options import ListenerOptions

FOLDER = Path(__file__).parent.parent / "docs" / "reference"

COMMANDS = [
    (),
    *((verb,) for verb in VERBS),
    *(("quarantine", word) for word in ("list", "show", "release", "drop")),
    *(("presigner", word) for word in ("serve", "token", "template")),
    ("tracardi", "serve"),
    *(("segments", word) for word in ("add", "show", "compact")),
    *(("dataset", word) for word in ("push", "sync", "verify", "history", "rollback")),
]

_CONFIG = """\
# Configuration

This page is made from the code by `python -m tests.reference`; a test compares them.

`sealift.toml` is read from the working directory, or from the path that a verb is given.
What is said later wins: the defaults below, the file, the environment, the flags.
`SEALIFT_ROUTES__NAME__DESTINATION__BUCKET=other` sets `routes.NAME.destination.bucket`.
Case does not matter there, `_` also means `-`, and a number names one of several destinations.
Relative paths are relative to the file's folder, wherever they are set.
An unknown key is an error; all errors are told at once.

Secrets (`access_key_id`, `secret_access_key`, `session_token`, `redact_key`, `http_token`,
`secret`, `token`, `uri`) never stand in the file. Write `{ env = "NAME" }` or
`{ file = "path" }`, or leave those of AWS out for its chain: environment, profile, SSO, web
identity, container or instance role.

If `device_id` is empty, the host's name stands for it in keys.
Destinations are named after their kind; from the second of a kind on they are `s3-2` and so on.
The name is what the ledger keeps deliveries under: do not change it while something waits.

What `redact` and its companions do is told in [redaction.md](../redaction.md).

`convert` changes the format on the way, after the strict check. `xml-to-json` makes an XML
document a JSON object by the conventions of
[xmltodict](https://github.com/martinblech/xmltodict), and redaction sees that JSON. `ndjson`
makes each value of a JSON array a line, and leaves its numbers and strings as they are spelled.
The name in the key gets the new ending besides its own: `a.xml.json`, `a.json.ndjson`.
A file of another format, or an array with nothing in it, waits in quarantine.
"""

_SECTIONS: tuple[tuple[str, str, tuple[type[Options], ...]], ...] = (
    ("[agent]", "", (AgentOptions,)),
    ("[routes.NAME]", "", (RouteOptions,)),
    ("[routes.NAME.source]", '`kind = "folder"`', (FolderOptions,)),
    (
        "[routes.NAME.source]",
        '`kind = "listener"`; see [listener.md](../listener.md)',
        (ListenerOptions,),
    ),
    ("[routes.NAME.seal]", "", (SealOptions,)),
    (
        "[routes.NAME.destination]",
        '`kind = "s3"`; for several destinations write `[[routes.NAME.destination]]`',
        (S3Options, LimitOptions),
    ),
    (
        "[routes.NAME.destination]",
        '`kind = "presigned"`, for devices without credentials; see [desktop.md](../desktop.md)',
        (PresignedOptions, LimitOptions),
    ),
    ("[routes.NAME.destination]", '`kind = "directory"`', (DirectoryOptions, LimitOptions)),
    ("[datasets.NAME]", "see [datasets.md](../datasets.md)", (DatasetOptions,)),
    (
        "[datasets.NAME.destination]",
        'the settings of `kind = "s3"` above, without its limits; `[[...]]` for several',
        (),
    ),
    ("[datasets.NAME.mongo]", "", (MongoOptions,)),
)

_CLI = """\
# Command line

This page is made from the code by `python -m tests.reference`; a test compares them.

Standard output is for data, standard error for people.
The line that tells of a delivery goes to standard output; with `--json`, events go there, one JSON
object a line, and lines for people to standard error.
Colours and progress bars are shown on a terminal only.
SEALIFT_DEBUG=1 shows the traceback of an unexpected error.
"""

_EXIT_CODES = """\
# Exit codes

This page is made from the code by `python -m tests.reference`; a test compares them.

| code | means |
|---|---|
| 0 | Everything is delivered. |
| 1 | Something unexpected, or the ledger or its directory cannot be used. |
| 2 | Wrong command line or configuration, or another agent is running. Nothing was started. |
| 3 | Finished, but something waits or is in quarantine. Nothing is lost. |
| 4 | A route is paused: credentials, bucket, clock, folder. Nothing is lost. |
| 130 | Interrupted: a second signal, or Ctrl-C in `sealift put`. |

`sealift status` ends with 0, 3 or 4 for what the ledger says; `sealift check` with the code of what
must be mended first, in the order 2, 1, 4, 3.

Each class of error has one code, and a name that `--json`, logs and metrics use.

| error | name | exit code | means |
|---|---|---|---|
"""


_FLAT = """
## The flat `config.toml` of the desktop uploader

A file with `api_url` or `watch_dir`, and without routes, is read as one route `conversations`.
`api_url`, `device_id` and `watch_dir` are needed; what they do is told in
[desktop.md](../desktop.md). The environment names settings by where they stand.

| key | stands for |
|---|---|
"""


def pages() -> dict[str, str]:
    """Make every page."""
    return {"config.md": _config(), "cli.md": _cli(), "exit-codes.md": _exit_codes()}


def help_of(command: tuple[str, ...]) -> str:
    """Give what `sealift COMMAND --help` says, 80 columns wide."""
    output = io.StringIO()
    console = Console(file=output, width=80, force_terminal=False, color_system=None)
    with redirect_stdout(output):
        app = build_app(summaries=not command)
        words = [*command, "--help"]
        app(words, console=console, exit_on_error=False, result_action="return_value")
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()).strip()


def _config() -> str:
    parts = [_CONFIG]
    for section, about, kinds in _SECTIONS:
        parts.append(f"\n## `{section}`\n")
        if about:
            parts.append(f"\n{about}\n")
        if kinds:
            parts.append("\n| key | type | default | |\n|---|---|---|---|\n")
        parts += [row for kind in kinds for row in _rows(kind)]
    parts.append(_FLAT)
    parts += [f"| `{name}` | `{'.'.join(where)}` |\n" for name, where in HOMES.items()]
    return "".join(parts)


def _rows(kind: type[Options]) -> Iterator[str]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        type_ = "secret" if field.name in SECRETS else _type(hints[field.name])
        yield f"| `{field.name}` | {type_} | {_default(field)} | {field.metadata['help']} |\n"


def _type(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ", ".join(member.value for member in hint)
    if get_origin(hint) is tuple:
        return "list of texts"
    if choices := [str(choice) for choice in get_args(hint) if isinstance(choice, str)]:
        return ", ".join(choice for choice in choices if choice)
    plain = {"str": "text", "int": "whole number", "float": "number", "bool": "true, false"}
    name = getattr(hint, "__name__", "")
    return plain.get(name, "table of texts" if "Mapping" in str(hint) else "path")


def _default(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return "`{}`"
    if field.default is MISSING:
        return "needed"
    if field.default is None:
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if isinstance(field.default, tuple):
        return "`[]`"
    if isinstance(field.default, int | float):
        return f"`{field.default}`"
    return f'`"{field.default}"`'


def _cli() -> str:
    parts = [_CLI]
    for command in COMMANDS:
        name = " ".join(("sealift", *command))
        parts.append(f"\n## `{name}`\n\n```text\n{help_of(command)}\n```\n")
    return "".join(parts)


def _exit_codes() -> str:
    rows = []
    for kind in _tree(errors.SealiftError):
        about = (kind.__doc__ or "").strip().partition("\n")[0]
        rows.append(f"| `{kind.__name__}` | `{kind.code}` | {kind.exit_code} | {about} |\n")
    return _EXIT_CODES + "".join(rows)


def _tree(kind: type[errors.SealiftError]) -> Iterator[type[errors.SealiftError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
