"""Bearer tokens: long random texts, of which the service keeps only hashes."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

from sealift.errors import ConfigError
from sealift.presigner.auth import RefusedError, credentials_of
from sealift.presigner.exchange import Request

SCHEME: Final = "Bearer"
_NOBODY: Final = ("0" * 64,)
_DIGITS: Final = frozenset("0123456789abcdef")


def new_token(device: str, random: Callable[[int], bytes]) -> str:
    """Make a token for *device*: its name, a colon, and 256 bits of chance."""
    return f"{device}:{urlsafe_b64encode(random(32)).rstrip(b'=').decode()}"


def token_hash(token: str) -> str:
    """Hash a token for the list. It holds 256 bits of chance, so a plain hash does."""
    return sha256(token.encode()).hexdigest()


def read_hashes(lines: Iterable[str], name: str) -> dict[str, tuple[str, ...]]:
    """Read the list of tokens: `DEVICE HASH` on each line, `#` before remarks.

    A device may have several, so that a new one can be handed out before the old one
    is taken off the list.

    Args:
        lines: The list.
        name: Its name, for complaints.

    Raises:
        ConfigError: A line is not of that form.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or len(words[1]) != 64 or not _DIGITS.issuperset(words[1]):
            raise ConfigError(
                f"{name}, line {number} is not a device and the hash of its token.",
                hint="Write what `sealift presigner token DEVICE` says.",
            )
        found[words[0]] = (*found.get(words[0], ()), words[1])
    return found


class TokenAuth:
    """Checks bearer tokens against their hashes.

    Args:
        hashes: The hashes of each device's tokens. To revoke one, leave it out.
    """

    scheme = SCHEME
    may_block = False

    def __init__(self, hashes: Mapping[str, tuple[str, ...]]) -> None:
        self._hashes = dict(hashes)

    def device(self, request: Request, now: float) -> str:  # noqa: ARG002 - the contract's
        """Tell whose token *request* bears.

        Raises:
            RefusedError: It bears none that counts.
        """
        token = credentials_of(request, SCHEME)
        if len(token) > 200 or not token.isascii():
            raise RefusedError("malformed credentials")
        device = token.partition(":")[0]
        made = token_hash(token)
        genuine = False
        for known in self._hashes.get(device, _NOBODY):
            genuine |= hmac.compare_digest(made, known)
        if not genuine:
            # What is no device's name may be part of somebody's secret: not for the audit.
            raise RefusedError("unknown token", device if device in self._hashes else "")
        return device
