"""What is kept of something that came and is no event: reason, sender, time, and what came."""

import base64
import html
from datetime import UTC, datetime

import orjson

from sealift.sources.listener.framing import Bad


def reject(bad: Bad, peer: str, now: float, *, redacts: bool) -> bytes:
    r"""Give a reject as a JSON object.

    What came is its `text`; or `base64`, if it is no UTF-8. Where the route redacts, it
    is always text, with entities resolved and other bytes as `\xNN`: rules find
    nothing in base64, nor behind entities.

    Args:
        bad: What came, and why it was refused.
        peer: The sender's address.
        now: Seconds since 1970.
        redacts: Whether the route redacts.
    """
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    found = {
        "time": moment.replace("+00:00", "Z"),
        "peer": peer,
        "reason": bad.reason,
        "bytes": len(bad.raw),
    }
    if redacts:
        found["text"] = html.unescape(bad.raw.decode("utf-8", "backslashreplace"))
    else:
        try:
            found["text"] = bad.raw.decode()
        except UnicodeDecodeError:
            found["base64"] = base64.b64encode(bad.raw).decode()
    return orjson.dumps(found)
