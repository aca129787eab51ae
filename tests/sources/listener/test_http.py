"""Senders over HTTP: what they are answered, and that the answer is true."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sealift.sources.listener import segment as segment_room
from sealift.sources.listener.formats import OutputFormat
from tests.sources.listener.samples import STREAM, Listener, event, listening
from tests.sources.listener.test_framing_xml import WHOLE

XML, JSON, NDJSON = "application/xml", "application/json", "application/x-ndjson"


def web(folder: Path, **options: Any) -> Any:
    given = {"port": -1, "http_port": 0, "output": OutputFormat.JSON, **options}
    return listening(folder, **given)


def connect(listener: Listener) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", listener.source.ports["http"], timeout=10)


def ask(
    connection: http.client.HTTPConnection,
    body: Any = None,
    *,
    method: str = "POST",
    path: str = "/events",
    **headers: str,
) -> tuple[int, dict[str, Any]]:
    connection.request(
        method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, (json.loads(text) if text else {}) | dict(answer.headers)


def talk(listener: Listener, data: bytes) -> bytes:
    """Send raw bytes; give all that comes until the other side closes."""
    address = ("127.0.0.1", listener.source.ports["http"])
    with closing(socket.create_connection(address, timeout=10)) as sender:
        sender.sendall(data)
        answer = b""
        try:
            while more := sender.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


def test_events_in_each_format_over_one_connection(tmp_path: Path) -> None:
    """Each is on disk when it is answered."""
    with web(tmp_path) as listener, closing(connect(listener)) as sender:
        assert ask(sender, STREAM, Content_Type=XML)[1]["accepted"] == 24
        assert len(listener.kept()) == 24
        one = b'{"n": 123456789012345678901234567890.10, "s": "\\u00e9"}'
        assert ask(sender, one, Content_Type=JSON)[1]["accepted"] == 1
        several = b' [ {"a":[1,{}]} ,\n{"b":"],["},{} ] '
        assert ask(sender, several, Content_Type="application/json; charset=UTF-8")[0] == 200
        assert ask(sender, b'{"l":1}\n\n{"l":2}', Content_Type=NDJSON)[1]["accepted"] == 2
        assert listener.kept() == [
            *WHOLE.good,  # type: ignore[attr-defined]
            one,
            b'{"a":[1,{}]}',
            b'{"b":"],["}',
            b"{}",
            b'{"l":1}',
            b'{"l":2}',
        ]


def test_a_body_in_chunks(tmp_path: Path) -> None:
    """Its length need not be known before."""

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(STREAM), 1000):
            yield STREAM[at : at + 1000]

    with web(tmp_path) as listener, closing(connect(listener)) as sender:
        assert ask(sender, chunks(), Content_Type=XML)[1]["accepted"] == 24


def test_bad_events_are_told_and_kept_apart(tmp_path: Path) -> None:
    """The good ones of the same request are taken."""
    with web(tmp_path) as listener, closing(connect(listener)) as sender:
        status, answer = ask(sender, event(1) + b"<EVENT>&x;</EVENT>", Content_Type=XML)
        assert (status, answer["accepted"], answer["rejected"]) == (200, 1, 1)
        assert "undefined entity" in answer["reasons"][0]
        for body, kind in [
            (b"<EVENT>half", XML),
            (b'{"a":1', JSON),
            (b'{"a":1,"a":2}', JSON),
            (b"[" * 100_000, JSON),
            (b"[1]", JSON),
            (b'{"a":NaN}\n', NDJSON),
        ]:
            status, answer = ask(sender, body, Content_Type=kind)
            assert (status, answer["accepted"], answer["rejected"]) == (400, 0, 1), body[:20]
        assert ask(sender, b" ", Content_Type=XML)[0] == 400
        assert listener.kept() == [event(1)]
        assert len(listener.rejects()) == 7


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        ({"Content_Type": "image/png"}, 415),
        ({"Content_Type": "application/xml; charset=latin-1"}, 415),
        ({"Content_Type": XML, "Content_Encoding": "gzip"}, 415),
        ({"path": "/elsewhere"}, 404),
        ({"method": "DELETE"}, 405),
        ({"method": "POST", "path": "/health"}, 405),
    ],
)
def test_requests_that_are_not_taken(
    tmp_path: Path, request_of: dict[str, str], status: int
) -> None:
    """Each is answered with what is wrong."""
    with web(tmp_path) as listener, closing(connect(listener)) as sender:
        assert ask(sender, STREAM, **request_of)[0] == status
        assert listener.kept() == []


def test_a_body_above_the_limit(tmp_path: Path) -> None:
    """It is refused before it is read, or, of unknown length, as soon as it is too large."""
    with web(tmp_path, max_request_bytes=10_000) as listener:
        head = b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/xml\r\n"
        assert b" 413 " in talk(listener, head + b"Content-Length: 10001\r\n\r\n")
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        assert b" 413 " in talk(listener, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 3)


def test_the_token_is_wanted(tmp_path: Path) -> None:
    """Without it nothing is read; the health of the listener is no secret."""
    with web(tmp_path, http_token="s3cret") as listener:
        for wrong in ("", "Bearer s3cre", "Basic s3cret", "Bearer \xe9"):
            with closing(connect(listener)) as sender:
                status, answer = ask(sender, STREAM, Content_Type=XML, Authorization=wrong)
                assert (status, answer["WWW-Authenticate"]) == (401, "Bearer")
        with closing(connect(listener)) as sender:
            assert ask(sender, method="GET", path="/health")[1]["status"] == "ok"
            assert ask(sender, STREAM, Content_Type=XML, Authorization="Bearer s3cret")[0] == 200


@pytest.mark.parametrize(
    "attack",
    [
        (
            b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
            b"Content-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\nContent-Length: 9\r\n\r\n",
        b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET /" + b"x" * 100_000,
        b"<EVENT>1</EVENT>\r\n\r\n",
    ],
    ids=["cl-te", "two-lengths", "negative", "tls", "long", "no-http"],
)
def test_what_is_no_proper_request(tmp_path: Path, attack: bytes) -> None:
    """It is answered 400 or 431 and closed; nothing of it is an event."""
    with web(tmp_path) as listener:
        answer = talk(listener, attack)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431")), answer
        assert listener.kept() == []


def test_a_slow_request_is_cut_off(tmp_path: Path) -> None:
    """Its whole time is limited, from the first byte of the head to the last of the body."""
    with web(tmp_path, frame_seconds=0.3) as listener:
        assert b" 408 " in talk(listener, b"POST /events HTTP/1.1\r\nHost")


def test_the_rate_of_an_address(tmp_path: Path) -> None:
    """Above it, the answer says when to come again."""
    with web(tmp_path, rate_events=20, rate_seconds=60) as listener:
        with closing(connect(listener)) as sender:
            assert ask(sender, STREAM, Content_Type=XML)[0] == 200
        with closing(connect(listener)) as sender:
            status, answer = ask(sender, event(1), Content_Type=XML)
            assert status == 429
            assert 1 <= int(answer["Retry-After"]) <= 20


def test_a_route_of_xml_takes_no_json(tmp_path: Path) -> None:
    """Its files could not hold it."""
    with web(tmp_path, output=OutputFormat.XML) as listener, closing(connect(listener)) as sender:
        assert ask(sender, b"{}", Content_Type=JSON)[0] == 415


def test_nothing_is_promised_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer waits for the disk; new requests are told to come again."""
    sync, full = segment_room._sync, True

    def failing(descriptor: int) -> None:
        if full:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(segment_room, "_sync", failing)
    with web(tmp_path) as listener, closing(connect(listener)) as first:
        first.request("POST", "/events", event(1), {"Content-Type": XML})
        status = 200
        while status == 200:
            with closing(connect(listener)) as other:
                status, answer = ask(other, method="GET", path="/health")
        assert (status, "No space left" in answer["status"]) == (503, True)
        with closing(connect(listener)) as other:
            status, answer = ask(other, event(2), Content_Type=XML)
            assert (status, answer["Retry-After"]) == (503, "5")
        full = False
        assert json.loads(first.getresponse().read())["accepted"] == 1
