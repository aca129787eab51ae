"""Our URLs are botocore's URLs."""

from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import percent_encode
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.destinations.s3_credentials import Credential
from sealift.presigner.sign import Signer, store_of
from tests.presigner.rig import CREDENTIAL, NOW

ODD_KEY = "uploads/dt=2026 b+c=é%41,'(1)~.json/?#&\"<>\\^`{|}\x7f//../.%2F日本*!@:;[]"
keys = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60
)
names = st.from_regex(r"x-amz-meta-[a-z0-9-]{1,20}", fullmatch=True)
values = st.from_regex(r"[!-~]{1,30}( [!-~]{1,10})?", fullmatch=True)
secrets = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


def of_botocore(
    method: str, url: str, headers: dict[str, str], credential: Credential, region: str, **when: int
) -> str:
    request = AWSRequest(method=method, url=url, headers=headers)
    auth = S3SigV4QueryAuth(
        Credentials(
            credential.access_key_id, credential.secret_access_key, credential.token or None
        ),
        "s3",
        region,
        expires=when["life_seconds"],
    )
    now = datetime.fromtimestamp(when["now"], UTC)
    with patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        auth.add_auth(request)
    return request.url


@given(
    key=keys,
    headers=st.dictionaries(names, values, max_size=4),
    now=st.integers(0, 4_102_444_800),
    life_seconds=st.integers(1, 604_800),
    credential=st.builds(
        Credential,
        access_key_id=st.from_regex(r"[A-Za-z0-9/+-]{3,20}", fullmatch=True),
        secret_access_key=secrets,
        token=st.one_of(st.just(""), secrets),
    ),
    method=st.sampled_from(["PUT", "HEAD", "GET"]),
)
@example(
    key=ODD_KEY,
    headers={"content-length": "3", "content-type": "text/plain; charset=utf-8"},
    now=int(NOW),
    life_seconds=300,
    credential=CREDENTIAL,
    method="PUT",
)
def test_a_url_is_the_one_that_botocore_makes(
    key: str,
    headers: dict[str, str],
    now: int,
    life_seconds: int,
    credential: Credential,
    method: str,
) -> None:
    store = store_of("inbox", "us-west-2")
    signer = Signer(store, credential)
    ours = signer.url(
        method, key, headers=sorted(headers.items()), now=now, life_seconds=life_seconds
    )
    plain = f"{store.origin}{store.path}{percent_encode(key, safe='-._~/')}"
    theirs = of_botocore(
        method, plain, headers, credential, "us-west-2", now=now, life_seconds=life_seconds
    )
    assert ours == theirs


def test_the_key_of_the_day_is_not_kept_beyond_it() -> None:
    """Midnight between two URLs of one signer."""
    signer = Signer(store_of("inbox", "us-west-2"), CREDENTIAL)
    before, after = 86_399, 86_400
    for now in (before, after, before):
        fresh = Signer(store_of("inbox", "us-west-2"), CREDENTIAL)
        assert signer.url("PUT", "k", now=now, life_seconds=60) == fresh.url(
            "PUT", "k", now=now, life_seconds=60
        )


@pytest.mark.parametrize(
    ("bucket", "region", "endpoint", "addressing", "origin", "path"),
    [
        ("inbox", "us-west-2", "", "auto", "https://inbox.s3.us-west-2.amazonaws.com", "/"),
        ("in.box", "eu-central-1", "", "auto", "https://s3.eu-central-1.amazonaws.com", "/in.box/"),
        ("inbox", "cn-north-1", "", "auto", "https://inbox.s3.cn-north-1.amazonaws.com.cn", "/"),
        ("inbox", "x", "http://127.0.0.1:9000", "auto", "http://127.0.0.1:9000", "/inbox/"),
        ("inbox", "x", "https://s3.example", "virtual", "https://inbox.s3.example", "/"),
        ("inbox", "us-east-1", "", "path", "https://s3.us-east-1.amazonaws.com", "/inbox/"),
    ],
)
def test_where_the_objects_of_a_bucket_live(
    bucket: str, region: str, endpoint: str, addressing: str, origin: str, path: str
) -> None:
    store = store_of(bucket, region, endpoint, addressing)
    assert (store.origin, store.path) == (origin, path)
