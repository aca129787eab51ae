"""Credentials are fresh in time, explicit ones stand alone, and a hanging provider is given up."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealift.destinations.s3 import S3Destination, S3Options
from sealift.destinations.s3_credentials import (
    FAILURE_SECONDS,
    Credential,
    Credentials,
    chain_region,
    source_for,
)
from sealift.errors import CredentialsError
from sealift.testing.fault_server import FaultServer
from sealift.testing.samples import parcel_of
from tests.destinations.s3_samples import options_for


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


class Provider:
    """Gives numbered credentials that live for a while."""

    def __init__(self, now: float, lifetime_seconds: float | None) -> None:
        self.now = now
        self.lifetime_seconds = lifetime_seconds
        self.given = 0

    def __call__(self) -> Credential:
        self.given += 1
        end = None
        if self.lifetime_seconds is not None:
            end = datetime.fromtimestamp(self.now + self.lifetime_seconds, UTC)
        return Credential(
            access_key_id=f"key-{self.given}", secret_access_key="s", token="t", expires_at=end
        )

    def clock(self) -> float:
        return self.now


@pytest.mark.parametrize(("lifetime", "margin"), [(3600.0, 300.0), (40.0, 10.0), (1.0, 0.25)])
def test_they_are_replaced_before_their_end(lifetime: float, margin: float) -> None:
    provider = Provider(1_000_000.0, lifetime)
    credentials = Credentials(provider, clock=provider.clock)
    given = credentials()
    assert given["expires_at"] == datetime.fromtimestamp(1_000_000 + lifetime - margin, UTC)
    provider.now += lifetime - margin - 0.1
    assert credentials.current().access_key_id == "key-1"
    provider.now += 0.2
    assert credentials.current().access_key_id == "key-2"


def test_those_without_an_end_are_kept_until_forgotten() -> None:
    provider = Provider(0.0, None)
    credentials = Credentials(provider, clock=provider.clock)
    provider.now += 1e9
    assert (credentials()["expires_at"], provider.given) == (None, 1)
    credentials.forget()
    credentials.current()
    assert provider.given == 2


def test_row_7_an_expired_token_midway_fails_no_item(faults: FaultServer) -> None:
    provider = Provider(0.0, None)
    destination = S3Destination(
        options_for(faults, access_key_id="", secret_access_key=""), credentials=provider
    )
    for number in range(6):
        if number == 3:
            faults.fail(operation="PutObject", status=400, code="ExpiredToken")
        destination.put(f"k{number}", parcel_of(b"x"), put_id="id")
    assert len(faults.objects) == 6
    signed = [call.call.headers["authorization"] for call in faults.calls("PutObject")]
    assert "Credential=key-1/" in signed[3]
    assert "Credential=key-2/" in signed[4]


def test_a_token_that_stays_expired_pauses(faults: FaultServer) -> None:
    faults.fail(operation="PutObject", status=400, code="ExpiredToken", times=None)
    destination = S3Destination(options_for(faults))
    with pytest.raises(CredentialsError):
        destination.put("k", parcel_of(b"x"), put_id="id")
    assert len(faults.calls("PutObject")) == 2


def test_short_lived_ones_are_renewed_between_puts(faults: FaultServer) -> None:
    """Obstore asks again by the real clock, so these live for no time at all."""
    provider = Provider(0.0, 0.0)
    destination = S3Destination(
        options_for(faults, access_key_id="", secret_access_key=""),
        credentials=provider,
        clock=provider.clock,
    )
    for number in range(3):
        destination.put(f"k{number}", parcel_of(b"x"), put_id="id")
    assert provider.given >= 3


def test_row_8_a_provider_that_raises_pauses_and_may_recover(faults: FaultServer) -> None:
    answers: list[Credential | Exception] = [
        RuntimeError("with a secret in it"),
        Credential(access_key_id="key", secret_access_key="s"),
    ]

    def provider() -> Credential:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    now = [1_000.0]
    options = options_for(faults, access_key_id="", secret_access_key="")
    destination = S3Destination(options, credentials=provider, clock=lambda: now[0])
    for _ in range(2):
        with pytest.raises(CredentialsError, match="RuntimeError") as caught:
            destination.put("k", parcel_of(b"x"), put_id="id")
        assert "secret in it" not in str(caught.value)
    now[0] += FAILURE_SECONDS
    destination.put("k", parcel_of(b"x"), put_id="id")


@pytest.mark.parametrize(("later", "asked"), [(9.9, 1), (10.0, 2), (-1.0, 2)])
def test_a_failure_is_told_to_all_for_a_while(later: float, asked: int) -> None:
    """A clock that was set back does not keep the failure for ever."""
    times: list[int] = []

    def provider() -> Credential:
        times.append(1)
        raise CredentialsError("None.")

    now = [1_000.0]
    credentials = Credentials(provider, clock=lambda: now[0])
    for _ in range(2):
        with pytest.raises(CredentialsError):
            credentials.current()
        now[0] = 1_000.0 + later
    assert len(times) == asked


def test_many_callers_wait_once_for_a_provider_that_hangs() -> None:
    """One after another they would wait 4 s."""
    release = threading.Event()

    def hang() -> Credential:
        release.wait(30)
        return Credential(access_key_id="late", secret_access_key="s")

    credentials = Credentials(hang, clock=lambda: 0.0, timeout_seconds=0.2)

    def ask() -> None:
        with pytest.raises(CredentialsError):
            credentials.current()

    began = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 2
    release.set()
    assert credentials._asking
    assert credentials._asking.done.wait(5)
    assert credentials.current().access_key_id == "late"


def test_row_8_a_provider_that_hangs_is_given_up_and_not_asked_twice() -> None:
    release, asked = threading.Event(), []

    def hang() -> Credential:
        asked.append(1)
        release.wait(30)
        return Credential(access_key_id="late", secret_access_key="s")

    credentials = Credentials(hang, clock=lambda: 0.0, timeout_seconds=0.05)
    try:
        for _ in range(3):
            with pytest.raises(CredentialsError, match=r"within 0\.05 s"):
                credentials.current()
        assert len(asked) == 1
    finally:
        release.set()
    patient = Credentials(hang, clock=lambda: 0.0)
    assert patient.current().access_key_id == "late"


def test_the_chain_resolves_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "credentials"
    keys.write_text("[work]\naws_access_key_id = from-file\naws_secret_access_key = s\n")
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    source = source_for(S3Options(bucket="abc", profile="work"))
    assert source().access_key_id == "from-file"
    assert chain_region("work") == "eu-north-1"
    assert chain_region("") == ""


def test_the_chain_tells_the_true_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "give.sh"
    script.write_text(
        '#!/bin/sh\necho \'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s", '
        '"SessionToken": "t", "Expiration": "2099-01-02T03:04:05Z"}\'\n'
    )
    script.chmod(0o700)
    config = tmp_path / "config"
    config.write_text(f"[profile process]\ncredential_process = {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    credential = source_for(S3Options(bucket="abc", profile="process"))()
    assert credential.expires_at == datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert credential.token == "t"


@pytest.mark.parametrize("profile", ["", "no-such-profile"])
def test_no_credentials_is_said_with_what_to_do(faults: FaultServer, profile: str) -> None:
    options = options_for(faults, access_key_id="", secret_access_key="", profile=profile)
    with pytest.raises(CredentialsError) as caught:
        S3Destination(options).put("k", parcel_of(b"x"), put_id="id")
    assert caught.value.hint
    assert not faults.requests


def test_no_repr_shows_a_secret() -> None:
    credential = Credential(access_key_id="k", secret_access_key="hidden", token="hidden")
    assert "hidden" not in repr(credential)
