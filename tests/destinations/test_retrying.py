"""Retrying repeats what may be repeated, and never a create."""

from collections.abc import Callable
from typing import Any

import pytest

from sealift.destinations.memory import MemoryDestination, MemoryObject
from sealift.destinations.retrying import Retrying, RetryPolicy
from sealift.errors import (
    CredentialsError,
    ItemRefusedError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    SourceChangedError,
    ThrottledError,
)
from sealift.testing.conformance import DestinationSuite
from sealift.testing.samples import parcel_of

POLICY = RetryPolicy(attempts=4, base_seconds=1.0, max_seconds=3.0)


class Failing(MemoryDestination):
    """Raises what is scripted, one per call, before the memory destination does its work."""

    def __init__(self, *script: SealiftError) -> None:
        super().__init__()
        self.script = list(script)
        self.calls = 0

    def _next(self) -> None:
        self.calls += 1
        if self.script:
            raise self.script.pop(0)

    def put(self, *args: Any, **named: Any) -> Any:
        self._next()
        return super().put(*args, **named)

    def head(self, key: str) -> Any:
        self._next()
        return super().head(key)

    def probe(self) -> None:
        self._next()


def overwrite(destination: Retrying) -> None:
    destination.put("k", parcel_of(b"x"), put_id="id-1", create=False)


REPEATED = pytest.mark.parametrize(
    "call", [overwrite, lambda held: held.head("k"), lambda held: held.probe()]
)


@pytest.fixture
def waits() -> list[float]:
    return []


class TestRetrying(DestinationSuite):
    @pytest.fixture
    def destination(self) -> Retrying:
        self.memory = MemoryDestination()
        return Retrying(self.memory)

    def raw_get(self, key: str) -> bytes | None:
        found = self.memory.objects.get(key)
        return found.body if found else None

    def raw_put(self, key: str, body: bytes) -> None:
        self.memory.objects[key] = MemoryObject(body=body)


@REPEATED
def test_a_passing_failure_is_tried_again(
    call: Callable[[Retrying], None], waits: list[float]
) -> None:
    held = Failing(NotSentError("1"), OutcomeUnknownError("2"), ThrottledError("3"))
    call(Retrying(held, POLICY, waits.append, lambda: 1.0))
    assert held.calls == 4
    assert waits == [1.0, 2.0, 3.0]


@REPEATED
def test_the_last_attempt_raises_what_it_met(
    call: Callable[[Retrying], None], waits: list[float]
) -> None:
    held = Failing(*(NotSentError(str(number)) for number in range(9)))
    with pytest.raises(NotSentError, match="3"):
        call(Retrying(held, POLICY, waits.append, lambda: 0.5))
    assert held.calls == 4
    assert waits == [0.5, 1.0, 1.5]


@REPEATED
@pytest.mark.parametrize(
    "error", [CredentialsError("x"), ItemRefusedError("x"), SourceChangedError("x")]
)
def test_what_will_not_pass_by_itself_is_raised_at_once(
    call: Callable[[Retrying], None], error: SealiftError, waits: list[float]
) -> None:
    held = Failing(error)
    with pytest.raises(type(error)):
        call(Retrying(held, POLICY, waits.append, lambda: 1.0))
    assert (held.calls, waits) == (1, [])


def test_a_create_is_never_repeated(waits: list[float]) -> None:
    held = Failing(NotSentError("lost"))
    with pytest.raises(NotSentError):
        Retrying(held, POLICY, waits.append).put("k", parcel_of(b"x"), put_id="id-1")
    assert (held.calls, waits) == (1, [])


def test_a_store_that_asks_for_time_gets_it_or_is_left_alone(waits: list[float]) -> None:
    held = Failing(ThrottledError("slow", retry_after_seconds=2.5))
    overwrite(Retrying(held, POLICY, waits.append, lambda: 0.0))
    assert waits == [2.5]
    held = Failing(ThrottledError("slow", retry_after_seconds=3.5))
    with pytest.raises(ThrottledError):
        overwrite(Retrying(held, POLICY, waits.append, lambda: 0.0))
    assert waits == [2.5]
