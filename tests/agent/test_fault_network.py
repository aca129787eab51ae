"""Bad networks between a real agent and its store; numbered as the faults are."""

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.agent import health
from sealift.agent.agent import Agent
from sealift.agent.surroundings import Surroundings
from sealift.errors import StoreRefusedError
from sealift.events import AttemptFailed, Delivered, Event
from sealift.testing.fault_server import FaultServer
from sealift.testing.faults import BLACK_HOLE, LOST_REQUEST
from sealift.testing.proxy import Proxy
from tests.agent.rig import Rig, check_server, s3
from tests.servers import Bucket


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 1.0)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


@pytest.fixture
def proxy(server: FaultServer) -> Iterator[Proxy]:
    with Proxy(server.endpoint_url) as one:
        yield one


@pytest.fixture
def rig(tmp_path: Path, server: FaultServer, proxy: Proxy) -> Rig:
    return Rig(tmp_path, (s3(server, endpoint_url=proxy.endpoint_url, timeout_seconds=1.0),))


def test_13_every_fifth_reply_lost_and_still_every_file_once(
    rig: Rig, server: FaultServer, proxy: Proxy
) -> None:
    bodies = rig.fill(60)
    proxy.weather.drop_reply_every = 5
    assert rig.run().exit_code == 0
    assert proxy.replies_dropped >= 12
    check_server(server, rig, bodies)


def test_15_a_reset_before_the_body(rig: Rig, server: FaultServer) -> None:
    bodies = rig.fill(3)
    server.fail(LOST_REQUEST, operation="PutObject", times=2)
    assert rig.run().exit_code == 0
    check_server(server, rig, bodies)


def test_15_a_reset_in_the_middle_of_the_body_shows_nothing_partial(
    rig: Rig, server: FaultServer, proxy: Proxy
) -> None:
    body = b'{"n": "' + b"x" * 300_000 + b'"}'
    rig.write("a.json", body)
    proxy.weather.cut_after_bytes = 150_000
    with rig.running():
        rig.wait_for(AttemptFailed, 2)
        assert server.objects == {}
        proxy.weather.cut_after_bytes = None
        rig.wait_for(Delivered)
    rig.run()
    check_server(server, rig, {"a.json": body})


def test_18_a_store_that_never_answers_stops_only_its_own_route(
    tmp_path: Path, server: FaultServer
) -> None:
    (tmp_path / "stuck").mkdir()
    (tmp_path / "well").mkdir()
    with FaultServer() as silent:
        silent.fail(BLACK_HOLE, times=None)
        stuck = Rig(tmp_path / "stuck", (s3(silent, timeout_seconds=1.0),))
        well = Rig(tmp_path / "well", (s3(server),))
        stuck.fill(50)
        bodies = well.fill(50)
        routes = [stuck.route(), well.route()]
        object.__setattr__(routes[0], "name", "stuck")
        told: list[tuple[float, Event]] = []
        began = time.monotonic()

        def note(event: Event) -> None:
            told.append((time.monotonic() - began, event))

        with Agent(routes, well.state_dir, Surroundings(notify=note)) as agent:
            outcome = agent.run(once=True)
        delivered = [at for at, event in told if isinstance(event, Delivered)]
        assert len(delivered) == len(bodies)
        assert max(delivered) < 1.0, "they waited for the other route"
        assert outcome.exit_code == 3
        assert len(stuck.names()) == 50
        assert any(isinstance(event, AttemptFailed) for _, event in told)


def test_18_draining_does_not_wait_for_all_that_is_queued(tmp_path: Path) -> None:
    with FaultServer() as silent:
        silent.fail(BLACK_HOLE, times=None)
        rig = Rig(tmp_path, (s3(silent, timeout_seconds=2.0),))
        bodies = rig.fill(200)
        with rig.running() as agent:
            wait_until_asked(silent)
            began = time.monotonic()
            agent.drain()
        assert time.monotonic() - began < 7.0, "a put and its look take four seconds"
        assert rig.names() == sorted(bodies)


def wait_until_asked(server: FaultServer) -> None:
    until = time.monotonic() + 10
    while not server.calls("PutObject"):
        assert time.monotonic() < until
        server._server.ending.wait(0.01)


def test_22_a_slow_link_carries_a_large_file_while_small_ones_pass(
    tmp_path: Path, server: FaultServer, proxy: Proxy
) -> None:
    slow = s3(
        server, endpoint_url=proxy.endpoint_url, timeout_seconds=1.0, min_bytes_per_second=50_000
    )
    rig = Rig(tmp_path, (slow,))
    large = b'{"n": "' + b"x" * 400_000 + b'"}'
    rig.write("large.json", large)
    small = rig.fill(5)
    proxy.weather.bytes_per_second = 120_000  # over three seconds: more than the usual timeout
    assert rig.run().exit_code == 0
    check_server(server, rig, {"large.json": large, **small})
    order = [event.name for event in rig.told_of(Delivered)]
    assert order[-1] == "large.json"
    assert rig.told_of(AttemptFailed) == []


@pytest.mark.parametrize("where", ["http://127.0.0.1:1", "http://nowhere.invalid"])
def test_23_a_store_that_is_not_there_keeps_the_files(tmp_path: Path, where: str) -> None:
    with FaultServer() as unused:
        rig = Rig(tmp_path, (s3(unused, endpoint_url=where, proxy="none"),))
    bodies = rig.fill(3)
    assert rig.run().exit_code == 3
    assert rig.names() == sorted(bodies)
    assert {event.code for event in rig.told_of(AttemptFailed)} == {"not_sent"}


def test_23_a_certificate_that_is_not_trusted_pauses(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", key, "-out", certificate, "-days", "1"),
            *("-subj", "/CN=127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with FaultServer(tls=tls) as server:
        rig = Rig(tmp_path, (s3(server),))
        bodies = rig.fill(2)
        paused = rig.run().paused
        assert isinstance(paused, StoreRefusedError)
        assert rig.names() == sorted(bodies)
        assert server.requests == []


def test_25_a_flipped_bit_is_refused_by_the_store_and_sent_again(
    rig: Rig, server: FaultServer, proxy: Proxy
) -> None:
    body = b'{"n": "' + b"x" * 50_000 + b'"}'
    rig.write("a.json", body)
    proxy.weather.flip_byte_at = 20_000
    assert rig.run().exit_code == 0
    assert proxy.weather.flip_byte_at is None, "nothing was damaged"
    check_server(server, rig, {"a.json": body})
    assert [call.status for call in server.calls("PutObject")] == [400, 200]


@pytest.mark.server
def test_25_read_back_finds_what_the_store_damaged(
    tmp_path: Path, ministack_bucket: Bucket
) -> None:
    there = ministack_bucket.server
    with Proxy(there.endpoint_url) as proxy, FaultServer() as unused:
        destination = s3(
            unused,
            bucket=ministack_bucket.name,
            endpoint_url=proxy.endpoint_url,
            access_key_id=there.access_key_id,
            secret_access_key=there.secret_access_key,
            verify="read-back",
        )
        rig = Rig(tmp_path, (destination,))
        body = b'{"n": "' + b"x" * 50_000 + b'"}'
        rig.write("a.json", body)
        proxy.weather.flip_byte_at = 20_000
        assert rig.run().exit_code == 0
    [key] = ministack_bucket.keys()
    assert ministack_bucket.raw_get(key) == body
