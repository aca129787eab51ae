"""`sealift health`: a probe for containers and supervisors."""

import sys
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.exit_codes import UNEXPECTED

app = App(
    name="health",
    help_epilogue="""\
Examples:
  sealift health http://127.0.0.1:9464/healthz
  SEALIFT_HEALTH_URL=http://127.0.0.1:8787/healthz sealift health""",
)


@app.default
def health(
    url: Annotated[str, Parameter(env_var="SEALIFT_HEALTH_URL")], *, seconds: float = 3.0
) -> int:
    """
    Ask a running agent, listener or presigner whether it is well.

    It exits with 0 if it is, with 1 if it is not or does not answer. An agent whose
    route is paused is well: nothing is lost, and starting it again would not help.

    Parameters
    ----------
    url
        /healthz on the metrics port of an agent or on the port of a presigner;
        /health on the HTTP port of a listener.
    seconds
        How long to wait for the answer.
    """
    answer = sealift.health(url, seconds=seconds)
    print(answer.text, file=sys.stdout if answer.well else sys.stderr)
    return 0 if answer.well else UNEXPECTED
