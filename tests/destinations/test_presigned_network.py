"""The way to presigner and store: no answers, certificates, proxies, forks."""

import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.destinations.presigned_link import MOST_BYTES, HttpAnswer, Link, NoAnswerError
from sealift.destinations.presigned_options import PresignedOptions
from sealift.errors import ConfigError, NotSentError, StateError, StoreRefusedError
from sealift.testing.bucket import Answer
from sealift.testing.fault_server import FaultServer
from sealift.testing.http_server import Exchange, HttpServer
from tests.destinations.presigned_rig import Rig, a_rig, key_of, order

PROXIED = "http://store.invalid/bucket/key"


@pytest.fixture
def store() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def link(**changes: object) -> Link:
    given = {"url": "http://127.0.0.1:1/ingest/new", "device_id": "d", **changes}
    return Link(PresignedOptions(**given))  # type: ignore[arg-type]


def send(by: Link, url: str, *, seconds: float = 5.0) -> HttpAnswer:
    return by.send("PUT", url, headers=[], body=b"x", seconds=seconds)


def trouble(url: str, *, seconds: float = 5.0, **changes: object) -> str:
    with pytest.raises(NoAnswerError) as told:
        send(link(**changes), url, seconds=seconds)
    assert "127.0.0.1" not in str(told.value)
    assert told.value.__cause__ is None
    return told.value.trouble


def test_what_was_surely_not_sent_is_told_from_what_may_have_been(store: FaultServer) -> None:
    """The client's classes do not tell: a connection that breaks is a ConnectError, too."""
    url = f"{store.endpoint_url}/bucket/key"
    assert trouble("http://127.0.0.1:1/key") == "connect"
    assert trouble("http://nowhere.invalid/key") == "name"
    assert trouble("nonsense") == "connect"
    for then, says in (("close", "broken"), ("reset", "broken"), ("half", "broken")):
        store.fail(operation="PutObject", then=then, stores="now")
        assert trouble(url) == says
    store.fail(operation="PutObject", then="hang", stores="now")
    assert trouble(url, seconds=0.3) == "timeout"
    assert len(store.bucket.landings) == 4


def test_a_host_that_takes_no_connection_in_time_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}/key"
        assert trouble(url, connect_timeout_seconds=0.2) == "connect"
        for filler in fillers:
            filler.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and a certificate of it for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    folder.joinpath("leaf.ext").write_text(
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n"
        "extendedKeyUsage=serverAuth\n"
    )
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    for command in (
        ("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca",
         "-days", "2", "-addext", "keyUsage=critical,keyCertSign"),
        ("req", *curve, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=leaf"),
        ("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
         "-CAcreateserial", "-extfile", "leaf.ext", "-out", "leaf.pem"),
    ):  # fmt: skip
        subprocess.run(("openssl", *command), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def secured(certificates: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "leaf.pem", certificates / "leaf.key")
    with FaultServer(tls=context) as server:
        yield f"{server.endpoint_url}/bucket/key"


def test_a_certificate_that_is_not_trusted_is_told(secured: str) -> None:
    assert trouble(secured) == "certificate"
    destination_url = secured.replace("bucket/key", "ingest/new")
    with a_rig() as rig, pytest.raises(StoreRefusedError, match="not trusted"):
        rig.destination(url=destination_url).probe()


def test_a_bundle_of_further_authorities_is_trusted(secured: str, certificates: Path) -> None:
    bundle = certificates / "bundle.pem"
    ours = (certificates / "ca.pem").read_text()
    bundle.write_text("# ours\n" + ours + (certificates / "leaf.pem").read_text())
    assert send(link(ca_bundle=str(bundle)), secured).status == 200


@pytest.fixture
def proxy() -> Iterator[str]:
    """A proxy that answers by itself, and says what it was asked for."""

    def serve(http: Exchange) -> None:
        http.read_body()
        http.send(Answer(headers={"x-asked": http.path}))

    server = HttpServer(serve)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


def test_proxies_are_those_of_the_environment(
    proxy: str, monkeypatch: pytest.MonkeyPatch, store: FaultServer
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert send(link(), PROXIED).header("x-asked") == PROXIED
    assert trouble(PROXIED, proxy="none") == "name"
    assert send(link(), f"{store.endpoint_url}/bucket/key").header("x-asked") == "", "loopback"
    monkeypatch.setenv("NO_PROXY", "store.invalid")
    assert trouble(PROXIED) == "name"


def test_a_proxy_may_be_set(proxy: str) -> None:
    assert send(link(proxy=proxy), PROXIED).header("x-asked") == PROXIED


def test_connections_are_used_again() -> None:
    ports: set[int] = set()

    def serve(http: Exchange) -> None:
        http.read_body()
        ports.add(http.client_address[1])
        http.send(Answer())

    server = HttpServer(serve)
    server.start()
    by = link()
    for _ in range(10):
        send(by, f"http://127.0.0.1:{server.port}/key")
    server.stop()
    assert len(ports) == 1


def test_an_url_that_is_used_has_no_aws_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "poison")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "poison")
    with a_rig() as rig:
        destination, one = rig.destination(), order()
        destination.put(key_of(destination, one), one.parcel, put_id=one.put_id)
        (sent,) = rig.puts()
        assert "poison" not in str(sent)


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    def serve(http: Exchange) -> None:
        http.read_body()
        http.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:  # until the client goes away
            http.wfile.write(b"x" * 100_000)

    server = HttpServer(serve)
    server.start()
    answer = send(link(), f"http://127.0.0.1:{server.port}/key", seconds=20.0)
    assert len(answer.body) == MOST_BYTES
    server.stop()


def test_a_fork_may_not_use_the_connection() -> None:
    by = link()
    by._pid = os.getpid() + 1
    with pytest.raises(StateError, match="forked"):
        send(by, "http://127.0.0.1:1/")


def test_a_presigner_that_is_not_there_was_sent_nothing() -> None:
    with a_rig() as rig, pytest.raises(NotSentError, match="cannot be reached"):
        rig.destination(url="http://127.0.0.1:1/ingest/new").probe()


def test_a_presigner_whose_name_is_not_known_is_told() -> None:
    with a_rig() as rig, pytest.raises(NotSentError, match=": its host name is not known"):
        rig.destination(url="http://nowhere.invalid/ingest/new").probe()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "ftp://x/ingest/new"}, "url must be http"),
        ({"url": "https://x/new#a"}, "url must be http"),
        ({"url": "https://u:p@x/new"}, "must hold no login"),
        ({"url": "https://x/other", "form": "batch"}, "must end with /new"),
        ({"secret": "a", "token": "b"}, "exclude each other"),
        ({"secret": "a b"}, "visible ASCII"),
        ({"secret": "a", "device_id": "a/b"}, "device_id must be"),
        ({"device_id": ""}, "device_id is missing"),
        ({"proxy": "squid"}, "proxy must be"),
        ({"ca_bundle": "/nowhere"}, "is not a file"),
        ({"timeout_seconds": 0.0}, "timeout_seconds must be over 0"),
        ({"timeout_seconds": float("inf")}, "timeout_seconds must be over 0"),
        ({"connect_timeout_seconds": 1e300}, "connect_timeout_seconds must be over 0"),
        ({"min_bytes_per_second": float("nan")}, "min_bytes_per_second must be over 0"),
        ({"max_bytes": 0}, "max_bytes must be"),
    ],
)
def test_options_that_cannot_be_right_are_told(changes: dict[str, object], says: str) -> None:
    given = {"url": "https://x/ingest/new", "device_id": "d", **changes}
    with pytest.raises(ConfigError, match=says):
        PresignedOptions(**given).check()  # type: ignore[arg-type]


def test_good_options_pass() -> None:
    PresignedOptions(url="https://x/stage/ingest/new?code=1", device_id="d", secret="a").check()
    PresignedOptions(url="https://x/ingest/new", token="t").check()


@pytest.fixture
def rig() -> Iterator[Rig]:
    with a_rig() as made:
        yield made


def test_a_stage_before_the_path_does_not_spoil_the_signature(rig: Rig) -> None:
    destination = rig.destination(url=rig.server.url.replace("/ingest/", "/prod/ingest/"))
    one = order()
    key = key_of(destination, one)
    assert destination.head(key) is None
    assert rig.server.requests[0].path == "/prod/ingest/batch"


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://presigner.example/ingest/new", True),
        ("https://presigner.example/ingest/new", False),
        ("http://localhost:8787/ingest/new", False),
        ("http://[::1]:8787/ingest/new", False),
    ],
)
def test_urls_that_come_without_tls_are_told_of(rig: Rig, url: str, *, is_open: bool) -> None:
    assert rig.destination(url=url).is_open_to_eavesdroppers == is_open
