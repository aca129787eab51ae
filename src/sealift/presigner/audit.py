"""One line for each URL that leaves, and for each request that is refused at the door."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

Write = Callable[[bytes], object]
"""Takes lines, each with its end, and has them written when it returns."""

_LINE: Final = orjson.OPT_APPEND_NEWLINE


@dataclass(slots=True)
class Audit:
    """Gathers the lines of one request and writes them before its answer leaves.

    No line holds a URL, a signature, a token or a secret.
    """

    write: Write
    source: str
    """Address that the request came from."""

    time: str
    """Of the request, as RFC 3339 writes it."""

    device: str = ""
    """Whose request it is; for one that is refused, perhaps only whose it claims to be."""

    def signed(self, *, key: str, sha256: str, length: int, expires_at: str) -> bytes:
        """Make the line of one URL."""
        return orjson.dumps(
            {
                "event": "presigner.signed",
                "time": self.time,
                "device": self.device,
                "key": key,
                "sha256": sha256 or None,
                "length": length if length >= 0 else None,
                "expires_at": expires_at,
                "source": self.source,
            },
            option=_LINE,
        )

    def refused(self, *, code: str, reason: str) -> None:
        """Write that a request was refused.

        Args:
            code: The problem's code.
            reason: Why, in more detail than the answer says.
        """
        self.write(
            orjson.dumps(
                {
                    "event": "presigner.refused",
                    "time": self.time,
                    "device": self.device,
                    "code": code,
                    "reason": reason,
                    "source": self.source,
                },
                option=_LINE,
            )
        )
