"""A document is published over the version that was read, never an older one, and read back."""

import gzip
import hashlib
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealift.datasets.service import DatasetService
from sealift.destinations.s3_versions import S3Versions
from sealift.destinations.versioned import Version
from sealift.errors import (
    ConfigError,
    CredentialsError,
    KeyCollisionError,
    NotSentError,
    OutcomeUnknownError,
    StaleDocumentError,
    UsageError,
)
from sealift.testing.proxy import Proxy, Weather
from tests.datasets.rig import VERSION, Rig, links, s3_options
from tests.datasets.servers import free_port
from tests.servers import Bucket

KEY = "tow-and-go.json"


@pytest.fixture
def rig(tmp_path: Path, ministack_bucket: Bucket) -> Rig:
    return Rig(tmp_path, ministack_bucket)


def test_what_is_published_is_what_was_given_with_its_facts(rig: Rig) -> None:
    text = links(3)
    with rig.service(s3={"prefix": "live/", "sse": "AES256"}) as service:
        report = service.push(text)
    found = rig.raw(f"live/{KEY}")
    assert found["Body"].read() == text
    assert found["ContentType"] == "application/json"
    assert found["ServerSideEncryption"] == "AES256"
    sha256 = hashlib.sha256(text).hexdigest()
    facts = {
        "last_modified": str(VERSION),
        "record_count": "3",
        "sha256": sha256,
        "document_sha256": sha256,
    }
    assert found["Metadata"].items() >= facts.items()
    assert report.sha256 == sha256
    assert (report.places[0].outcome, report.places[0].etag) == ("stored", found["ETag"])


def test_the_same_again_sends_nothing(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(3))
        before = rig.raw(KEY)["LastModified"], rig.raw(KEY)["Metadata"]["sealift-id"]
        assert service.push(links(3)).places[0].outcome == "unchanged"
    assert (rig.raw(KEY)["LastModified"], rig.raw(KEY)["Metadata"]["sealift-id"]) == before


def test_gzip_is_stored_with_its_encoding_and_the_same_bytes_each_time(rig: Rig) -> None:
    text = links(50)
    with rig.service(compress="gzip") as service:
        service.push(text)
        assert service.push(text).places[0].outcome == "unchanged"
    found = rig.raw(KEY)
    assert found["ContentEncoding"] == "gzip"
    assert gzip.decompress(found["Body"].read()) == text


def test_an_older_document_is_refused_unless_forced(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(3))
        older = links(2, version=VERSION - 1)
        with pytest.raises(StaleDocumentError, match=f"{VERSION}, and this one's is") as caught:
            service.push(older)
        assert caught.value.exit_code == 3
        assert rig.bucket.raw_get(KEY) == links(3)
        assert service.push(older, force=True).places[0].outcome == "stored"
        assert rig.bucket.raw_get(KEY) == older
        assert rig.raw(KEY)["Metadata"]["forced"] == "true"
        service.push(links(4, version=VERSION))
        assert "forced" not in rig.raw(KEY)["Metadata"]


def test_another_document_of_the_same_version_is_a_correction(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(3))
        assert service.push(links(4)).places[0].outcome == "stored"


@pytest.mark.parametrize("there", [b"<html>", b'{"some": "json"}', b""])
def test_what_is_no_such_document_is_not_replaced_unless_forced(rig: Rig, there: bytes) -> None:
    rig.bucket.raw_put(KEY, there)
    with rig.service() as service:
        with pytest.raises(KeyCollisionError, match="was not touched"):
            service.push(links(3))
        assert rig.bucket.raw_get(KEY) == there
        service.push(links(3), force=True)
    assert rig.bucket.raw_get(KEY) == links(3)


def test_a_document_put_there_by_hand_is_compared_by_its_content(rig: Rig) -> None:
    rig.bucket.raw_put(KEY, links(3, version=VERSION + 1))
    with rig.service() as service:
        with pytest.raises(StaleDocumentError):
            service.push(links(3))
        same = links(3, version=VERSION + 1)
        assert service.push(same).places[0].outcome == "stored", "it lacked its facts"
    assert rig.raw(KEY)["Metadata"]["last_modified"] == str(VERSION + 1)


class Meddled(S3Versions):
    """A store where somebody else does something between a read and the next put."""

    meddle: Any = None

    def replace(self, key: str, parcel: Any, *, put_id: str, etag: str) -> str:
        meddle, self.meddle = self.meddle, None
        if meddle:
            meddle()
        return super().replace(key, parcel, put_id=put_id, etag=etag)


@pytest.mark.parametrize("newer", [True, False])
def test_two_publishers_cannot_cross(rig: Rig, newer: bool) -> None:
    """Whoever is late sees the other's document, and compares again."""
    version = VERSION + (20 if newer else 5)
    with rig.service() as other, rig.service(open_store=Meddled) as service:
        other.push(links(1))
        service._store.meddle = lambda: other.push(links(2, version=version))
        ours = links(3, version=VERSION + 10)
        if newer:
            with pytest.raises(StaleDocumentError):
                service.push(ours)
            assert rig.bucket.raw_get(KEY) == links(2, version=version)
        else:
            service.push(ours)
            assert rig.bucket.raw_get(KEY) == ours


def test_many_publishers_at_once_leave_the_newest(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(1))

        def publish(number: int) -> None:
            with suppress(StaleDocumentError, OutcomeUnknownError):
                service.push(links(2, version=VERSION + number))

        threads = [threading.Thread(target=publish, args=(n,)) for n in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        service.push(links(2, version=VERSION + 6))
    assert rig.bucket.raw_get(KEY) == links(2, version=VERSION + 6)


def test_a_lost_answer_is_resolved_by_looking(rig: Rig) -> None:
    weather = Weather()
    with (
        Proxy(rig.bucket.server.endpoint_url, weather) as proxy,
        rig.service(s3={"endpoint_url": proxy.endpoint_url}) as service,
    ):
        service.push(links(1))
        weather.drop_reply_every = 2
        report = service.push(links(2, version=VERSION + 1))
        assert proxy.replies_dropped
    assert report.places[0].outcome == "stored"
    assert rig.bucket.raw_get(KEY) == links(2, version=VERSION + 1)


class Forgetful(S3Versions):
    """A store that gives back something else than what was put."""

    def read(self, key: str) -> Version | None:
        found = super().read(key)
        if found is None:
            return None
        return Version(
            body=found.body[:-1], etag=found.etag, put_id=found.put_id, metadata=found.metadata
        )


def test_what_is_not_given_back_as_it_was_sent_is_no_success(rig: Rig) -> None:
    with rig.service(open_store=Forgetful) as service:
        with pytest.raises(OutcomeUnknownError, match="does not give back"):
            service.push(links(3))
        assert service.runs()[0].outcome == "outcome_unknown"
    with rig.service() as service:
        assert service.push(links(3)).places[0].outcome == "unchanged"


def test_every_destination_gets_it_and_one_that_fails_holds_up_no_other(rig: Rig) -> None:
    second = s3_options(rig.bucket, prefix="second/")
    nowhere = s3_options(rig.bucket, endpoint_url=f"http://127.0.0.1:{free_port()}")
    with rig.service(more=(nowhere, second)) as service, pytest.raises(NotSentError) as caught:
        service.push(links(3))
    assert rig.bucket.raw_get(f"second/{KEY}") == links(3)
    assert any("second/" in note for note in caught.value.__notes__)
    assert len(rig.slept) == 5


def test_wrong_credentials_are_told_at_once(rig: Rig) -> None:
    with (
        rig.service(s3={"secret_access_key": "wrong"}) as service,
        pytest.raises(CredentialsError) as caught,
    ):
        service.push(links(3))
    assert caught.value.exit_code == 4
    assert rig.slept == []


def test_a_store_without_conditions_is_refused(tmp_path: Path, rclone_bucket: Bucket) -> None:
    with (
        Rig(tmp_path, rclone_bucket).service() as service,
        pytest.raises(Exception, match="does not honour"),
    ):
        service.push(links(3))
    assert rclone_bucket.keys() == []


def test_a_dataset_without_a_destination_is_refused(rig: Rig) -> None:
    with rig.service() as service:
        config = service.config
    with pytest.raises(ConfigError, match="no destination"):
        DatasetService(replace(config, destinations=()), rig.home)


DAY = 86_400.0


def test_copies_are_dated_and_kept_while_they_may_be_needed(rig: Rig) -> None:
    with rig.service(history_days=10, s3={"prefix": "p/"}) as service:
        for number, day in enumerate((0, 1, 5, 30)):
            rig.now = 1_795_000_000.0 + day * DAY
            service.push(links(2, version=VERSION + number))
        there = rig.bucket.keys()
        versions = [one.version for one in service.copies()]
        # The third was published until day 30, so it is kept; those before it are not.
        assert versions == [VERSION + 2, VERSION + 3]
        assert all(key.startswith(("p/history/20", "p/tow")) for key in there)
        copy = service.copies()[-1]
    assert rig.bucket.raw_get(copy.key) == links(2, version=VERSION + 3)
    assert copy.day.isoformat() in copy.key


def test_a_missing_copy_is_made_up_for(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(2))
    with rig.service(history_days=10) as service:
        assert service.push(links(2)).places[0].outcome == "unchanged"
        rig.now += DAY
        service.push(links(2))
        assert len(service.copies()) == 1
        assert service.copies("other.json") == []


def test_rollback_publishes_the_one_before(rig: Rig) -> None:
    with rig.service(history_days=10) as service:
        for number in range(3):
            service.push(links(2, version=VERSION + number))
        service.rollback()
        assert rig.bucket.raw_get(KEY) == links(2, version=VERSION + 1)
        assert rig.raw(KEY)["Metadata"]["forced"] == "true"
        service.rollback(str(VERSION + 2))
        assert rig.bucket.raw_get(KEY) == links(2, version=VERSION + 2)
        service.rollback(service.copies()[0].key)
        assert rig.bucket.raw_get(KEY) == links(2, version=VERSION)
        with pytest.raises(UsageError, match="no copy 'x'"):
            service.rollback("x")
        with pytest.raises(Exception, match="no earlier copy"):
            service.rollback()
        assert [run.what for run in service.runs(3)] == ["rollback"] * 3


def test_the_ledger_tells_what_became_of_each_push(rig: Rig) -> None:
    with rig.service() as service:
        service.push(links(2))
        service.push(links(2))
        with pytest.raises(StaleDocumentError):
            service.push(links(2, version=1))
    with rig.service() as service:
        runs = service.runs()
    assert [run.outcome for run in runs] == ["stale", "unchanged", "stored"]
    assert runs[0].reason.startswith("A newer document is at s3://")
    assert "@" in runs[0].who
    assert runs[2].etag == rig.raw(KEY)["ETag"]
    assert (runs[2].records, runs[2].version) == (2, VERSION)
