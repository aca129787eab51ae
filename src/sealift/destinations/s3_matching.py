"""Finds out how a store takes `If-Match`: with the ETag as it gives it, without quotes, or not."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from sealift.destinations.base import Found
from sealift.destinations.s3_conditions import PROBE_FOLDER, STALE_ETAG, create, remove, replace
from sealift.destinations.s3_look import Eyes
from sealift.errors import NotSentError, OutcomeUnknownError, PausedError, TransientError

if TYPE_CHECKING:
    from sealift.destinations.s3_link import Link

T = TypeVar("T")

_STEP_TRIES: Final = 4

Quotes = Literal["as given", "without", "refused"]
"""How an ETag is wanted in `If-Match`; refused: the store does not honour conditions."""


def find_quotes(link: "Link") -> Quotes:
    """Try out creates and replaces with one object, which is deleted again.

    Raises:
        NotSentError: It could not be found out now.
        PausedError: The store does not let us try.
    """
    key = f"{link.options.prefix}{PROBE_FOLDER}{uuid.uuid4().hex}"
    try:
        return _try_out(link, key)
    except OutcomeUnknownError as error:
        # It was only the probe whose fate is unknown.
        raise NotSentError(error.message, hint=error.hint) from None
    finally:
        remove(link, key)


def _try_out(link: "Link", key: str) -> Quotes:
    # The first may have landed although its answer was lost: then a later one is refused.
    if not _creates(link, key) and _look(link, key) is None:
        return "refused"
    if _creates(link, key):
        return "refused"
    if _replaces(link, key, STALE_ETAG):
        return "refused"
    found = _look(link, key)
    etag = found.etag if found else ""
    if not etag:
        return "refused"
    if _replaces(link, key, etag):
        return "as given"
    return "without" if _replaces(link, key, etag.strip('"')) else "refused"


def _look(link: "Link", key: str) -> Found | None:
    return _insist(lambda: Eyes(link).look(key))


def _creates(link: "Link", key: str) -> bool:
    """Create the probe's object; tell whether the store did, or refused."""

    def step() -> bool:
        answer = create(link, key)
        if answer is None or answer.status in {304, 409, 412, 501}:
            return answer is None
        doing = f"Trying out s3://{link.options.bucket}"
        raise link.explain(answer, doing=doing, writing=True)

    return _insist(step)


def _replaces(link: "Link", key: str, etag: str) -> bool:
    # It puts the same bytes each time, so the ETag stays the same.
    return _insist(lambda: replace(link, key, etag))


def _insist(step: Callable[[], T]) -> T:
    """Do a step again whose answer was lost: it is harmless to repeat."""
    for _ in range(_STEP_TRIES - 1):
        try:
            return step()
        except PausedError:
            raise
        except TransientError:
            continue
    return step()
