"""Put ids: UUIDs that sort by the time they were made."""

from collections.abc import Callable
from typing import Final

_MILLISECONDS: Final = (1 << 48) - 1
_RANDOM: Final = (1 << 74) - 1
_LOW: Final = (1 << 62) - 1


def new_id(now: float, random: Callable[[int], bytes]) -> str:
    """Make a UUIDv7: 48 bits of time in milliseconds, 74 bits of chance.

    A clock before 1970 counts as 1970; the id is no less unique for it.

    Args:
        now: Seconds since 1970, such as `time.time()`.

        random: Gives so many random bytes, such as `os.urandom`.

    Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
    """
    time = max(0, int(now * 1000)) & _MILLISECONDS
    chance = int.from_bytes(random(10)) & _RANDOM
    high, low = chance >> 62, chance & _LOW
    text = f"{time << 80 | 7 << 76 | high << 64 | 2 << 62 | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
