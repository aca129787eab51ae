"""A sender that posts events over HTTP/1.1, and is answered when they are on disk."""

import hmac
import json
import math
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import h11

from sealift.sources.listener.bodies import Bodies, BodyKind, kind_of
from sealift.sources.listener.connection import Connection
from sealift.sources.listener.intake import Intake
from sealift.sources.listener.limits import Admission, Limits
from sealift.sources.listener.loop import Loop

MOST_HEAD_BYTES = 16 * 1024
KEEP_ALIVE_SECONDS = 60.0
_MOST_REASONS = 10
_RETRY_SECONDS = 5


class _Answer(NamedTuple):
    status: int
    body: dict[str, object]
    headers: tuple[tuple[str, str], ...] = ()


class HttpConnection(Connection):
    """Speaks HTTP with one sender, one request at a time.

    `POST /events` takes events; `GET /health` tells whether they are taken now.

    Args:
        sock: The socket.
        peer: The sender's address.
        loop: What serves it.
        bodies: Reads events out of bodies.
        intake: Takes events and rejects.
        admission: Counts the address's events.
        limits: Deadlines.
        max_request_bytes: Largest body.
        token: What requests must bear; empty for none.
        monotonic: Seconds that never go back.
        left: Called once when it is closed.
    """

    def __init__(
        self,
        sock: socket.socket,
        peer: str,
        loop: Loop,
        *,
        bodies: Bodies,
        intake: Intake,
        admission: Admission,
        limits: Limits,
        max_request_bytes: int,
        token: str,
        monotonic: Callable[[], float],
        left: Callable[[], None],
    ) -> None:
        super().__init__(sock, peer, loop, left)
        self._bodies = bodies
        self._intake = intake
        self._admission = admission
        self._limits = limits
        self._max_request_bytes = max_request_bytes
        self._token = token
        self._monotonic = monotonic
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)
        self._request: h11.Request | None = None
        self._kind = BodyKind.XML
        self._body = bytearray()
        self._awaits_disk = 0
        self._begun_at = monotonic()
        self._begun = False

    def received(self, data: bytes) -> None:
        """Go on with the request."""
        if not self._begun:
            self._begun, self._begun_at = True, self._monotonic()
        self._step(data)

    def ended(self) -> None:
        """Close, unless an answer waits for the disk."""
        if not self._awaits_disk:
            self.finish()

    def may_read(self) -> bool:
        """Tell whether the sender may send more now."""
        return not self._awaits_disk

    def failed(self, reason: str) -> None:
        """Tell of an error of ours."""
        self._intake.closed(self.peer, reason)

    def check_deadlines(self, now: float) -> None:
        """Close it if a request takes too long, or none comes for long."""
        if self._awaits_disk:
            return
        waited = now - self._begun_at
        if self._begun and waited > self._limits.frame_seconds:
            self._intake.closed(
                self.peer, f"a request took longer than {self._limits.frame_seconds:g} s"
            )
            self._answer(_fault(408, "The request took too long."), last=True)
        elif not self._begun and waited > KEEP_ALIVE_SECONDS:
            self.close()

    def close(self) -> None:
        """Close at once."""
        self._intake.buffered(self, 0)
        super().close()

    # Requests ---------------------------------------------------------------------------------

    def _step(self, data: bytes | None) -> None:
        """Take the next bytes, if any, and go through what they hold."""
        try:
            if data is not None:
                self._http.receive_data(data)
            while not (self.closed or self._finishing or self._awaits_disk):
                event: Any = self._http.next_event()
                if event in (h11.NEED_DATA, h11.PAUSED):
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._answer(_fault(error.error_status_hint, "The request is not HTTP/1.1."), last=True)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._request = event
            refusal = self._refusal(event)
            if refusal is not None:
                self._answer(refusal, last=True)
            elif event.target != b"/health" and self._http.they_are_waiting_for_100_continue:
                proceed = h11.InformationalResponse(status_code=100, headers=[])
                self.send(self._http.send(proceed) or b"")
        elif isinstance(event, h11.Data):
            self._body += event.data
            self._intake.buffered(self, len(self._body))
            if len(self._body) > self._max_request_bytes:
                self._answer(self._too_large(), last=True)
        elif isinstance(event, h11.EndOfMessage):
            self._complete()
        elif isinstance(event, h11.ConnectionClosed):
            self.finish()

    def _refusal(self, request: h11.Request) -> _Answer | None:
        """Give the answer to a request that is refused before its body is read."""
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        method, path = request.method, request.target.partition(b"?")[0]
        if path == b"/health":
            return None if method in (b"GET", b"HEAD") else _not_allowed("GET, HEAD")
        if path != b"/events":
            return _fault(404, "There is only POST /events and GET /health.")
        if method != b"POST":
            return _not_allowed("POST")
        bearer = "Bearer " + self._token
        given = headers.get("authorization", "")
        if self._token and not hmac.compare_digest(given.encode(), bearer.encode()):
            why = "The Authorization header does not bear the token."
            return _fault(401, why, ("WWW-Authenticate", "Bearer"))
        if "transfer-encoding" in headers and "content-length" in headers:
            return _fault(400, "Content-Length and Transfer-Encoding exclude each other.")
        return self._refusal_of_content(headers) or self._refusal_for_now()

    def _refusal_of_content(self, headers: dict[str, str]) -> _Answer | None:
        if headers.get("content-encoding", "identity").lower() != "identity":
            return _fault(415, "A body must not be compressed.")
        kind = kind_of(headers.get("content-type", ""))
        if kind is None:
            return _fault(
                415,
                "Set Content-Type to application/xml, application/json or application/x-ndjson, "
                "in UTF-8.",
            )
        if kind is not BodyKind.XML and not self._intake.takes_json:
            return _fault(415, "This route gathers XML, and takes no JSON.")
        self._kind = kind
        if int(headers.get("content-length", "0")) > self._max_request_bytes:
            return self._too_large()
        return None

    def _refusal_for_now(self) -> _Answer | None:
        why_not = self._intake.why_not(self.peer)
        if why_not:
            return _fault(503, why_not, ("Retry-After", str(_RETRY_SECONDS)))
        wait = self._admission.wait_seconds(self.peer)
        if wait > 0:
            seconds = str(math.ceil(wait))
            return _fault(429, "This address sent too many events.", ("Retry-After", seconds))
        return None

    def _too_large(self) -> _Answer:
        return _fault(413, f"A body may have {self._max_request_bytes} bytes.")

    def _complete(self) -> None:
        """Hand over the events of a whole request."""
        assert self._request is not None  # noqa: S101
        if self._request.target.partition(b"?")[0] == b"/health":
            pause = self._intake.pause
            self._answer(_Answer(503 if pause else 200, {"status": pause or "ok"}))
            return
        body = bytes(self._body)
        self._body.clear()
        self._intake.buffered(self, 0)
        good, bad = self._bodies.events(body, self._kind)
        good = self._intake.sort_out(good, bad)
        self._admission.charge(self.peer, len(good) + len(bad))
        if not good and not bad:
            self._answer(_fault(400, "The body holds no event."))
            return
        answer = _Answer(
            200 if good else 400,
            {
                "accepted": len(good),
                "rejected": len(bad),
                "reasons": [one.reason for one in bad[:_MOST_REASONS]],
            },
        )
        self._awaits_disk = bool(good) + bool(bad)
        if bad:
            self._intake.refuse(bad, self.peer, lambda: self._on_disk(answer))
        if good:
            self._intake.accept(good, lambda: self._on_disk(answer))

    def _on_disk(self, answer: _Answer) -> None:
        """Answer when all of a request is on disk. From the spools' threads."""
        self._loop.post(lambda: self._count_down(answer))

    def _count_down(self, answer: _Answer) -> None:
        self._awaits_disk -= 1
        if not self._awaits_disk and not self.closed:
            self._answer(answer, last=self._ended)
            self._step(None)  # what came meanwhile
            self._loop.update(self)

    # Answers ----------------------------------------------------------------------------------

    def _answer(self, answer: _Answer, *, last: bool = False) -> None:
        """Send an answer; after the *last* one, close."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.finish()
            return
        body = json.dumps(answer.body).encode() + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *answer.headers,
            *([("Connection", "close")] if last else []),
        ]
        head = h11.Response(status_code=answer.status, headers=headers)
        data = self._http.send(head) or b""
        if self._request is None or self._request.method != b"HEAD":
            data += self._http.send(h11.Data(data=body)) or b""
        data += self._http.send(h11.EndOfMessage()) or b""
        self.send(data)
        self._request = None
        self._begun, self._begun_at = False, self._monotonic()
        if last or not self._goes_on():
            self.finish()

    def _goes_on(self) -> bool:
        """Get ready for the next request; False if there will be none."""
        if (self._http.our_state, self._http.their_state) != (h11.DONE, h11.DONE):
            return False
        self._http.start_next_cycle()
        return True


def _fault(status: int, why: str, *headers: tuple[str, str]) -> _Answer:
    return _Answer(status, {"error": why}, headers)


def _not_allowed(methods: str) -> _Answer:
    return _fault(405, f"Use {methods}.", ("Allow", methods))
