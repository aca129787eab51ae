"""Serves this process's metrics and health over HTTP, for Prometheus and for probes."""

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

from sealift.errors import ConfigError
from sealift.observe.prometheus import Metrics
from sealift.observe.vitals import Health

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CLIENT_SECONDS = 10.0
"""A client that says nothing for so long is left."""


@contextmanager
def serving(metrics: Metrics, health: Health, host: str, port: int) -> Iterator[int]:
    """Serve `/metrics` and `/healthz` until the block ends; give the port.

    Raises:
        ConfigError: The port cannot be had.
    """
    try:
        server = _Server(host, port, _pages(metrics, health))
    except OSError as error:
        raise ConfigError(
            f"The metrics cannot be served on {host}:{port}: {error.strerror}.",
            hint="Set [agent] metrics_port to a free port, or to 0 for none.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="sealift-metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _pages(metrics: Metrics, health: Health) -> "WSGIApplication":
    numbers = make_wsgi_app(metrics.registry)

    def page(environ: "WSGIEnvironment", respond: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/healthz":
            shown: Iterable[bytes] = numbers(environ, respond)
            return shown
        well, body = health.answer()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        respond("200 OK" if well else "503 Service Unavailable", headers)
        return [body]

    return page


class _Request(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as in the base class
        """Write nothing to standard error."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, pages: "WSGIApplication") -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Request)
        self.set_app(pages)

    def server_bind(self) -> None:
        # The base class asks the network for the host's name, which may take seconds.
        TCPServer.server_bind(self)
        self.server_port = self.socket.getsockname()[1]
        self.server_name = "localhost"
        self.setup_environ()
