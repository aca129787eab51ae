"""Checks of secrets: what may be somebody's password or token, and what only looks like it."""

import re
from typing import Final

from sealift.sealing.redact.checks.formats import count_digits, identifier
from sealift.sealing.redact.checks.word_lists import listed

_PLACEHOLDER: Final = re.compile(
    r"[*•.xX_-]+|<[^>]*>?|\$\{?\w*\}?|%\w+%|\{\{?[^}]*\}?\}?|\[[^\]]*\]?|\(.*"
    r"|(?:os\.|process\.|env\.|getenv|config\.|settings\.|self\.|this\.|request\.)\S*"
    r"|\w+\(\S*|BLOCKED\W*|(?i:your|enter|insert)[_-][A-Za-z_-]+",
)
_PATH: Final = re.compile(r"(?:/[a-z_.-]+)+/?")
_EASTERN: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[._/: -][A-Za-z]+)*")
_CAPITALS_AMID: Final = re.compile(
    r"(?:[A-Za-z]+[_/-])*(?:[A-Za-z]*[a-z][A-Z]{2,}[a-z]|[A-Z]{2,}[a-z]+[A-Z])[A-Za-z]*(?:[_/-][A-Za-z]+)+"
    r"|(?:[A-Za-z]+[_/-])+(?:[A-Za-z]*[a-z][A-Z]{2,}[a-z]|[A-Z]{2,}[a-z]+[A-Z])[A-Za-z]*",
)
_ABOUT_ONE: Final = re.compile(
    r"(?:(?:sha|md|aes|base|rsa|utf|bcrypt|argon|pbkdf|scrypt|oauth|wpa|tls)[_-]?\d{0,4}"
    r"(?:[_-](?:encoded|hash|hashed|encrypted|based|psk|gcm|cbc|\d{1,4}))*"
    r"|\d{1,3}-(?:characters?|chars?|digits?|bits?|bytes?|letters?|words?|days?))",
    re.IGNORECASE,
)
"""What is said of a password: how it is kept, how long it is."""

_ODD: Final = "+=!@#$%^&*~"
_LONG: Final = 64
_SHORTEST_PASSWORD: Final = 6
_MANY: Final = 4
_DASHED_WORDS: Final = re.compile(
    r"(?:[A-Z][a-z]{2,}){2}$|/[a-z]+/|[a-z]{4,}[-_.][a-z]{4,}|\d{4}-\d\d-\d\d"
)
_NUMBERED_WORDS: Final = re.compile(
    r"(?:[A-Za-z]{2,}\d{0,4}|\d{1,8})(?:[-_/=~+](?:[A-Za-z]{2,}\d{0,4}|\d{1,8}))+"
)


def secret(text: str) -> bool:
    """Return whether *text* can be somebody's secret: no placeholder, word or code."""
    value = text.strip("\"'`.,;:!?()").casefold()
    return (
        bool(value)
        and not _PATH.fullmatch(value)
        and not _EASTERN.search(value)
        and value not in listed("not_secrets.txt")
        and not _PLACEHOLDER.fullmatch(text.strip("\"'"))
    )


def token(text: str) -> bool:
    """Return whether *text* looks made by a machine: digits or capitals amid letters, odd signs."""
    value = text.strip("\"'`.,;:!?()*")
    if not secret(value) or value.isdigit() or _ABOUT_ONE.fullmatch(value):
        return False
    if _WORDS.fullmatch(value):
        return len(value) <= _LONG and _CAPITALS_AMID.fullmatch(value) is not None
    return any(one.isdigit() for one in value) or any(one in _ODD for one in value)


def strong(text: str) -> bool:
    """Return whether *text* is a password as rules for passwords want it: digit and odd sign.

    A hyphen counts as one where the words between are none.
    """
    if len(text) < _SHORTEST_PASSWORD or not token(text) or count_digits(text) == 0:
        return False
    return any(one in _ODD for one in text) or (
        ("-" in text or "_" in text)
        and not text.islower()
        and not text.isupper()
        and not _NUMBERED_WORDS.fullmatch(text)
    )


def machine_made(text: str) -> bool:
    """Return whether *text* is a `token` of many digits and letters, none of it a date or path."""
    return (
        token(text)
        and identifier(text)
        and sum(one.isalpha() for one in text) >= _MANY
        and not _DASHED_WORDS.search(text)
        and not _NUMBERED_WORDS.fullmatch(text)
    )


def login(text: str) -> bool:
    """Return whether *text* is a login of a URL, and not the names of two variables."""
    return not all(not part or _PLACEHOLDER.fullmatch(part) for part in text.split(":", 1))
