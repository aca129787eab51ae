"""`sealift tracardi`: the segments uploader as a service that Tracardi calls."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

from cyclopts import App, Parameter

from sealift.errors import ConfigError

app = App(
    name="tracardi",
    help="Upload segments to S3 for Tracardi, as a service beside it.",
    help_epilogue="""\
Examples:
  sealift tracardi serve --token-file /run/secrets/token
  sealift tracardi serve --gui-origin https://cdp.example.com""",
)


@app.command(
    help_epilogue="""\
Examples:
  sealift tracardi serve --token-file /run/secrets/token
  SEALIFT_TRACARDI_TOKEN=... sealift tracardi serve --host 0.0.0.0""",
)
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 20000,
    token_file: Annotated[Path | None, Parameter(show_default=False)] = None,
    gui_origin: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
    region: Annotated[str, Parameter(show_default=False)] = "",
    endpoint_url: Annotated[str, Parameter(show_default=False)] = "",
    state_dir: Annotated[
        Path | None,
        Parameter(env_var="SEALIFT_TRACARDI_STATE_DIR", show_default=False),
    ] = None,
) -> int:
    """
    Answer Tracardi over HTTP until stopped.

    The token that Tracardi must send comes from --token-file, or from the
    environment variable SEALIFT_TRACARDI_TOKEN. Terminate TLS in front of it.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port; 0 for any that is free.
    token_file
        File whose one line is the token.
    gui_origin
        Where Tracardi's pages come from, as https://HOST; may be given several times.
    region
        Region of the buckets that are reached with the service's own credentials.
    endpoint_url
        URL of the S3 look-alike that takes the service's own credentials.
    state_dir
        Where events wait until they are in S3; keep it across restarts.
    """
    web = _web()
    web.serve(
        web.RemoteOptions(
            host=host,
            port=port,
            token_file=token_file,
            gui_origins=gui_origin,
            own=web.OwnAccess(endpoint_url=endpoint_url, region=region),
            state_dir=state_dir,
        ),
        environ=os.environ,
        started=lambda url: print(f"Tracardi service ready at {url}", file=sys.stderr, flush=True),
    )
    return 0


def _web() -> ModuleType:
    try:
        from sealift.integrations import tracardi_remote_serving  # noqa: PLC0415 - behind an extra
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"The service needs {error.name}, which is not installed.",
            hint="Install it with: pip install 'sealift[tracardi]'",
        ) from None
    return tracardi_remote_serving
