"""The presigner itself: from a request to its answer, with no server around it."""

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson

from sealift.destinations.presigned_signing import ROOT
from sealift.naming import new_id
from sealift.presigner import orders
from sealift.presigner.audit import Audit, Write
from sealift.presigner.auth import Authenticator, RefusedError
from sealift.presigner.exchange import Answer, Request
from sealift.presigner.identity import Identity
from sealift.presigner.keys import check_device, check_item_id, make_key
from sealift.presigner.lookup import LIFE_SECONDS, Look, what_is_stored
from sealift.presigner.problems import CONTENT_TYPE, ProblemError
from sealift.presigner.quotas import Quotas
from sealift.presigner.sign import Signer

_log = logging.getLogger(__name__)

_NEW: Final = f"{ROOT}new"
_BATCH: Final = f"{ROOT}batch"
_ITEMS: Final = f"{ROOT}items/"
_NO_STORE: Final = {"cache-control": "no-store"}

Count = Callable[[str, int], object]
"""Counts so many of an outcome: `signed`, `looked`, or the code of a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms URLs are given out."""

    prefix: str = "uploads/"
    """What every key begins with; empty or with its slash at the end."""

    life_seconds: int = 300
    max_bytes: int = orders.MAX_LENGTH
    allow_minimal: bool = True
    """Sign also for clients that say nothing of the bytes: such a URL takes any body."""

    encryption: tuple[tuple[str, str], ...] = (("x-amz-server-side-encryption", "AES256"),)
    """Headers for encryption at rest that every upload must send, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the presigner works with."""

    terms: Terms
    identity: Identity
    auth: Authenticator
    quotas: Quotas
    look: Look
    write_audit: Write
    clock: Callable[[], float]
    """Seconds since 1970."""

    random: Callable[[int], bytes]
    count: Count = field(default=lambda _outcome, _number: None)


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One request of a proven device, and what its URLs have in common."""

    device: str
    now: float
    signer: Signer
    life_seconds: int
    expires_at: str
    audit: Audit
    lines: list[bytes] = field(default_factory=list)


class Presigner:
    """Answers requests; keeps no state but what quotas and replay protection count.

    Safe to use from many threads.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._terms = parts.terms

    def may_block(self, request: Request) -> bool:
        """Tell whether answering *request* may ask another server, and so take a while."""
        parts = self._parts
        return (
            request.method != "POST"
            or parts.auth.may_block
            or not parts.identity.is_fresh(parts.clock())
        )

    def answer(self, request: Request) -> Answer:
        """Answer *request*; whatever happens, there is an answer."""
        now = self._parts.clock()
        audit = Audit(write=self._parts.write_audit, source=request.source, time=_rfc3339(int(now)))
        try:
            return self._answer(request, now, audit)
        except RefusedError as error:
            # The same for every reason: an answer that differs would tell a forger how near he is.
            audit.device = error.device
            self._refuse(audit, "unauthorized", error.reason)
            challenge = {"www-authenticate": self._parts.auth.scheme}
            return _problem(ProblemError("unauthorized", headers=challenge))
        except ProblemError as error:
            self._refuse(audit, error.code, error.detail)
            return _problem(error)
        except Exception as error:  # noqa: BLE001 - a service goes on
            frame = traceback.extract_tb(error.__traceback__)[-1]
            # The message might hold what a device sent; the place says enough.
            _log.error(
                "presigner.internal: %s in %s, line %s",
                type(error).__name__,
                frame.name,
                frame.lineno,
            )
            return self.fault()

    def fault(self, code: str = "internal") -> Answer:
        """Answer what is no word on the request itself: a fault of ours, or of the way to us."""
        self._parts.count(code, 1)
        return _problem(ProblemError(code))

    def _answer(self, request: Request, now: float, audit: Audit) -> Answer:
        place = request.place
        if place == _NEW:
            _expect(request, "POST")
            return self._new(request, now, audit)
        if place == _BATCH:
            _expect(request, "POST")
            return self._batch(request, now, audit)
        if place.startswith(_ITEMS):
            _expect(request, "GET")
            return self._item(request, now, audit)
        raise ProblemError("not_found")

    def _new(self, request: Request, now: float, audit: Audit) -> Answer:
        proven = audit.device = self._parts.auth.device(request, now)
        body = orders.read_body(request.body)
        visit = self._visit(proven, orders.device_of(body), now, audit, urls=1)
        order = orders.read_order(body)
        answer = self._sign(visit, order)
        self._finish(visit)
        return _json({"url": answer["url"], "key": answer["key"]} if order.is_minimal else answer)

    def _batch(self, request: Request, now: float, audit: Audit) -> Answer:
        proven = audit.device = self._parts.auth.device(request, now)
        body = orders.read_body(request.body)
        claimed = orders.device_of(body)
        items = orders.read_batch(body)
        visit = self._visit(proven, claimed, now, audit, urls=len(items))
        answers = []
        for item in items:
            try:
                answers.append(self._sign(visit, orders.read_batch_item(item)))
            except ProblemError as error:
                self._refuse(audit, error.code, error.detail)
                answers.append({"problem": error.as_details()})
        self._finish(visit)
        return _json({"items": answers})

    def _item(self, request: Request, now: float, audit: Audit) -> Answer:
        proven = audit.device = self._parts.auth.device(request, now)
        asked = dict(request.parameters)
        for name in asked:
            if name not in {"filename", "device_id"}:
                raise ProblemError("unknown_field", detail="Only filename is asked for.")
        visit = self._visit(proven, asked.get("device_id", ""), now, audit, urls=1)
        item_id = check_item_id(request.place.removeprefix(_ITEMS))
        if "filename" not in asked:
            raise ProblemError("missing_field", field="filename", detail="filename is missing.")
        key = make_key(self._terms.prefix, visit.device, item_id, asked["filename"])
        url = visit.signer.url(
            "HEAD", key, now=int(now), life_seconds=min(LIFE_SECONDS, visit.life_seconds)
        )
        found = what_is_stored(self._parts.look, url)
        self._parts.count("looked", 1)
        return _json({"item_id": item_id, "key": key, **found})

    def _visit(self, proven: str, claimed: str, now: float, audit: Audit, *, urls: int) -> _Visit:
        """Settle whose request it is, and whether it may go on."""
        if proven and claimed and claimed != proven:
            raise ProblemError("device_mismatch", field="device_id")
        device = proven or claimed
        if not device:
            raise ProblemError("missing_field", field="device_id", detail="device_id is missing.")
        audit.device = check_device(device)
        self._parts.quotas.admit(device, urls, now)
        signer, life = self._parts.identity.signer(now, self._terms.life_seconds)
        return _Visit(
            device=device,
            now=now,
            signer=signer,
            life_seconds=life,
            expires_at=_rfc3339(int(now) + life),
            audit=audit,
        )

    def _sign(self, visit: _Visit, order: orders.Order) -> dict[str, Any]:
        terms = self._terms
        if order.is_minimal and not terms.allow_minimal:
            raise ProblemError("minimal_refused")
        if order.content_length > terms.max_bytes:
            raise ProblemError(
                "length_over_limit",
                field="content_length",
                detail=f"This service takes files of up to {terms.max_bytes} bytes.",
            )
        item_id = order.item_id or new_id(visit.now, self._parts.random)
        key = make_key(terms.prefix, visit.device, item_id, order.filename)
        self._parts.quotas.charge(visit.device, order.content_length, visit.now)
        headers = [] if order.is_minimal else order.headers(item_id, terms.encryption)
        url = visit.signer.url(
            "PUT", key, headers=headers, now=int(visit.now), life_seconds=visit.life_seconds
        )
        visit.lines.append(
            visit.audit.signed(
                key=key,
                sha256=order.sha256,
                length=order.content_length,
                expires_at=visit.expires_at,
            )
        )
        return {
            "url": url,
            "key": key,
            "headers": dict(headers),
            "expires_at": visit.expires_at,
            "item_id": item_id,
        }

    def _finish(self, visit: _Visit) -> None:
        """Have the audit written; only then may the URLs leave."""
        if visit.lines:
            self._parts.write_audit(b"".join(visit.lines))
            self._parts.count("signed", len(visit.lines))

    def _refuse(self, audit: Audit, code: str, reason: str) -> None:
        audit.refused(code=code, reason=reason)
        self._parts.count(code, 1)


def _expect(request: Request, method: str) -> None:
    if request.method != method:
        raise ProblemError("method_not_allowed", headers={"allow": method})
    if len(request.body) > orders.MAX_BODY_BYTES:
        raise ProblemError(
            "body_too_large",
            detail=f"A body may have {orders.MAX_BODY_BYTES} bytes.",
        )


def _json(found: Mapping[str, object]) -> Answer:
    return Answer(body=orjson.dumps(found), headers=_NO_STORE)


def _problem(error: ProblemError) -> Answer:
    headers = {**_NO_STORE, **error.headers}
    if error.retry_after_seconds:
        headers["retry-after"] = str(error.retry_after_seconds)
    return Answer(
        status=error.status,
        body=orjson.dumps(error.as_details()),
        content_type=CONTENT_TYPE,
        headers=headers,
    )


@lru_cache(maxsize=64)
def _rfc3339(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
