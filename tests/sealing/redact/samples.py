"""A few rules for tests of documents; what the built-in packs find is tested elsewhere."""

from typing import Any

from sealift.sealing.redact import Redactor, Rule

RULES = (
    Rule(name="email", label="EMAIL", pattern=r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}"),
    Rule(
        name="card",
        label="CARD",
        pattern=r"(?:^|[^\d])(?P<it>\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4})(?:[^\d]|$)",
        validator="luhn",
    ),
    Rule(name="ssn", label="SSN", pattern=r"(?i:ssn)\"?\s*[:=]?\s*\"?(?P<it>\d{3}-?\d\d-?\d{4})\b"),
    Rule(name="password", label="PASSWORD", pattern=r"password\"?\s*[:=]\s*\"?(?P<it>[^\s,;\"]+)"),
    Rule(name="name", label="NAME", pattern=r"my name is (?P<it>\p{Lu}\pL+(?: \p{Lu}\pL+)*)"),
)
EMAIL = "john@example.com"
CARD = "4111 1111 1111 1111"


def redactor(**options: Any) -> Redactor:
    return Redactor((), **{"rules": RULES, **options})
