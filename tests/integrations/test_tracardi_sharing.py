"""How the events of one process share what is open, whatever Tracardi does with its instances."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from sealift.errors import AccessDeniedError, StateError, TransientError
from sealift.integrations.tracardi.arrival import arrival
from sealift.integrations.tracardi.settings import Place
from sealift.integrations.tracardi.shared import CLOSE_SECONDS, MOST_OPEN, SharedAggregates
from sealift.integrations.tracardi.upload import DONE, upload

PLACE = Place(s3_bucket="segments", aws_access_key_id="AKIA", aws_secret_access_key="a-secret")


class Aggregate:
    """Keeps what it is given, and answers when the test says so."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.grace: float = -1
        self.futures: list[Future[Any]] = []
        self.closed = threading.Event()
        self.refusal: Exception | None = None

    def submit(self, payload: Any) -> "Future[Any]":
        if self.refusal:
            raise self.refusal
        self.futures.append(Future())
        return self.futures[-1]

    def close(self, *, timeout: float) -> None:
        self.grace = timeout
        self.closed.set()


class Opener:
    def __init__(self) -> None:
        self.opened: list[Aggregate] = []

    def __call__(self, place: Place) -> Aggregate:
        self.opened.append(Aggregate(place))
        return self.opened[-1]


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def shared(opener: Opener) -> Any:
    made = SharedAggregates(opener)
    yield made
    made.close()


def test_events_for_one_place_share_one_aggregate(shared: SharedAggregates, opener: Opener) -> None:
    for _ in range(3):
        shared.submit(Place(**{name: getattr(PLACE, name) for name in Place.__slots__}), {})
    [only] = opener.opened
    assert len(only.futures) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"s3_bucket": "others"},
        {"prefix": "x/"},
        {"merge": "append"},
        {"time_zone": "Europe/Warsaw"},
        {"endpoint_url": "http://minio:9000"},
        {"aws_secret_access_key": "another"},
        {"aws_access_key_id": "AKIB"},
        {"aws_access_key_id": "AKI", "aws_secret_access_key": "Aa-secret"},
    ],
)
def test_another_place_or_another_key_has_an_aggregate_of_its_own(
    shared: SharedAggregates, opener: Opener, other: dict[str, str]
) -> None:
    """Whoever knows a bucket's name must not write with the keys of somebody else."""
    second = Place(**{**{n: getattr(PLACE, n) for n in Place.__slots__}, **other})
    shared.submit(PLACE, {})
    shared.submit(second, {})
    first, after = opener.opened
    assert (first.place, after.place) == (PLACE, second)


def test_no_repr_of_it_shows_a_credential(shared: SharedAggregates) -> None:
    shared.submit(PLACE, {})
    shown = f"{shared!r} {vars(shared)!r} {PLACE!r}"
    assert "a-secret" not in shown
    for place in vars(shared)["_open"]:
        assert place.aws_secret_access_key != "a-secret"


def test_what_fails_to_be_journaled_is_told_and_counts_no_longer(
    shared: SharedAggregates, opener: Opener
) -> None:
    shared.submit(PLACE, {})
    opener.opened[0].refusal = StateError("The disk is full.")
    with pytest.raises(StateError, match="full"):
        shared.submit(PLACE, {})
    opener.opened[0].futures[0].set_result(None)
    for number in range(MOST_OPEN):
        shared.submit(Place(s3_bucket=f"b{number:03}"), {})
    assert opener.opened[0].closed.wait(10)


def test_beyond_the_limit_the_one_that_is_idle_longest_is_closed(
    shared: SharedAggregates, opener: Opener
) -> None:
    for number in range(MOST_OPEN):
        shared.submit(Place(s3_bucket=f"b{number:03}"), {})
    with pytest.raises(TransientError, match=f"wait for {MOST_OPEN} destinations"):
        shared.submit(PLACE, {})
    for number in (0, 7, 9):
        opener.opened[number].futures[0].set_result(None)
    shared.submit(Place(s3_bucket="b000"), {}).set_result(None)  # idle, but not for long
    shared.submit(PLACE, {})
    assert opener.opened[7].closed.wait(10)
    assert [n for n, one in enumerate(opener.opened) if one.closed.is_set()] == [7]


def test_it_closes_what_is_open_and_takes_no_more(opener: Opener) -> None:
    """All of it together has so many seconds, not each of it."""
    now = [0.0]
    shared = SharedAggregates(opener, clock=lambda: now.pop() if len(now) > 1 else now[0])
    shared.submit(PLACE, {})
    shared.submit(Place(s3_bucket="others"), {})
    now[:] = [9.0, 3.0, 0.0]
    shared.close()
    assert [one.grace for one in opener.opened] == [CLOSE_SECONDS - 3, 0]
    with pytest.raises(StateError, match="about to end"):
        shared.submit(PLACE, {})


def in_a_thread(what: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=what)
    thread.start()
    return thread


def test_what_arrives_is_given_and_what_fails_is_raised() -> None:
    async def wait(ending: Callable[["Future[int]"], None]) -> int:
        future: Future[int] = Future()
        thread = in_a_thread(lambda: ending(future))
        try:
            return await arrival(future, 10)
        finally:
            thread.join()

    assert asyncio.run(wait(lambda future: future.set_result(7))) == 7
    with pytest.raises(AccessDeniedError):
        asyncio.run(wait(lambda future: future.set_exception(AccessDeniedError("No."))))
    with pytest.raises(StateError, match="before it was in S3"):
        asyncio.run(wait(lambda future: future.cancel() and None))


def test_nobody_who_stops_waiting_stops_the_event(caplog: pytest.LogCaptureFixture) -> None:
    """A cancelled future would fail in the thread that serves everybody."""
    futures: list[Future[int]] = [Future(), Future(), Future()]
    complaints: list[Any] = []

    async def give_up() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: complaints.append(context))
        cancelled = asyncio.create_task(arrival(futures[0], 60))
        loose = asyncio.create_task(arrival(futures[1], 60))
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(TimeoutError):
            await arrival(futures[2], 0.001)
        end(futures[2])  # while the loop still runs
        await asyncio.sleep(0)
        assert not loose.done()

    def end(future: "Future[int]") -> None:
        assert future.set_running_or_notify_cancel()
        future.set_result(1)

    asyncio.run(give_up())
    end(futures[0])  # the loop is closed by now
    end(futures[1])
    assert complaints == []
    assert caplog.records == []


def test_the_event_loop_goes_on_while_a_disk_hangs(
    shared: SharedAggregates, opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening and journaling block; if they did so here, nobody could ever free them."""
    freed = threading.Event()
    submit = Aggregate.submit

    def hanging(self: Aggregate, payload: Any) -> "Future[Any]":
        assert freed.wait(5)
        future = submit(self, payload)
        future.set_result(None)
        return future

    async def free() -> None:
        freed.set()

    async def both() -> str:
        uploading = asyncio.create_task(upload(PLACE, {"traits": {"smi_uid": "a"}}))
        await asyncio.sleep(0)
        await free()
        return await uploading

    monkeypatch.setattr(Aggregate, "submit", hanging)
    monkeypatch.setattr("sealift.integrations.tracardi.upload.shared", lambda: shared)
    assert asyncio.run(both()) == DONE
