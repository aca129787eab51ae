"""When there is no more room for what is no event, good senders go on, and nothing is lost."""

import json
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sealift.events import Paused, Resumed
from sealift.sources.listener import listener as listener_room
from sealift.sources.listener.happenings import EventsAccepted, EventsRefused, OldParser
from tests.sources.listener.samples import Listener, event, listening
from tests.sources.listener.test_tcp import read_line

LIMITS: dict[str, Any] = {"max_rejects_bytes": 20_000, "max_file_bytes": 10_000}
BAD = b"<EVENT><a>" + b"x" * 6000 + b"</EVENT>"


def bad_sender(listener: Listener, *, host: int = 2) -> socket.socket:
    """From an address of its own."""
    return socket.create_connection(
        ("127.0.0.1", listener.source.ports["tcp"]), 10, source_address=(f"127.0.0.{host}", 0)
    )


def test_senders_of_rejects_wait_and_others_do_not(tmp_path: Path) -> None:
    """What the waiting ones sent before is kept; they go on when there is room."""
    with listening(tmp_path, **LIMITS) as listener, closing(bad_sender(listener)) as bad:
        sent = 4
        for _ in range(sent):
            bad.sendall(BAD)
            assert "REJECTED" in read_line(bad)
        bad.sendall(BAD)
        assert listener.wait_for(Paused, place="rejects").hint
        for number in range(3):
            assert listener.send(event(number)) == ["OK 1"]
        assert len(listener.told_of(EventsRefused)) == sent
        assert listener.told_of(Paused, place="listener") == []
        with closing(bad_sender(listener)) as again:
            again.sendall(BAD)
            assert listener.send(event(3)) == ["OK 1"]
        assert listener.kept() == [event(number) for number in range(4)]
        listener.source.rotate()
        taken = 0
        with listener.told:
            while not listener.told_of(Resumed, place="rejects"):
                for path in tmp_path.glob("rejects/closed/[!.]*"):
                    taken += len(path.read_bytes().splitlines())
                    path.unlink()
                listener.told.wait(0.1)
        assert taken == sent
        assert "REJECTED" in read_line(bad)


def test_at_twice_the_bytes_nobody_is_read_from(tmp_path: Path) -> None:
    """However many addresses a hostile sender has, the disk is not filled."""
    with listening(tmp_path, **LIMITS) as listener:
        for host in range(2, 9):
            with closing(bad_sender(listener, host=host)) as bad:
                bad.sendall(BAD)
                assert "REJECTED" in read_line(bad)
        with closing(bad_sender(listener, host=9)) as bad, closing(listener.connect()) as good:
            bad.sendall(BAD)
            good.sendall(event(1))
            good.settimeout(0.5)
            with pytest.raises(TimeoutError):
                read_line(good)
        reason = listener.wait_for(Paused, place="listener").reason
        assert reason == "There is no room: 40000 bytes are no events."
        assert len(listener.told_of(EventsRefused)) == 7


def test_over_http_it_is_told(tmp_path: Path) -> None:
    """503, so that the sender keeps it and tries again."""
    options = {**LIMITS, "http_port": 0, "max_rejects_bytes": 5000}
    with listening(tmp_path, **options) as listener:
        answers = []
        for _ in range(2):
            with socket.create_connection(
                ("127.0.0.1", listener.source.ports["http"]), timeout=10
            ) as sender:
                head = "POST /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                kind = f"Content-Type: application/xml\r\nContent-Length: {len(BAD)}\r\n\r\n"
                sender.sendall((head + kind).encode() + BAD)
                answers.append(sender.makefile("rb").read())
        assert answers[0].startswith(b"HTTP/1.1 400 ")
        assert answers[1].startswith(b"HTTP/1.1 503 ")
        why = json.loads(answers[1].rpartition(b"\r\n\r\n")[2])["error"]
        assert why == "There is no room for more of what is no event."
        assert len(listener.told_of(EventsRefused)) == 1


def test_accepted_events_are_told_in_sums(tmp_path: Path) -> None:
    """The last of them when it ends."""
    with listening(tmp_path) as listener:
        listener.send(b"".join(map(event, range(50))))
        listener.wait_for(EventsAccepted)
        listener.send(event(50))
    assert sum(one.count for one in listener.told_of(EventsAccepted)) == 51


@pytest.mark.parametrize(("wanted", "told"), [((0, 0, 1), 0), ((99, 0, 0), 1)])
def test_an_old_parser_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: tuple[int, ...], told: int
) -> None:
    monkeypatch.setattr(listener_room, "SAFE_EXPAT", wanted)
    with listening(tmp_path) as listener:
        listener.send(event(1))
    assert len(listener.told_of(OldParser)) == told
