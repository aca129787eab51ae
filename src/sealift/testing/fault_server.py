"""An S3-like server on a thread that fails exactly as it is told, and remembers every request."""

import hashlib
import ssl
import threading
import time
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from sealift.testing.bucket import Answer, Call, MemoryBucket, StoredObject, error
from sealift.testing.faults import NO_FAULT, Fault
from sealift.testing.http_server import Exchange, HttpServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived, and what became of it."""

    call: Call
    at: float
    """When it took effect, in seconds of the monotonic clock."""

    sha256: str
    """Hash of the body that was read."""

    status: int
    """HTTP status that was sent or would have been; 0 if the body was never read."""

    fault: Fault
    """`NO_FAULT` if it was answered truly."""


@dataclass(slots=True)
class _Scripted:
    """A fault, and how many requests matched it."""

    fault: Fault
    matched: int = 0

    def hits(self, call: Call) -> bool:
        if not self.fault.matches(call):
            return False
        self.matched += 1
        nth = self.matched - self.fault.after
        return nth > 0 and (self.fault.times is None or nth <= self.fault.times)


class FaultServer:
    """
    Answers like S3 on a free port of 127.0.0.1, until the block ends.

    It speaks path-style S3 with one bucket in memory, checks no signatures, and
    keeps If-None-Match and If-Match. Faults come to pass in the order in which they
    were scripted; a request is hit by the first that matches.

    Args:
        bucket: The only bucket there is.
        region: The bucket's region, by its HEAD.
        latency_seconds: How long each request takes at least.
        bare_etags: In `If-Match`, an ETag in quotes never fits, as with Ceph RGW.
        tls: Serve HTTPS with this context.
    """

    def __init__(
        self,
        *,
        bucket: str = "bucket",
        region: str = "us-east-1",
        latency_seconds: float = 0.0,
        bare_etags: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.bucket = MemoryBucket(bucket, region, bare_etags=bare_etags)
        self.requests: list[Request] = []
        self.latency_seconds = latency_seconds
        self._script: list[_Scripted] = []
        self._held: list[Call] = []
        self._lock = threading.Lock()
        self._server = HttpServer(self._exchange, tls=tls)
        self.port = self._server.port
        self.endpoint_url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    @property
    def objects(self) -> dict[str, StoredObject]:
        """What is stored now, by key."""
        return self.bucket.objects

    def fail(self, fault: Fault = NO_FAULT, /, **changes: Any) -> None:
        """
        Script a fault: one of this module's, with *changes* to its fields.

        `fail(method="PUT", status=503, code="SlowDown", times=3)` and
        `fail(LOST_ANSWER, operation="PutObject", after=1)` are typical.
        """
        with self._lock:
            self._script.append(_Scripted(replace(fault, **changes)))

    def heal(self) -> None:
        """Forget every fault that is still scripted."""
        with self._lock:
            self._script.clear()

    def land(self) -> None:
        """Apply the requests that were held back, conditions and all, in order."""
        with self._lock:
            for call in self._held:
                self.bucket.apply(call)
            self._held.clear()

    def calls(self, operation: str, key: str = "") -> list[Request]:
        """Give the requests of one kind, in the order in which they took effect."""
        with self._lock:
            return [
                request
                for request in self.requests
                if request.call.operation == operation and key in {"", request.call.key}
            ]

    def put_ids_with_second_keys(self) -> dict[str, set[str]]:
        """Give every put id that was sent to more than one key, with those keys."""
        keys: dict[str, set[str]] = {}
        with self._lock:
            for request in self.requests:
                call = request.call
                if call.put_id and call.operation in {"PutObject", "CreateMultipartUpload"}:
                    keys.setdefault(call.put_id, set()).add(call.key)
        return {put_id: sent for put_id, sent in keys.items() if len(sent) > 1}

    def keys_stored_twice(self) -> set[str]:
        """Give every key at which one object took another's place."""
        with self._lock:
            keys = [key for key, _ in self.bucket.landings]
        return {key for key in keys if keys.count(key) > 1}

    def _exchange(self, http: Exchange) -> None:
        """Serve one request."""
        call = Call.parse(http.command, http.path, {k.lower(): v for k, v in http.headers.items()})
        fault = self._next_fault(call)
        if fault.reads_body:
            call = replace(call, body=http.read_body())
        self._server.ending.wait(self.latency_seconds + fault.delay_seconds)
        with self._lock:
            answer = self._take_effect(call, fault)
        if fault.then == "hang":
            self._server.ending.wait()
        if fault.then in {"answer", "half"}:
            half = fault.then == "half"
            http.send(answer, half=half, bytes_per_second=fault.bytes_per_second)
        if fault.then != "answer":
            http.give_up(reset=fault.then in {"half", "reset"})

    def _next_fault(self, call: Call) -> Fault:
        with self._lock:
            for scripted in self._script:
                if scripted.hits(call):
                    return scripted.fault
        return NO_FAULT

    def _take_effect(self, call: Call, fault: Fault) -> Answer:
        answer = Answer()
        if fault.lands == "now":
            answer = self.bucket.apply(call)
        elif fault.lands == "later":
            self._held.append(call)
        if fault.status:
            answer = error(fault.status, fault.code or "Scripted")
            if fault.body is not None:
                answer = Answer(status=fault.status, body=fault.body)
        headers = {k: v for k, v in answer.headers.items() if k not in fault.without}
        answer = replace(answer, headers=headers | dict(fault.headers))
        self.requests.append(
            Request(
                call=call,
                at=time.monotonic(),
                sha256=hashlib.sha256(call.body).hexdigest(),
                status=answer.status if fault.reads_body else 0,
                fault=fault,
            )
        )
        return answer
