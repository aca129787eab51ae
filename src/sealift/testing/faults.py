"""The faults that the fault server can be told to make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sealift.testing.bucket import Call

_CAPTIVE_PAGE = b"<!DOCTYPE html><html><body>Please accept the terms of this Wi-Fi</body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong, with which requests, and how often."""

    operation: str = ""
    """S3's name of the call, such as `PutObject` or `UploadPart`; empty for all."""

    method: str = ""
    """HTTP method; empty for all."""

    key: str | Callable[[str], bool] = ""
    """The key, or what must hold for it; empty for all, and for calls without a key."""

    after: int = 0
    """How many matching requests pass unharmed first."""

    times: int | None = 1
    """How many matching requests are hit then; None for all."""

    status: int = 0
    """HTTP status of the answer; 0 for the true one."""

    code: str = ""
    """S3's error code in the answer's body."""

    body: bytes | None = None
    """The answer's body, in place of an S3 error."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers added to the answer, such as `Retry-After`."""

    without: tuple[str, ...] = ()
    """Headers left out of the answer, such as `ETag`."""

    stores: Literal["", "now", "never", "later"] = ""
    """Whether the bucket changes: later means when `land` is called. Empty: now,
    unless the answer is scripted."""

    then: Literal["answer", "half", "close", "reset", "hang"] = "answer"
    """Answer, reset after half of the answer, close, reset, or say nothing until the
    server ends."""

    reads_body: bool = True
    """Whether the request's body is read before the connection is given up."""

    delay_seconds: float = 0.0
    """How long the request waits before it takes effect."""

    bytes_per_second: float = 0.0
    """Speed of the answer; 0 for full speed."""

    def matches(self, call: Call) -> bool:
        """Whether *call* is one of those that this fault is for."""
        if self.operation not in {"", call.operation} or self.method not in {"", call.method}:
            return False
        return self.key(call.key) if callable(self.key) else self.key in {"", call.key}

    @property
    def lands(self) -> Literal["now", "never", "later"]:
        """When the bucket changes."""
        return self.stores or ("never" if self.status or not self.reads_body else "now")


NO_FAULT = Fault()
LOST_REQUEST = Fault(then="reset", reads_body=False)
LOST_ANSWER = Fault(then="close", stores="now")
LOST_BODY = Fault(then="close", stores="never")
HALF_ANSWER = Fault(then="half", stores="now")
LATE_LANDING = Fault(then="close", stores="later")
BLACK_HOLE = Fault(then="hang", stores="never")
SLOW_DOWN = Fault(status=503, code="SlowDown")
CONFLICT = Fault(status=409, code="ConditionalRequestConflict")
CAPTIVE_PAGE = Fault(status=200, body=_CAPTIVE_PAGE, headers={"Content-Type": "text/html"})
NO_ETAG = Fault(without=("ETag",))
ERROR_IN_200 = Fault(operation="CompleteMultipartUpload", status=200, code="InternalError")
HEAD_FORBIDDEN = Fault(operation="HeadObject", status=403, code="AccessDenied", times=None)
