"""The socket on which a web service of the command line listens."""

import socket

from sealift.errors import ConfigError


def open_socket(host: str, port: int, *, service: str) -> socket.socket:
    """Listen on an address.

    Args:
        host: Address; one with a colon is of IPv6.
        port: Port; 0 for any that is free.
        service: What a message calls it, such as `The presigner`.

    Raises:
        ConfigError: The port cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"{service} cannot listen on {host}:{port}: {error.strerror}.",
            hint="Choose another --host or --port; 0 takes any port that is free.",
        ) from None


def url_of(listener: socket.socket) -> str:
    """Give the URL of what listens on a socket, without a path."""
    name, port = listener.getsockname()[:2]
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
