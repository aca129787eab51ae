"""Finds out how a store takes `If-Match`: with the ETag as it gives it, without quotes, or not."""

import uuid
from typing import TYPE_CHECKING, Literal

from sealift.destinations.s3_conditions import PROBE_FOLDER, STALE_ETAG, create, remove, replace
from sealift.destinations.s3_look import Eyes
from sealift.errors import NotSentError, OutcomeUnknownError, SealiftError

if TYPE_CHECKING:
    from sealift.destinations.s3_errors import Answer
    from sealift.destinations.s3_link import Link

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
    if answer := create(link, key):
        if answer.status == 501:
            return "refused"
        raise _explain(link, answer)
    second = create(link, key)
    if second is None:
        return "refused"
    if second.status not in {304, 409, 412}:
        raise _explain(link, second)
    if replace(link, key, STALE_ETAG):
        return "refused"
    found = Eyes(link).look(key)
    etag = found.etag if found else ""
    if not etag:
        return "refused"
    if replace(link, key, etag):
        return "as given"
    return "without" if replace(link, key, etag.strip('"')) else "refused"


def _explain(link: "Link", answer: "Answer") -> SealiftError:
    return link.explain(answer, doing=f"Trying out s3://{link.options.bucket}", writing=True)
