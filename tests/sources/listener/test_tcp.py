"""Senders on real sockets: good ones are served whatever hostile ones do meanwhile."""

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from sealift.errors import ConfigError
from sealift.events import Paused, Resumed
from sealift.sources.listener import segment as segment_room
from sealift.sources.listener.closing import Closing
from sealift.sources.listener.formats import OutputFormat
from sealift.sources.listener.framing_xml import XmlFraming
from sealift.sources.listener.happenings import (
    EventsRefused,
    FileClosed,
    SenderClosed,
    SenderRefused,
)
from tests.sources.listener.samples import STREAM, Listener, event, listening
from tests.sources.listener.test_framing_xml import BOMB, WHOLE

GOOD = WHOLE.good  # type: ignore[attr-defined]


def read_line(sender: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        more = sender.recv(1)
        if not more:
            break
        line += more
    return line.decode().rstrip("\n")


def is_closed(sender: socket.socket) -> bool:
    """Wait until the other side has closed the connection."""
    try:
        while sender.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return True


@contextmanager
def served_meanwhile(listener: Listener) -> Iterator[None]:
    """Send events one by one over another connection during the block; each must be taken."""
    stop, begun = threading.Event(), threading.Event()
    acknowledged = []

    def send() -> None:
        with closing(listener.connect()) as sender:
            sender.settimeout(5)
            while not stop.is_set() or len(acknowledged) < 3:
                sender.sendall(event(len(acknowledged)))
                acknowledged.append(read_line(sender))
                begun.set()

    thread = threading.Thread(target=send)
    thread.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert acknowledged == [f"OK {n + 1}" for n in range(len(acknowledged))]
    kept = listener.kept()
    assert all(event(n) in kept for n in range(len(acknowledged)))


def test_a_whole_stream_is_kept_and_acknowledged(tmp_path: Path) -> None:
    """`OK n` counts what is on disk; the sender's end ends the connection."""
    with listening(tmp_path) as listener:
        lines = listener.send(STREAM)
        assert lines[-1] == "OK 24"
        assert listener.kept() == GOOD


def test_without_acknowledgement_nothing_is_sent_back(tmp_path: Path) -> None:
    """As senders that know none expect it; what came is kept all the same."""
    with listening(tmp_path, acknowledge=False) as listener:
        assert listener.send(STREAM) == []
        listener.source.rotate()
        assert listener.wait_for(FileClosed).events == 24


def test_a_connection_goes_on_over_many_small_writes(tmp_path: Path) -> None:
    """Split within characters, tags and CDATA, each event is acknowledged when it is whole."""
    with listening(tmp_path) as listener, closing(listener.connect()) as sender:
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(STREAM), 61):
            sender.sendall(STREAM[at : at + 61])
        last = ""
        while last != "OK 24":
            last = read_line(sender)
        assert listener.kept() == GOOD


def test_bad_events_are_kept_apart_with_reason_peer_and_time(tmp_path: Path) -> None:
    """The good ones around them are taken, over the same connection."""
    bad = b"<EVENT><a>Smith &amp; Co</b></EVENT>"
    with listening(tmp_path) as listener:
        lines = listener.send(event(1) + bad + event(2) + b"<EVENT>half")
        assert sum(line.startswith("REJECTED ") for line in lines) == 2
        assert "OK 2" in lines
        assert listener.kept() == [event(1), event(2)]
        listener.wait_for(EventsRefused, reason="the connection ended in the middle of it")
        listener.source.close()
        first, second = listener.rejects()
        assert first["text"].encode() == bad
        assert "mismatched tag" in first["reason"]
        assert first["peer"] == "127.0.0.1"
        assert first["time"].startswith("20")
        assert second["text"] == "<EVENT>half"


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (BOMB, "a DTD is not taken"),
        ("<EVENT>x</EVENT>".encode("utf-16"), "it is not UTF-8"),
        (b"<EVENT>" + b"x" * 30_000, "an event is larger than 20000 bytes"),
        (b"\x16\x03\x01\x02\x00\x01" + b"\x00" * 30_000, "an event is larger than 20000 bytes"),
    ],
    ids=["dtd", "utf-16", "over-size", "tls-hello"],
)
def test_a_lost_stream_is_closed_with_its_reason(
    tmp_path: Path, attack: bytes, reason: str
) -> None:
    """What came is kept as a reject; others are served meanwhile."""
    with listening(tmp_path, max_event_bytes=20_000) as listener, served_meanwhile(listener):
        with closing(listener.connect()) as sender:
            sender.sendall(attack)
            assert is_closed(sender)
        listener.wait_for(SenderClosed, reason=reason)
    assert any(reason in one["reason"] for one in listener.rejects())


def test_a_slow_event_is_cut_off(tmp_path: Path) -> None:
    """The deadline is for the whole event: a byte now and then does not put it off."""
    with listening(tmp_path, frame_seconds=0.5) as listener, served_meanwhile(listener):
        with closing(listener.connect()) as slow:
            slow.settimeout(0.05)
            slow.sendall(b"<EVENT>")
            for _ in range(200):
                try:
                    slow.sendall(b"x")
                    if not slow.recv(100):
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
        assert listener.wait_for(SenderClosed).reason == "an event took longer than 0.5 s"
    assert listener.rejects()[0]["text"].startswith("<EVENT>x")


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    """After the silence that is allowed; blanks and whole events are no half event."""
    with listening(tmp_path, idle_seconds=0.3) as listener, closing(listener.connect()) as sender:
        sender.sendall(b"\n" + event(1) + b"\n<!-- c -->")
        assert is_closed(sender)
        assert listener.wait_for(SenderClosed).reason == "nothing came for 0.3 s"
        assert listener.rejects() == []


def test_more_connections_than_are_allowed(tmp_path: Path) -> None:
    """Those above the limit are closed at once; when one ends, another may come."""
    limits = {"max_connections": 5, "max_connections_per_address": 3}
    with listening(tmp_path, **limits) as listener, ExitStack() as stack:
        senders = [stack.enter_context(closing(listener.connect())) for _ in range(3)]
        with closing(listener.connect()) as fourth:
            assert is_closed(fourth)
        assert "3 connections" in listener.wait_for(SenderRefused).reason
        senders[0].sendall(event(1))
        assert read_line(senders[0]) == "OK 1"
        senders[1].shutdown(socket.SHUT_WR)
        assert is_closed(senders[1])
        assert listener.send(event(2)) == ["OK 1"]


def test_a_flood_of_connections_and_resets(tmp_path: Path) -> None:
    """Hundreds that come and break leave nothing behind."""
    with (
        listening(tmp_path, max_connections_per_address=20) as listener,
        served_meanwhile(listener),
    ):
        for n in range(300):
            sender = listener.connect()
            if n % 2:
                sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sender.close()
        assert listener.source._server._admission._connections <= 20


def test_a_sender_that_reads_no_answers(tmp_path: Path) -> None:
    """It does not hold the others up."""
    with listening(tmp_path) as listener, closing(listener.connect()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.settimeout(1)
        with served_meanwhile(listener):
            try:
                for _ in range(20):
                    deaf.sendall(b"<EVENT/>" * 2000 + b"<EVENT>&x;</EVENT>" * 500)
            except OSError:
                pass


def test_the_rate_of_an_address_is_held_by_not_reading(tmp_path: Path) -> None:
    """Nothing is dropped: what is above the rate comes later."""
    rate = {"rate_events": 10, "rate_seconds": 1.0}
    with listening(tmp_path, **rate) as listener, closing(listener.connect()) as sender:
        sender.sendall(b"".join(map(event, range(15))))
        last = ""
        while last != "OK 15":
            last = read_line(sender)
        sender.settimeout(0.2)
        sender.sendall(event(15))
        with pytest.raises(TimeoutError):
            sender.recv(1)
        sender.settimeout(10)
        assert read_line(sender) == "OK 16"


def test_a_full_disk_stops_reading_and_no_acknowledged_event_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and goes on by itself."""
    with listening(tmp_path) as listener, closing(listener.connect()) as sender:
        sender.sendall(event(0))
        assert read_line(sender) == "OK 1"
        sync, full = segment_room._sync, True

        def failing(descriptor: int) -> None:
            if full:
                raise OSError(28, "No space left on device")
            sync(descriptor)

        monkeypatch.setattr(segment_room, "_sync", failing)
        sender.sendall(event(1))
        reason = listener.wait_for(Paused, place="listener").reason
        assert "No space left" in reason
        sender.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sender.recv(1)
        full = False
        listener.wait_for(Resumed, place="listener")
        sender.settimeout(10)
        assert read_line(sender) == "OK 2"


def test_files_that_cannot_be_closed_stop_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and tried again until it goes."""
    with listening(tmp_path) as listener:
        assert listener.send(event(1)) == ["OK 1"]
        with monkeypatch.context() as broken:
            broken.setattr(Closing, "close", lambda *_: 1 / 0)
            listener.source.rotate()
            assert "ZeroDivisionError" in listener.wait_for(Paused, place="listener").reason
        listener.wait_for(Resumed, place="listener")
        assert listener.wait_for(FileClosed).events == 1


def test_an_error_of_ours_ends_one_connection_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on, and it is told."""
    feed = XmlFraming.feed

    def failing(self: XmlFraming, data: bytes) -> list[bytes]:
        if b"poison" in data:
            raise RuntimeError
        return feed(self, data)

    monkeypatch.setattr(XmlFraming, "feed", failing)
    with listening(tmp_path) as listener, served_meanwhile(listener):
        with closing(listener.connect()) as sender:
            sender.sendall(b"poison")
            assert is_closed(sender)
        assert listener.wait_for(SenderClosed).reason == "unexpected RuntimeError"


def test_a_full_spool_stops_reading_until_files_are_delivered(tmp_path: Path) -> None:
    """The spool stays within its limit, whatever is sent."""
    limits = {"max_file_bytes": 50_000, "max_spool_bytes": 300_000}
    with listening(tmp_path, **limits) as listener, closing(listener.connect()) as sender:
        sender.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 10_000:
                sender.sendall(event(sent, size=10_000))
                sent += 1
        assert sent < 10_000
        listener.wait_for(Paused, place="listener")
        with listener.told:
            listener.events.clear()
        closed = list(tmp_path.glob("events/closed/[!.]*"))
        for path in closed:
            path.unlink()
        listener.wait_for(Resumed, place="listener")


def test_lines_and_lengths(tmp_path: Path) -> None:
    """The other two framings, over a socket."""
    json = OutputFormat.NDJSON
    with listening(tmp_path / "a", framing="lines", output=json) as listener:
        assert listener.send(b'{"a":1}\r\n\n[]\n{"b":2}\n{"c"')[-1].startswith(("OK 2", "REJ"))
        listener.source.close()
        assert listener.kept() == [b'{"a":1}', b'{"b":2}']
        assert len(listener.rejects()) == 2
    with listening(tmp_path / "b", framing="length", output=json) as listener:
        frames = [event(1), b'{"a":1}', b"<EVENT>"]
        data = b"".join(len(one).to_bytes(4, "big") + one for one in frames)
        listener.send(data + b"\xff\xff\xff\xff")
        listener.source.close()
        assert listener.kept() == frames[:2]
        assert [one["bytes"] for one in listener.rejects()] == [7, 4]


def test_a_port_in_use_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    """It says which port."""
    with listening(tmp_path / "a") as listener:
        port = listener.source.ports["tcp"]
        with pytest.raises(ConfigError, match=f"port {port}"):
            Listener(tmp_path / "b", port=port)


def make_certificate(folder: Path, name: str) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, with its key in the same file."""
    path = folder / f"{name}.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path), "-out", "-"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / f"{name}.crt").write_bytes(made.stdout)
    path.write_bytes(path.read_bytes() + made.stdout)
    return path


def tls(listener: Listener, context: ssl.SSLContext) -> ssl.SSLSocket:
    raw = listener.connect()
    return context.wrap_socket(raw, server_hostname="127.0.0.1", do_handshake_on_connect=False)


def is_answered(listener: Listener, context: ssl.SSLContext) -> bool:
    """Tell whether a sender with this context gets anything back."""
    with tls(listener, context) as sender:
        try:
            sender.do_handshake()
            sender.sendall(STREAM)
            return bool(sender.recv(1))
        except OSError:
            return False


def test_tls_with_client_certificates(tmp_path: Path) -> None:
    """Who has the right certificate is served, who has none or speaks no TLS is not."""
    server, client = make_certificate(tmp_path, "server"), make_certificate(tmp_path, "client")
    options = {"tls_certificate": server, "tls_client_ca": tmp_path / "client.crt"}
    with listening(tmp_path / "spool", **options) as listener:
        context = ssl.create_default_context(cafile=str(tmp_path / "server.crt"))
        with closing(listener.connect()) as plain:
            plain.sendall(STREAM)
            assert is_closed(plain)
        assert not is_answered(listener, context)
        context.load_cert_chain(client)
        with tls(listener, context) as sender:
            sender.sendall(STREAM * 100)
            while (last := read_line(sender)) != "OK 2400":
                assert last.startswith("OK ")
        assert listener.kept() == GOOD * 100
