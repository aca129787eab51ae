"""How a device signs its requests to the presigner; both ends use it. Pure."""

import hmac
from hashlib import sha256
from typing import Final
from urllib.parse import quote

SCHEME: Final = "Sealift-HMAC-SHA256"

WINDOW_SECONDS: Final = 300
"""How far the time in a request may be from the service's, either way."""

ROOT: Final = "/ingest/"
"""Where the service begins in a path; gateways may put a stage or a prefix before it."""


def place_of(path: str) -> str:
    """Give what counts of a request's path: from `ROOT` on; all of it if that is not in it."""
    start = path.rfind(ROOT)
    return path[start:] if start > 0 else path


def canonical_query(parameters: list[tuple[str, str]]) -> str:
    """Write a query in the one form that is signed, however it was sent: sorted, RFC 3986."""
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in parameters
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def sign(
    secret: str, *, device: str, method: str, place: str, body: bytes, now: int, nonce: str
) -> str:
    """Make the Authorization header of a device's request.

    Args:
        secret: The device's, 64 hexadecimal digits.
        device: Its name.
        method: `GET` or `POST`.
        place: As `place_of` gives it, and after a question mark the query as
            `canonical_query` writes it, if there is one.
        body: The body; empty for GET.
        now: Seconds since 1970.
        nonce: 16 to 64 of A-Z, a-z, 0-9, `_` and `-`, new for each request.
    """
    text = text_to_sign(
        device=device, at=str(now), nonce=nonce, method=method, place=place, body=body
    )
    signature = hmac.digest(secret.encode(), text, "sha256").hex()
    return f"{SCHEME} {device}:{now}:{nonce}:{signature}"


def text_to_sign(
    *, device: str, at: str, nonce: str, method: str, place: str, body: bytes
) -> bytes:
    """Write what the signature is of; see `sign`."""
    lines = (SCHEME, device, at, nonce, method, place, sha256(body).hexdigest())
    return "\n".join(lines).encode("utf-8", "surrogatepass")
