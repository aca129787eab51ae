"""How long a URL is good, which bucket it is for, and what a key says of its item."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.destinations.presigned_grants import (
    MOST_KEPT,
    Grant,
    Grants,
    Wanted,
    bucket_of,
    good_until,
    item_of,
)
from sealift.errors import ItemRefusedError
from sealift.presigner.keys import make_key
from sealift.presigner.problems import ProblemError
from sealift.presigner.sign import Signer, store_of
from tests.presigner.rig import CREDENTIAL, ITEM_ID, NOW

V2 = "https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature=s&Expires=1737974100"
SAID = "2025-01-27T10:35:00Z"


def signed(life_seconds: int = 300, endpoint_url: str = "", bucket: str = "inbox") -> str:
    store = store_of(bucket, "us-west-2", endpoint_url)
    signer = Signer(store, CREDENTIAL)
    return signer.url("PUT", "uploads/a b.json", now=int(NOW), life_seconds=life_seconds)


def life(url: str, said: object = None, server_time: float | None = None, **more: float) -> float:
    longest = more.get("longest", 1e9)
    asked_at = more.get("asked_at", NOW)
    until = good_until(url, said, asked_at=asked_at, server_time=server_time, longest=longest)
    return round(until - asked_at, 1)


def test_a_url_is_good_until_shortly_before_its_end() -> None:
    assert life("https://x/", SAID) == 300 - 5.2
    assert life(signed()) == 300 - 5.2
    assert life(V2) == 300 - 5.2
    assert life(signed(), SAID, longest=100) == 95
    assert life(signed(2)) == 1.6


def test_the_presigners_clock_counts_not_ours() -> None:
    assert life(signed(), SAID, server_time=NOW - 0.25, asked_at=NOW + 5000) == 295
    assert life(signed(), server_time=NOW - 0.25, asked_at=NOW - 5000) == 295


@pytest.mark.parametrize(
    "url", ["https://x/k", "https://x/k?X-Amz-Date=now", "https://x/?Expires="]
)
def test_one_that_says_nothing_is_good_as_long_as_is_set(url: str) -> None:
    assert life(url, longest=300) == 295
    assert life(url, "tomorrow", longest=300) == 295


def test_a_bucket_is_read_off_a_url() -> None:
    key = "uploads/a b.json"
    assert bucket_of(signed(), key) == "inbox"
    assert bucket_of(signed(endpoint_url="http://127.0.0.1:9000"), key) == "inbox"
    assert bucket_of(signed(bucket="in.box"), key) == "in.box"
    assert bucket_of("https://inbox.s3-us-west-2.amazonaws.com/uploads/a%20b.json", key) == "inbox"
    assert bucket_of("https://cdn.example.com/other", key) == "cdn.example.com"
    assert urlsplit(signed()).hostname == "inbox.s3.us-west-2.amazonaws.com"


@given(
    name=st.text(min_size=1, max_size=60),
    prefix=st.sampled_from(["", "uploads/", "a_b/c_d/"]),
    device=st.sampled_from(["dev001", "a_b", "x.y-z_0"]),
)
def test_a_key_says_which_item_it_is_of(name: str, prefix: str, device: str) -> None:
    try:
        key = make_key(prefix, device, ITEM_ID, name)
    except ProblemError:
        return
    found, filename = item_of(key)
    assert found == ITEM_ID
    assert make_key(prefix, device, found, filename) == key


@pytest.mark.parametrize("key", ["uploads/d/x.json", f"{ITEM_ID}.json", f"d/{ITEM_ID}_x.json", ""])
def test_a_key_of_an_old_presigner_says_nothing(key: str) -> None:
    with pytest.raises(ItemRefusedError):
        item_of(key)


def grant(put_id: str, good_until: float = 100.0) -> Grant:
    wanted = Wanted(put_id=put_id, filename="f", size=1, sha256="", md5="", content_type="")
    return Grant(wanted=wanted, key="k", url="u", headers=(), asked_at=0.0, good_until=good_until)


def test_only_good_grants_are_given_out() -> None:
    clock = [0.0]
    grants = Grants(lambda: clock[0])
    grants.keep(grant("a"))
    assert grants.good("a")
    for late in (100.0, -5.0):
        clock[0] = late
        assert grants.good("a") is None
        assert grants.last("a")
    clock[0] = 1.0
    assert grants.good("a")
    grants.expire("a")
    assert grants.good("a") is None
    grants.drop("a")
    assert grants.last("a") is None


def test_no_more_are_kept_than_an_agent_needs() -> None:
    grants = Grants(lambda: 0.0)
    for number in range(MOST_KEPT + 10):
        grants.keep(grant(str(number)))
    assert grants.last("9") is None
    assert grants.last("10")
    assert grants.last(str(MOST_KEPT + 9))
