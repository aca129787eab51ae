"""The entry point: the verbs, and how every error ends as a sentence and an exit code."""

import os
import sys
from io import TextIOWrapper
from typing import Final

from cyclopts import App, CycloptsError

from sealift.cli.exit_codes import INTERRUPTED, UNEXPECTED, USAGE
from sealift.errors import SealiftError

VERBS: Final = {
    "run": "Deliver what the routes' folders hold, until stopped.",
    "put": "Deliver some files once, to S3 or a folder; they stay in place.",
    "check": "Examine the configuration, the folders, the disk, the credentials and the stores.",
    "scan": "Let the running agent look for new files now, instead of at its next scan.",
    "status": "Show how much waits, for how long, and what is paused.",
    "history": "Show what became of a file, or of the newest files.",
    "retry": "Try at once what waits for a later time.",
    "quarantine": "See and decide what waits for a person.",
    "redact": "Show what sealing would remove from a file, or write the sealed file.",
    "listen": "Take XML events over TCP, and deliver them to S3 as files.",
    "health": "Ask a running agent, listener or presigner whether it is well.",
    "snowflake": "Print the SQL by which Snowflake loads what a route delivers.",
    "tracardi": "Upload segments to S3 for Tracardi, as a service beside it.",
    "segments": "Add customer segments to one JSON file a day in S3.",
    "presigner": "Sign upload URLs for devices that hold no AWS credentials.",
    "dataset": "Publish checked documents in S3, and keep MongoDB the same.",
    "demo": "Deliver sample files to a server on this machine, and show what arrived.",
}
"""What each verb does; the first sentence of its own help."""

_EPILOGUE: Final = """\
Examples:
  sealift demo
  sealift run --once sealift.toml

Exit codes: 0 all delivered; 1 unexpected; 2 usage or configuration; 3 something
waits or is in quarantine; 4 a route is paused; 130 interrupted."""


def build_app(*, summaries: bool = False) -> App:
    """Make the command line's tree; a verb's module is imported when the verb is used.

    Args:
        summaries: For the list of verbs: take what each one does from here, and
            import none.
    """
    app = App(
        name="sealift",
        help="Deliver files to S3: sealed, lifted, exactly one key each, nothing lost.",
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=_version,
    )
    for verb, summary in VERBS.items():
        more = {"help": summary} if summaries else {}
        app.command(f"sealift.cli.{verb}:app", name=verb, **more)
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that knows no emoji shows escapes instead of losing the line.
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main_inner(arguments)
    except SealiftError as error:
        _say(error.message, error.hint)
        code = error.exit_code
    except CycloptsError:
        code = USAGE  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = UNEXPECTED
    except Exception as error:  # a person gets a sentence, whatever happens
        if os.environ.get("SEALIFT_DEBUG") == "1":
            raise
        _say(
            f"Unexpected {type(error).__name__}: {error}.",
            "Nothing was lost; report this with the output of SEALIFT_DEBUG=1.",
        )
        code = UNEXPECTED
    _end(code)


def main_inner(arguments: list[str] | None = None) -> int:
    """Run the command line; give its exit code, or raise."""
    arguments = sys.argv[1:] if arguments is None else arguments
    app = build_app(summaries=next(iter(arguments), "") not in VERBS)
    code = app(arguments, exit_on_error=False, result_action="return_value")
    return int(code or 0)


def _say(message: str, hint: str) -> None:
    print(f"sealift: {message}", file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)


def _end(code: int) -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away; Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415  wanted for --version only

    return version("sealift")
