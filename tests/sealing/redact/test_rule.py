"""A rule is right, or it does not exist."""

import pytest

from sealift.errors import ConfigError
from sealift.sealing.redact.rules.rule import Rule


def rule(**changes: str) -> Rule:
    return Rule(**{"name": "badge", "label": "BADGE", "pattern": r"\bB-\d{4}\b"} | changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "Badge No"}, "a name is lower-case words"),
        ({"name": ""}, "a name is lower-case words"),
        ({"label": "badge"}, "not an upper-case word"),
        ({"label": "A B"}, "not an upper-case word"),
        ({"pattern": "(?<=a)b"}, "not RE2 syntax"),
        ({"pattern": r"(a)\1"}, "not RE2 syntax"),
        ({"pattern": "("}, "missing )"),
        ({"unless": "["}, "not RE2 syntax"),
        ({"pattern": "a*"}, "matches empty text"),
        ({"pattern": "a" * 30_000}, "longer than 20000 characters"),
        ({"pattern": r"((a{1,900}){1,900}){1,9}"}, "not RE2 syntax"),
        ({"validator": "lunh"}, "there is no validator 'lunh'"),
    ],
)
def test_a_wrong_rule_says_which_rule_and_why(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match="redaction rule ") as caught:
        rule(**changes)
    assert reason in str(caught.value)
    assert repr(changes.get("name", "badge")) in str(caught.value)


def test_the_error_of_an_unknown_validator_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        rule(validator="lunh")
    assert "Did you mean 'luhn'?" in caught.value.hint
