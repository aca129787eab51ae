"""The entry point: the verbs, and how every error ends as a sentence and an exit code."""

import os
import sys
from typing import Final

from cyclopts import App, CycloptsError

from sealift.errors import SealiftError

INTERRUPTED: Final = 130

VERBS: Final = ("run", "put", "check", "status", "history", "retry", "quarantine", "demo")

_EPILOGUE: Final = (
    "Exit codes: 0 all delivered, 2 usage or configuration, 3 something waits, 4 paused."
)


def build_app(*, whole: bool = True) -> App:
    """Make the command line's tree.

    Args:
        whole: Import every verb's module, as the list of verbs needs; else each
            one is imported when it is used.
    """
    app = App(
        name="sealift",
        help="Deliver files to S3: sealed, lifted, exactly one key each, nothing lost.",
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=_version,
    )
    for verb in VERBS:
        app.command(f"sealift.cli.{verb}:app", name=verb)
        if whole:
            _ = app[verb]
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    try:
        code = main_inner(arguments)
    except SealiftError as error:
        _say(error.message, error.hint)
        code = error.exit_code
    except CycloptsError:
        code = 2  # cyclopts has said what is wrong
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        code = 1
    except Exception as error:  # a person gets a sentence, whatever happens
        if os.environ.get("SEALIFT_DEBUG") == "1":
            raise
        _say(
            f"Unexpected {type(error).__name__}: {error}.",
            "Nothing was lost; report this with the output of SEALIFT_DEBUG=1.",
        )
        code = 1
    _end(code)


def main_inner(arguments: list[str] | None = None) -> int:
    """Run the command line; give its exit code, or raise."""
    arguments = sys.argv[1:] if arguments is None else arguments
    app = build_app(whole=not VERBS.count(next(iter(arguments), "")))
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
