"""Bearer tokens: only those on the list, and the list holds none of them."""

import pytest

from sealift.errors import ConfigError
from sealift.presigner.auth import RefusedError
from sealift.presigner.auth_tokens import TokenAuth, new_token, read_hashes, token_hash
from sealift.presigner.exchange import Request

# The same in each run: the tests' names have them.
ONE, TWO = (new_token("dev001", lambda size, fill=fill: fill * size) for fill in (b"1", b"2"))
OTHER = new_token("dev002", lambda size: b"3" * size)
LIST = f"""# devices
dev001 {token_hash(ONE)}

dev001 {token_hash(TWO)}  # new
dev002 {token_hash(OTHER)}
"""


def asked_with(value: str) -> Request:
    return Request(method="POST", path="/ingest/new", headers={"authorization": value})


def auth() -> TokenAuth:
    return TokenAuth(read_hashes(LIST.splitlines(), "tokens"))


def test_each_listed_token_proves_its_device() -> None:
    proven = [auth().device(asked_with(f"Bearer {token}"), 0) for token in (ONE, TWO, OTHER)]
    assert proven == ["dev001", "dev001", "dev002"]
    assert auth().device(asked_with(f"bearer  {ONE} "), 0) == "dev001"


@pytest.mark.parametrize(
    ("value", "device"),
    [
        ("", ""),
        ("Bearer", ""),
        ("Bearer ", ""),
        (f"Basic {ONE}", ""),
        (f"Bearer {ONE[:-1]}", "dev001"),
        (f"Bearer {ONE}x", "dev001"),
        (f"Bearer {OTHER.replace('dev002', 'dev001')}", "dev001"),
        (f"Bearer dev001:{token_hash(ONE)}", "dev001"),
        (f"Bearer {token_hash(ONE)}", ""),
        ("Bearer dev003:" + "0" * 43, ""),
        ("Bearer a-secret-of-something-else", ""),
        (f"Bearer {ONE}é", ""),
        (f"Bearer {'a' * 300}", ""),
    ],
)
def test_another_token_proves_nothing_and_is_not_told(value: str, device: str) -> None:
    with pytest.raises(RefusedError) as refused:
        auth().device(asked_with(value), 0)
    assert refused.value.device == device
    assert refused.value.reason in {
        *("no credentials", "another scheme", "malformed credentials", "unknown token"),
    }


@pytest.mark.parametrize("line", ["dev001", f"dev001 {ONE}", f"dev001 {'A' * 64}", "a b c"])
def test_a_wrong_line_of_the_list_is_told_without_a_token(line: str) -> None:
    with pytest.raises(ConfigError, match="line 2") as refused:
        read_hashes(["", line], "tokens")
    assert ONE not in str(refused.value)
