"""The proxy is as bad a network as it is told to be, and a good one otherwise."""

import http.client
import time
from collections.abc import Callable, Iterator

import pytest

from sealift.testing.fault_server import FaultServer
from sealift.testing.proxy import Proxy, Weather
from tests.servers import Bucket

BODY = bytes(range(256)) * 400
Connect = Callable[..., http.client.HTTPConnection]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def proxy(server: FaultServer) -> Iterator[Proxy]:
    with Proxy(server.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def connect(proxy: Proxy) -> Iterator[Connect]:
    opened = []

    def connect(timeout: float = 5) -> http.client.HTTPConnection:
        address = proxy.endpoint_url.removeprefix("http://")
        opened.append(http.client.HTTPConnection(address, timeout=timeout))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def put(connection: http.client.HTTPConnection, key: str, body: bytes = BODY) -> int:
    connection.request("PUT", f"/bucket/{key}", body)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_in_good_weather_everything_passes(server: FaultServer, connect: Connect) -> None:
    connection = connect()
    assert [put(connection, key) for key in "abc"] == [200, 200, 200]
    connection.request("GET", "/bucket/b")
    assert connection.getresponse().read() == BODY
    assert server.objects["a"].body == BODY


def test_a_cut_in_the_body_stores_nothing(
    server: FaultServer, proxy: Proxy, connect: Connect
) -> None:
    proxy.weather.cut_after_bytes = 50_000
    with pytest.raises(OSError):  # noqa: PT011
        put(connect(), "k")
    proxy.weather.cut_after_bytes = None
    assert put(connect(), "other") == 200
    assert list(server.objects) == ["other"]


def test_every_third_answer_is_lost_after_the_object_is_stored(
    server: FaultServer, proxy: Proxy, connect: Connect
) -> None:
    proxy.weather.drop_reply_every = 3
    connection = connect()
    outcomes = []
    for key in "abcdef":
        try:
            outcomes.append(put(connection, key))
        except (OSError, http.client.HTTPException):
            outcomes.append(0)
            connection.close()
    assert outcomes == [200, 200, 0, 200, 200, 0]
    assert sorted(server.objects) == list("abcdef")
    assert (proxy.replies_dropped, proxy.connections) == (2, 2)


def test_a_black_hole_answers_nothing(server: FaultServer, proxy: Proxy, connect: Connect) -> None:
    proxy.weather.black_hole = True
    with pytest.raises(TimeoutError):
        put(connect(timeout=0.3), "k")
    assert server.requests == []


def test_latency_and_bandwidth_take_time(
    server: FaultServer, proxy: Proxy, connect: Connect
) -> None:
    connection = connect()
    put(connection, "warm", b"x")
    proxy.weather = Weather(latency_seconds=0.2)
    start = time.monotonic()
    put(connection, "late", b"x")
    assert time.monotonic() - start >= 0.2
    proxy.weather = Weather(bytes_per_second=200_000)
    start = time.monotonic()
    put(connection, "slow", b"x" * 100_000)
    assert time.monotonic() - start >= 0.4
    assert server.objects["slow"].body == b"x" * 100_000


def test_one_bit_is_flipped_once(server: FaultServer, proxy: Proxy, connect: Connect) -> None:
    proxy.weather.flip_byte_at = 5000
    assert put(connect(), "damaged") == 200
    damaged = server.objects["damaged"].body
    assert [a ^ b for a, b in zip(damaged, BODY, strict=True) if a != b] == [1]
    assert put(connect(), "whole") == 200
    assert server.objects["whole"].body == BODY


def test_all_connections_can_be_cut(proxy: Proxy, connect: Connect) -> None:
    first = connect()
    put(first, "a")
    proxy.cut_all()
    with pytest.raises((OSError, http.client.HTTPException)):
        put(first, "b")
    assert put(connect(), "c") == 200


def test_a_server_that_is_gone_is_a_lost_connection() -> None:
    with FaultServer() as server:
        endpoint_url = server.endpoint_url
    with Proxy(endpoint_url) as proxy:
        connection = http.client.HTTPConnection(
            proxy.endpoint_url.removeprefix("http://"), timeout=5
        )
        with pytest.raises((OSError, http.client.HTTPException)):
            put(connection, "k")
        connection.close()


@pytest.mark.server
def test_a_real_server_notices_a_flipped_bit(ministack_bucket: Bucket) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from botocore.exceptions import ClientError  # noqa: PLC0415

    with Proxy(ministack_bucket.server.endpoint_url) as proxy:
        server = replace(ministack_bucket.server, endpoint_url=proxy.endpoint_url)
        good = server.client()
        good.put_object(Bucket=ministack_bucket.name, Key="good", Body=BODY)
        good.close()
        proxy.weather.flip_byte_at = 5000
        bad = server.client()  # a connection of its own: the flip is counted from its first byte
        with pytest.raises(ClientError):
            bad.put_object(Bucket=ministack_bucket.name, Key="bad", Body=BODY)
        bad.close()
    assert ministack_bucket.keys() == ["good"]
