"""The listening sockets, and what is made of each connection."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from sealift.errors import ConfigError
from sealift.events import Observer
from sealift.sources.listener.bodies import Bodies
from sealift.sources.listener.framing import Framing
from sealift.sources.listener.framing_length import LengthFraming
from sealift.sources.listener.framing_lines import LineFraming
from sealift.sources.listener.framing_xml import XmlFraming
from sealift.sources.listener.happenings import Listening, SenderRefused
from sealift.sources.listener.intake import Intake
from sealift.sources.listener.limits import Admission
from sealift.sources.listener.loop import Accept, Loop, Served
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.tcp import EventStream

_BACKLOG = 128


class Server:
    """Accepts connections until it is closed.

    Args:
        route: The route's name.
        options: Where it listens, and what it takes.
        intake: Where events and rejects go.
        notify: Who is told.
        monotonic: Seconds that never go back.

    Raises:
        ConfigError: An address or a certificate cannot be had. Nothing listens.
    """

    def __init__(
        self,
        route: str,
        options: ListenerOptions,
        intake: Intake,
        *,
        notify: Observer,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._route = route
        self._options = options
        self._limits = options.limits()
        self._intake = intake
        self._notify = notify
        self._monotonic = monotonic
        self._admission = Admission(self._limits, monotonic)
        self._tls = _tls(options)
        self._loop = Loop(monotonic, self._tick)
        self.ports: dict[str, int] = {}
        """The port of each protocol."""

        try:
            if options.port >= 0:
                self._listen("tcp", options.port)
            if options.http_port >= 0:
                self._listen("http", options.http_port)
        except BaseException:
            self._loop.stop()
            raise

    def start(self) -> None:
        """Begin to accept."""
        self._loop.start()
        for protocol, port in self.ports.items():
            self._notify(
                Listening(route=self._route, protocol=protocol, host=self._options.host, port=port)
            )

    def stop_accepting(self) -> None:
        """Accept no more connections; those that are open go on. From any thread."""
        self._loop.stop_accepting()

    def close(self) -> None:
        """Close all connections; what came whole has been handed over."""
        self._loop.stop()

    def _listen(self, protocol: str, port: int) -> None:
        host = self._options.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"The listener cannot listen on {host} port {port}: {error.strerror}.",
                hint="Choose another host or port, or end what uses it.",
            ) from error
        self.ports[protocol] = listener.getsockname()[1]
        self._loop.listen(listener, self._stream if protocol == "tcp" else self._http())

    def _stream(self, sock: socket.socket, peer: str) -> Served | None:
        admitted = self._admitted(sock, peer)
        if admitted is None:
            return None
        return EventStream(
            admitted,
            peer,
            self._loop,
            framing=self._framing(),
            intake=self._intake,
            admission=self._admission,
            limits=self._limits,
            acknowledge=self._options.acknowledge,
            monotonic=self._monotonic,
            left=lambda: self._admission.leave(peer),
        )

    def _http(self) -> Accept:
        """Give what makes HTTP connections; the library for it is imported only now."""
        try:
            from sealift.sources.listener.http import HttpConnection  # noqa: PLC0415
        except ImportError:
            raise ConfigError(
                "http_port is set, but the library for HTTP is not installed.",
                hint="Run: pip install 'sealift[listener]', or set http_port = -1.",
            ) from None
        options, limits = self._options, self._limits
        bodies = Bodies(
            element=options.element,
            root=options.root,
            max_event_bytes=limits.max_event_bytes,
            max_depth=limits.max_depth,
        )

        def accept(sock: socket.socket, peer: str) -> Served | None:
            admitted = self._admitted(sock, peer)
            if admitted is None:
                return None
            return HttpConnection(
                admitted,
                peer,
                self._loop,
                bodies=bodies,
                intake=self._intake,
                admission=self._admission,
                limits=limits,
                max_request_bytes=options.max_request_bytes,
                token=options.http_token,
                monotonic=self._monotonic,
                left=lambda: self._admission.leave(peer),
            )

        return accept

    def _admitted(self, sock: socket.socket, peer: str) -> socket.socket | None:
        """Count a connection, and wrap it in TLS if that is wanted; None if it was refused."""
        reason = self._admission.enter(peer)
        if reason:
            sock.close()
            self._notify(SenderRefused(route=self._route, peer=peer, reason=reason))
            return None
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._tls is None:
            return sock
        return self._tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def _framing(self) -> Framing:
        options, limits = self._options, self._limits
        most = {"max_bytes": limits.max_event_bytes, "max_depth": limits.max_depth}
        match options.framing:
            case "xml":
                return XmlFraming(element=options.element, root=options.root, **most)
            case "length":
                return LengthFraming(element=options.element, root=options.root, **most)
            case "lines":
                return LineFraming(**most)

    def _tick(self) -> None:
        if self._intake.look():
            self._loop.refresh()


def _tls(options: ListenerOptions) -> ssl.SSLContext | None:
    if options.tls_certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(options.tls_certificate, options.tls_key)
        if options.tls_client_ca is not None:
            context.load_verify_locations(options.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The listener's certificate, key or authorities cannot be used: {error.strerror}."
            if isinstance(error, OSError)
            else "The listener's certificate, key or authorities cannot be used.",
            hint="Give files in PEM that this user may read.",
        ) from None
    return context
