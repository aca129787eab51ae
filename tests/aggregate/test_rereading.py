"""Reads are repeated, briefly; conditional writes never are."""

import pytest

from sealift.aggregate.rereading import Rereading
from sealift.destinations.retrying import RetryPolicy
from sealift.errors import BucketError, NotSentError, ThrottledError
from sealift.sealing.parcel import Parcel
from tests.aggregate.rig import MemoryVersions

PARCEL = Parcel(body=b"x", size=1, sha256="")


class Failing(MemoryVersions):
    def __init__(self, times: int, error: Exception) -> None:
        super().__init__()
        self.left = times

        def fail(op: str, key: str) -> None:
            self.left -= 1
            if self.left >= 0:
                raise error

        self.before = fail


READS = {
    "head": lambda store: store.head("k"),
    "read": lambda store: store.read("k"),
    "list": lambda store: [*store.list("p/")],
    "delete": lambda store: store.delete("k"),
}
WRITES = {
    "create": lambda store: store.create("k", PARCEL, put_id="1"),
    "replace": lambda store: store.replace("k", PARCEL, put_id="1", etag="e"),
    "overwrite": lambda store: store.overwrite("k", PARCEL, put_id="1"),
}


@pytest.mark.parametrize("what", READS)
def test_a_read_is_tried_three_times(what: str) -> None:
    for times, calls in ((2, 3), (3, 3)):
        inner = Failing(times, NotSentError("no"))
        slept: list[float] = []
        store = Rereading(inner, RetryPolicy(), sleep=slept.append, random=lambda: 1.0)
        if times == 3:
            with pytest.raises(NotSentError):
                READS[what](store)
        else:
            READS[what](store)
        assert len(inner.calls) == calls
        assert slept == [0.1, 0.2]


@pytest.mark.parametrize("what", WRITES)
def test_a_write_is_tried_once(what: str) -> None:
    inner = Failing(1, NotSentError("no"))
    with pytest.raises(NotSentError):
        WRITES[what](Rereading(inner))
    assert len(inner.calls) == 1


@pytest.mark.parametrize("error", [BucketError("gone"), ThrottledError("slow")])
def test_what_only_time_or_people_mend_is_told_at_once(error: Exception) -> None:
    inner = Failing(1, error)
    with pytest.raises(type(error)):
        Rereading(inner).read("k")
    assert len(inner.calls) == 1
