"""Uploads one event's segments, together with those of all other events under way."""

import asyncio
import logging
from typing import Any, Final

from sealift.aggregate.payload import check_payload
from sealift.errors import PayloadError, SealiftError
from sealift.integrations.tracardi.arrival import arrival
from sealift.integrations.tracardi.opening import shared
from sealift.integrations.tracardi.settings import Place

_log = logging.getLogger(__name__)

WAIT_SECONDS: Final = 30.0
"""How long an event waits for S3 before it is told that it goes later."""

DONE: Final = "JSON data uploaded to S3."


class UploadError(Exception):
    """The segments are not in S3, or not yet; the text says why, and what to do."""


async def upload(place: Place, payload: object, *, wait_seconds: float = WAIT_SECONDS) -> str:
    """Add the segments of *payload* to the day's file; return once they are in S3.

    The event loop is never blocked.

    Args:
        place: Where they go.
        payload: What the event brought; it is checked before anything is touched.
        wait_seconds: How long to wait for S3.

    Returns:
        What the port `success` says.

    Raises:
        UploadError: What the port `error` says.
    """
    try:
        check_payload(payload)
        await _stored(place, payload, wait_seconds)
    except PayloadError as error:
        raise UploadError(str(error)) from None
    except TimeoutError:
        raise _s3_error(
            f"S3 did not take it within {wait_seconds:g} seconds. The event is kept in the "
            "journal and sent by itself: do not add it again."
        ) from None
    except SealiftError as error:
        raise _s3_error(str(error)) from None
    except Exception as error:  # noqa: BLE001 - a flow gets a sentence, whatever happens
        _log.error("tracardi.unexpected", exc_info=error)
        raise _s3_error(f"unexpected {type(error).__name__}; the log says more.") from None
    return DONE


async def _stored(place: Place, payload: Any, wait_seconds: float) -> None:
    aggregates = shared()
    loop = asyncio.get_running_loop()
    accepted = await loop.run_in_executor(aggregates.writers, aggregates.submit, place, payload)
    await arrival(accepted, wait_seconds)


def _s3_error(reason: str) -> UploadError:
    return UploadError(f"S3 upload error: {reason}")
