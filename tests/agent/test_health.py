"""When a destination is used, backed off from, paused, probed and given up."""

from sealift.agent.health import (
    FAILURES_TO_BACK_OFF,
    LONGEST_BACK_OFF_SECONDS,
    PATIENCE_SECONDS,
    Gate,
    Health,
)
from sealift.errors import (
    AccessDeniedError,
    BucketError,
    CredentialsError,
    NotSentError,
    ThrottledError,
)

DOWN = NotSentError("Down.")
DENIED = AccessDeniedError("Denied.")


def health(chance: float = 1.0) -> Health:
    return Health(120.0, lambda: chance)


def failing(times: int, error: Exception = DOWN, now: float = 0.0) -> Health:
    one = health()
    for _ in range(times):
        one.failed(error, now)
    return one


def test_a_few_failures_do_not_close_it() -> None:
    one = failing(FAILURES_TO_BACK_OFF - 1)
    assert one.gate is Gate.OPEN
    assert one.allows(0.0) is None


def test_successes_in_between_keep_it_open() -> None:
    one = health()
    for _ in range(10 * FAILURES_TO_BACK_OFF):
        one.failed(DOWN, 0.0)
        one.failed(DOWN, 0.0)
        one.succeeded()
    assert one.gate is Gate.OPEN


def test_failures_in_a_row_back_off_then_let_one_through() -> None:
    one = failing(FAILURES_TO_BACK_OFF, now=10.0)
    assert (one.gate, one.reason) == (Gate.BACKING_OFF, DOWN)
    assert one.allows(one.retry_at - 0.001) == 0
    assert one.allows(one.retry_at) == 1
    assert one.succeeded()
    assert (one.gate, one.reason, one.allows(10.0)) == (Gate.OPEN, None, None)


def test_the_back_off_doubles_up_to_a_limit() -> None:
    one = failing(FAILURES_TO_BACK_OFF - 1)
    waits = []
    now = 0.0
    for _ in range(12):
        one.failed(DOWN, now)
        waits.append(one.retry_at - now)
        now = one.retry_at
    assert waits[:4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == max(waits) == LONGEST_BACK_OFF_SECONDS


def test_many_that_fail_at_once_count_as_one_more_failure() -> None:
    one = failing(200)
    assert one.retry_at == 0.5


def test_chance_halves_the_back_off_at_most() -> None:
    one = Health(120.0, lambda: 0.0)
    for _ in range(FAILURES_TO_BACK_OFF):
        one.failed(DOWN, 0.0)
    assert one.retry_at == 0.25


def test_4_the_back_off_is_as_long_as_the_store_asks() -> None:
    asked = ThrottledError("Slower.", retry_after_seconds=33.0)
    assert failing(FAILURES_TO_BACK_OFF, asked).retry_at == 33.0


def test_one_error_that_concerns_every_item_pauses_at_once() -> None:
    one = health()
    assert one.failed(BucketError("No bucket."), 5.0)
    assert (one.gate, one.retry_at) == (Gate.PAUSED, 125.0)
    assert not one.failed(CredentialsError("No."), 125.0), "it was paused already"
    assert one.retry_at == 245.0
    assert one.succeeded()
    assert one.gate is Gate.OPEN


def test_a_failed_probe_for_another_reason_leaves_it_paused() -> None:
    one = health()
    one.failed(BucketError("No bucket."), 0.0)
    one.failed(DOWN, 120.0)
    assert (one.gate, one.retry_at) == (Gate.PAUSED, 240.0)


def test_5_the_first_denial_pauses_what_never_worked() -> None:
    assert failing(1, DENIED).gate is Gate.PAUSED


def test_5_one_denied_key_among_good_ones_pauses_nothing() -> None:
    one = health()
    for _ in range(20):
        one.succeeded()
        one.failed(DENIED, 0.0)
    assert one.gate is Gate.OPEN
    one.failed(DENIED, 0.0)
    one.failed(DENIED, 0.0)
    assert one.gate is Gate.PAUSED


def test_a_run_that_is_to_end_waits_a_while_for_a_server_and_not_for_credentials() -> None:
    one = failing(FAILURES_TO_BACK_OFF, now=100.0)
    for now in (101.0, 103.0, 107.0, 115.0):
        one.failed(DOWN, now)
    assert not one.is_hopeless(100.0 + PATIENCE_SECONDS - 0.1)
    assert one.is_hopeless(100.0 + PATIENCE_SECONDS)
    assert failing(1, BucketError("No bucket.")).is_hopeless(0.0)
    assert not health().is_hopeless(1e9)
