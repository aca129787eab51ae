"""What stands where something was removed: a word, the rule's label, or a keyed pseudonym."""

import hashlib
import hmac
import re
import unicodedata
from typing import Final

from sealift.errors import ConfigError

LABEL: Final = "label"
HASH: Final = "hash"

_WORD: Final = re.compile(r"[A-Za-z0-9\[\]*_](?:[A-Za-z0-9\[\]*_. ~-]{0,62}[A-Za-z0-9\[\]*_])?")
_ONLY_DIGITS: Final = re.compile(r"[0-9+(][0-9\s().+/-]*")
# No vowels and no digits: a pseudonym is neither a word nor a number to any rule.
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_TOKEN_LETTERS: Final = 14


class Replacement:
    """
    Makes what stands where something was removed; the same for the same, always.

    Args:
        how: `label` for the rule's label in brackets, `hash` for a pseudonym, or the
            very text.

        key: What makes the pseudonyms unguessable; the same key gives the same
            pseudonyms, in every file and on every machine.

    Raises:
        ConfigError: The text could break a document, or the key is missing.
    """

    def __init__(self, how: str, key: bytes = b"") -> None:
        if how == HASH and not key:
            raise ConfigError(
                'replacement = "hash" needs a key.',
                hint='Set redact_key = { env = "NAME" } or { file = "path" }.',
            )
        if not _WORD.fullmatch(how) or "--" in how or "]]" in how:
            raise ConfigError(
                f"replacement = {how[:80]!r} cannot stand in every document.",
                hint='Use "label", "hash", or 1 to 64 of A-Z a-z 0-9 [ ] * _ . - and blanks.',
            )
        self.how: Final = how
        plain = r"\[[A-Z][A-Z0-9_-]*\]" if how == LABEL else re.escape(how)
        token = rf"\[[A-Z][A-Z0-9_-]*~[{_LETTERS}]{{{_TOKEN_LETTERS}}}\]"
        self._own = re.compile(f"(?:{plain}|{token})(?:_[0-9]+)?")
        self._keyed = hmac.new(key, digestmod=hashlib.sha256) if key else None

    @property
    def asks_what(self) -> bool:
        """Whether it matters what was removed."""
        return self.how == HASH

    def text(self, label: str, removed: str) -> str:
        """Give what stands in place of *removed*.

        Args:
            label: The rule's label.

            removed: What was removed; only its pseudonym depends on it.
        """
        if self.how == LABEL:
            return f"[{label}]"
        if self.how == HASH:
            return self.pseudonym(label, removed)
        return self.how

    def pseudonym(self, label: str, removed: str) -> str:
        """Give the pseudonym of *removed*, such as `[EMAIL~bcdfghjklmnpqr]`.

        Case, width and the separators of a number do not matter. It has 60 bits: that
        any two of a million values share one has a chance of 1 in 3 million.
        """
        if self._keyed is None:
            raise ConfigError("A pseudonym needs a key.", hint="Set redact_key.")
        keyed = self._keyed.copy()
        keyed.update(_same(removed).encode("utf-8", "surrogatepass"))
        number = int.from_bytes(keyed.digest()[:16])
        letters = []
        for _ in range(_TOKEN_LETTERS):
            number, letter = divmod(number, len(_LETTERS))
            letters.append(_LETTERS[letter])
        return f"[{label}~{''.join(letters)}]"

    def is_own(self, text: str) -> bool:
        """Tell whether *text* is what was put in place of something already."""
        return self._own.fullmatch(text) is not None


def key_id(key: bytes) -> str:
    """Tell keys apart without telling the key: 16 hexadecimal digits, empty without a key."""
    return hmac.new(key, b"sealift redact key id", hashlib.sha256).hexdigest()[:16] if key else ""


def _same(text: str) -> str:
    """Write what means the same in the same way."""
    text = unicodedata.normalize("NFKC", text).casefold().strip()
    return re.sub(r"[^0-9]", "", text) if _ONLY_DIGITS.fullmatch(text) else text
