"""`sealift listen`: take events over the network and deliver them, set up by the environment."""

import os
import sys
import threading
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import Flag
from sealift.cli.process import at_work, end_now, prepare
from sealift.errors import SealiftError

app = App(
    name="listen",
    help_epilogue="""\
Examples:
  BUCKET_NAME=my-bucket sealift listen
  BUCKET_NAME=my-bucket OUTPUT_FORMAT=json sealift listen --http-port 8081""",
)


@app.default
def listen(
    *,
    host: str | None = None,
    port: int | None = None,
    http_port: int = -1,
    acknowledge: Flag = False,
    flush_on_stop: Flag = False,
    rejects_prefix: str = "",
    state_dir: Annotated[Path, Parameter(env_var="SEALIFT_STATE_DIR")] = Path(".sealift"),
    metrics_port: Annotated[int, Parameter(env_var="SEALIFT_AGENT__METRICS_PORT")] = 0,
    metrics_host: Annotated[str, Parameter(env_var="SEALIFT_AGENT__METRICS_HOST")] = "127.0.0.1",
    json: Flag = False,
) -> int:
    """
    Take XML events over TCP, and deliver them to S3 as files.

    Set up by the environment: BUCKET_NAME is required; PREFIX, PORT, BIND_HOST,
    ROTATION_INTERVAL, MAX_FILE_SIZE, OUTPUT_FORMAT and others are told in the
    documentation. An event is on disk before it is acknowledged. SIGTERM stops
    accepting; what is gathered waits on disk for the next start.

    Parameters
    ----------
    host
        Listen on this address instead of BIND_HOST.
    port
        Listen on this port instead of PORT; 0 for any free one.
    http_port
        Also take POST /events on this port; the token is SEALIFT_HTTP_TOKEN.
    acknowledge
        Answer `OK n` on a stream once n events are on disk.
    flush_on_stop
        At the end, close and deliver what is gathered.
    rejects_prefix
        Deliver what is no event under this prefix; else it stays in the state directory.
    state_dir
        Folder of the spool, the ledger and the lock.
    metrics_port
        Serve /metrics for Prometheus and /healthz for probes on this port; 0 for none.
    metrics_host
        The address of that port.
    json
        Write events as JSON lines to standard output, lines for people to standard error.
    """
    settings = sealift.aggregator_config(
        os.environ,
        sealift.Wishes(
            state_dir=state_dir,
            host=host,
            port=port,
            http_port=http_port,
            http_token=os.environ.get("SEALIFT_HTTP_TOKEN", ""),
            acknowledge=acknowledge,
            flush_on_stop=flush_on_stop,
            rejects_prefix=rejects_prefix,
            metrics_host=metrics_host,
            metrics_port=metrics_port,
        ),
    )
    prepare(settings)
    with sealift.showing(settings.agent, json=json) as show:
        outcome = _listen(settings, show, once=False)
        if flush_on_stop:
            outcome = _listen(settings, show, once=True)
    return outcome.exit_code


def _listen(settings: sealift.Config, show: sealift.Show, *, once: bool) -> sealift.Outcome:
    """Run the listener, or with *once* deliver only what it has closed."""
    routes = sealift.build_routes(settings, notify=show.notify, took=show.took)
    surroundings = sealift.Surroundings(notify=show.notify)
    with (
        sealift.Agent(routes, settings.agent.state_dir, surroundings) as agent,
        at_work(agent, show) as orders,
    ):
        if not once:
            # Beside it: a store that does not answer must not keep events out.
            threading.Thread(target=_look_at_bucket, args=(routes,), daemon=True).start()
        outcome = agent.run(once=once)
    if orders.stop:
        end_now()
    return outcome


def _look_at_bucket(routes: list[sealift.Route]) -> None:
    """Tell at once if the bucket cannot be used; its route pauses by itself."""
    for route in routes:
        for destination in route.destinations:
            try:
                destination.head(f"{destination.prefix}sealift-looks-whether-it-may")
            except SealiftError as error:
                print(f"sealift: {error.message}\n  {error.hint}".rstrip(), file=sys.stderr)
