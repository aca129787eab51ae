"""`sealift presigner`: the service that signs URLs for devices without credentials."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated, Literal

from cyclopts import App, Parameter

from sealift.errors import ConfigError, UsageError

app = App(
    name="presigner",
    help="Sign upload URLs for devices that hold no AWS credentials.",
    help_epilogue="""\
Examples:
  sealift presigner serve presigner.toml
  sealift presigner token dev001""",
)

Settings = Annotated[Path | None, Parameter(env_var="SEALIFT_PRESIGNER_CONFIG")]


@app.command(
    help_epilogue="""\
Examples:
  sealift presigner serve presigner.toml --host 0.0.0.0
  SEALIFT_PRESIGNER__BUCKET=inbox sealift presigner serve""",
)
def serve(
    config: Settings = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8787,
    audit: Annotated[Path | None, Parameter(show_default=False)] = None,
    forwarded_by: Annotated[str, Parameter(show_default=False)] = "",
) -> int:
    """
    Answer devices over HTTP until stopped.

    Audit lines go to standard output. Terminate TLS in front of it.

    Parameters
    ----------
    config
        TOML file with a section [presigner]; SEALIFT_PRESIGNER__BUCKET and so on go
        over it.
    host
        Address to listen on.
    port
        Port; 0 for any that is free.
    audit
        Append the audit's lines to this file instead.
    forwarded_by
        Proxies whose X-Forwarded-For is believed, with commas between.
    """
    from sealift.presigner.options import load_options  # noqa: PLC0415 - help needs none of it

    options = load_options(config)
    _web().serve(
        options,
        host=host,
        port=port,
        audit_file=audit,
        forwarded_by=forwarded_by,
        started=_started,
    )
    return 0


def _started(url: str) -> None:
    from sealift.observe.systemd import Systemd  # noqa: PLC0415

    print(f"Presigner ready at {url}", file=sys.stderr, flush=True)
    systemd = Systemd.from_environment(os.environ, os.getpid())
    if systemd is not None:
        systemd.tell("READY=1")


def _web() -> ModuleType:
    try:
        from sealift.presigner import app as web  # noqa: PLC0415 - behind an extra
    except ImportError:
        raise ConfigError(
            "The presigner needs Starlette and uvicorn, which are not installed.",
            hint="Install them with: pip install 'sealift[presigner]'",
        ) from None
    return web


@app.command(
    help_epilogue="""\
Examples:
  sealift presigner token dev001 --config presigner.toml
  sealift presigner token dev001 --kind bearer""",
)
def token(
    device: str,
    *,
    config: Annotated[Path | None, Parameter(env_var="SEALIFT_PRESIGNER_CONFIG")] = None,
    kind: Literal["hmac", "bearer"] = "hmac",
    generation: int = 1,
) -> int:
    """
    Issue a device's credential: written to standard output, and kept nowhere.

    Parameters
    ----------
    device
        Its name: letters, digits, dots, hyphens and underscores.
    config
        The presigner's configuration, for its master key.
    kind
        hmac derives the device's secret; bearer makes a new token, and says on
        standard error the line for the list of hashes.
    generation
        2 for the device's second secret, and so on, after the first was revoked.
    """
    from sealift.presigner import issuing  # noqa: PLC0415

    if kind == "bearer":
        made = issuing.bearer_token(device, os.urandom)
        print(f"Add this line to tokens_file: {made.line}", file=sys.stderr)
        print(made.token)
        return 0
    if generation < 1:
        raise UsageError("There is no such generation.", hint="Use 1 or more.")
    print(issuing.device_credential(device, config, generation))
    return 0


@app.command(
    help_epilogue="""\
Examples:
  sealift presigner template > template.yaml
  sealift presigner template --requirements > requirements.txt""",
)
def template(
    *, requirements: Annotated[bool, Parameter(negative="", show_default=False)] = False
) -> int:
    """
    Write the AWS SAM template: function, API, role, bucket and its policy.

    Parameters
    ----------
    requirements
        Write what the function needs installed instead.
    """
    from sealift.presigner import issuing  # noqa: PLC0415

    sys.stdout.write(issuing.requirements() if requirements else issuing.sam_template())
    return 0
