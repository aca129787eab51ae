"""Date formats of key templates: the part of strftime that no locale and no platform changes."""

import re
from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Final

from sealift.errors import ConfigError

_DIRECTIVE: Final = re.compile(r"%(.?)", re.DOTALL)

_PLAIN: Final = {
    "Y": ("%04d", "year"),
    "m": ("%02d", "month"),
    "d": ("%02d", "day"),
    "H": ("%02d", "hour"),
    "M": ("%02d", "minute"),
    "S": ("%02d", "second"),
    "f": ("%06d", "microsecond"),
}

_REWRITTEN: Final = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M"}

_DERIVED: Final[dict[str, tuple[str, Callable[[datetime], int]]]] = {
    "y": ("%02d", lambda time: time.year % 100),
    "j": ("%03d", lambda time: time.timetuple().tm_yday),
    "G": ("%04d", lambda time: time.isocalendar().year),
    "V": ("%02d", lambda time: time.isocalendar().week),
    "u": ("%d", lambda time: time.isocalendar().weekday),
    "s": ("%d", lambda time: int(time.timestamp())),
}


def compile_date(text: str) -> Callable[[datetime], str]:
    """Make the function that writes a UTC time as *text* says.

    Raises:
        ConfigError: A directive is unknown or depends on the locale or the platform,
            or there is none at all.
    """
    for short, long in _REWRITTEN.items():
        text = re.sub(rf"(?<!%)((?:%%)*)%{short}", rf"\1{long}", text)
    attributes: list[str] = []
    getters: list[Callable[[datetime], int]] = []

    def rewrite(match: re.Match[str]) -> str:
        directive = match[1]
        if directive == "%":
            return "%%"
        if directive in _PLAIN:
            pattern, attribute = _PLAIN[directive]
            attributes.append(attribute)
            getters.append(attrgetter(attribute))
            return pattern
        if directive in _DERIVED:
            pattern, getter = _DERIVED[directive]
            getters.append(getter)
            return pattern
        known = " ".join(f"%{known}" for known in sorted({*_PLAIN, *_DERIVED, *_REWRITTEN}))
        raise ConfigError(
            f"The key template's date format has the directive '%{directive}'.",
            hint=f"Use {known}; times are UTC, so write a plain Z.",
        )

    pattern = _DIRECTIVE.sub(rewrite, text)
    if not getters:
        raise ConfigError(
            f"The key template's date format '{text}' has no directive.", hint="Use %Y/%m/%d."
        )
    if 1 < len(attributes) == len(getters):  # the usual case, twice as fast
        together = attrgetter(*attributes)
        return lambda time: pattern % together(time)
    return lambda time: pattern % tuple([getter(time) for getter in getters])
