"""Options that cannot be right are refused at once, all of them, without a secret."""

import dataclasses
from typing import Any

import pytest

from sealift.destinations.s3 import S3Destination, S3Options
from sealift.destinations.s3_bucket import bucket_url, proxy_for
from sealift.destinations.s3_options import encode_metadata
from sealift.errors import ConfigError

BAD: list[tuple[dict[str, Any], str]] = [
    ({"bucket": "ab"}, "bucket 'ab'"),
    ({"bucket": "Upper"}, "bucket 'Upper'"),
    ({"prefix": "/a"}, "prefix"),
    ({"prefix": "a//b"}, "prefix"),
    ({"prefix": "a/../"}, "prefix"),
    ({"region": "US East"}, "region"),
    ({"endpoint_url": "localhost:9000"}, "endpoint_url"),
    ({"endpoint_url": "http://h/path"}, "endpoint_url"),
    ({"endpoint_url": "http://h:x"}, "endpoint_url"),
    ({"sse": "AES-256"}, "sse 'AES-256'"),
    ({"sse_kms_key_id": "k"}, "sse_kms_key_id"),
    ({"sse": "aws:kms", "endpoint_url": "http://h"}, "https"),
    ({"tags": {"a b": "c"}}, "tag 'a b'"),
    ({"tags": {str(n): "x" for n in range(11)}}, "11 tags"),
    ({"tags": {"a": "x" * 257}}, "over 256"),
    ({"metadata": {"Upper": "x"}}, "'Upper'"),
    ({"metadata": {"sha256": "x"}}, "Sealift's own"),
    ({"metadata": {"a": "ü" * 400}}, "1,792"),
    ({"content_type": "a\nb"}, "content_type"),
    ({"access_key_id": "a"}, "go together"),
    ({"session_token": "a"}, "session_token"),
    ({"profile": "p", "access_key_id": "a", "secret_access_key": "s"}, "exclude"),
    ({"proxy": "socks"}, "proxy"),
    ({"ca_bundle": "no/such.pem"}, "ca_bundle"),
    ({"addressing": "both"}, "addressing"),
    ({"verify": "yes"}, "verify"),
    ({"timeout_seconds": 0.0}, "timeout_seconds"),
    ({"part_bytes": 1}, "part_bytes"),
    ({"part_concurrency": 0}, "part_concurrency"),
    ({"allow_unconditional": True, "trust_conditions": True}, "exclude"),
]


@pytest.mark.parametrize(("given", "said"), BAD)
def test_a_wrong_option_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        S3Destination(S3Options(**({"bucket": "abc"} | given)))


def test_all_problems_come_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        S3Options(bucket="abc", region="!", proxy="!", secret_access_key="hidden").check()
    for said in ("s3://abc", "region", "proxy", "go together"):
        assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://user:hidden@host:1", "http://:hid#den@host", "user@host"])
@pytest.mark.parametrize("name", ["proxy", "endpoint_url"])
def test_a_login_in_a_url_is_refused_and_not_shown(name: str, url: str) -> None:
    given: dict[str, Any] = {name: url}
    with pytest.raises(ConfigError, match=f"{name} must hold no login") as caught:
        S3Options(bucket="abc", **given).check()
    assert "hid" not in str(caught.value)


def test_every_option_explains_itself() -> None:
    for field in dataclasses.fields(S3Options):
        assert field.metadata["help"].endswith(".")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://abc.s3.eu-west-1.amazonaws.com"),
        ({"bucket": "a.b.c"}, "https://s3.eu-west-1.amazonaws.com/a.b.c"),
        ({"addressing": "path"}, "https://s3.eu-west-1.amazonaws.com/abc"),
        ({"endpoint_url": "http://h:9000/"}, "http://h:9000/abc"),
        ({"endpoint_url": "http://h:9000", "addressing": "virtual"}, "http://abc.h:9000"),
    ],
)
def test_where_the_bucket_is(given: dict[str, Any], url: str) -> None:
    assert bucket_url(S3Options(**({"bucket": "abc"} | given)), "eu-west-1") == url


def test_china_has_a_name_of_its_own() -> None:
    assert bucket_url(S3Options(bucket="abc"), "cn-north-1").endswith(".amazonaws.com.cn")


@pytest.mark.parametrize(
    ("endpoint", "proxy", "meant"),
    [
        ("", "environment", "environment"),
        ("http://127.0.0.1:9000", "environment", "none"),
        ("http://localhost:9000", "http://p:1", "none"),
        ("http://store:9000", "http://p:1", "http://p:1"),
    ],
)
def test_loopback_never_has_a_proxy(endpoint: str, proxy: str, meant: str) -> None:
    assert proxy_for(S3Options(bucket="abc", endpoint_url=endpoint, proxy=proxy)) == meant


def test_metadata_is_encoded_so_that_it_comes_back() -> None:
    assert encode_metadata("Zürich 100%\n") == "Z%C3%BCrich%20100%25%0A"


def test_the_repr_holds_no_secret() -> None:
    options = S3Options(
        bucket="abc", access_key_id="a", secret_access_key="hidden", session_token="hidden"
    )
    assert "hidden" not in repr(options)
