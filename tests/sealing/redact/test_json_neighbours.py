"""Values in JSON that a question before them explains."""

import json

import pytest

from sealift.sealing.redact import Redactor, Rule
from tests.sealing.redact.samples import redactor

ANSWERS = [
    (
        '[{"text": "Now: what is your ssn?"}, {"role": "user", "text": "123456789, it is"}]',
        '[{"text": "Now: what is your ssn?"}, {"role": "user", "text": "BLOCKED, it is"}]',
    ),
    ('["é، ssn؟", "123456789"]', '["é، ssn؟", "BLOCKED"]'),
    ('["é ssn\uff1f", "123456789"]', '["é ssn\uff1f", "BLOCKED"]'),
    (f'["ssn?", "123456789 {"x" * 200}"]', f'["ssn?", "BLOCKED {"x" * 200}"]'),
    ('["And your ssn?", "No, I am sorry", "123456789"]',) * 2,
    ('["And your ssn? Tell us.", "123456789"]', '["And your ssn? Tell us.", "BLOCKED"]'),
    ('["And your ssn? Tell us. Or do not.", "123456789"]',) * 2,
    ('{"q": "And your ssn?", "sent_at": "123456789"}',) * 2,
]


@pytest.mark.parametrize(("text", "expected"), ANSWERS)
def test_a_question_is_context_for_what_the_next_message_begins_with(
    text: str, expected: str
) -> None:
    asked = redactor(rules=(Rule(name="ssn", label="SSN", pattern=r"ssn\? (?P<it>\d{9})\b"),))
    assert asked.redact(text.encode(), "json").data.decode() == expected


@pytest.mark.parametrize("question", ["What is your password?", "Wifi password?", "DB password?"])
@pytest.mark.parametrize(
    "answer",
    [
        "9f86d081884c7d659a2feaa0c55ad015" * 2,
        "correct-horse-battery-staple-on-a-rainy-day-in-may-2024",
    ],
)
def test_a_long_answer_is_a_secret_if_it_is_no_sentence(question: str, answer: str) -> None:
    usual = Redactor(("pii", "secrets"))
    text = json.dumps({"question": question, "answer": answer})
    assert answer.encode() not in usual.redact(text.encode(), "json").data


def test_a_sentence_is_no_password_because_its_question_names_one() -> None:
    usual = Redactor(("pii", "secrets"))
    text = json.dumps(
        {
            "question": "Where do users find the hotspot key?",
            "answer": "It's on the sticker below the device, in the second line from the top.",
        }
    )
    assert usual.redact(text.encode(), "json").data == text.encode()
