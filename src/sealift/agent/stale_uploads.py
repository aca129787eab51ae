"""Lets go of large uploads whose items have ended, so that nobody pays for their parts."""

import threading
from collections.abc import Callable
from contextlib import suppress

from sealift.destinations.base import Destination
from sealift.errors import SealiftError
from sealift.ledger.ledger import Ledger
from sealift.ledger.uploads import DeliveryParts, abandoned_uploads


def abort_stale_uploads(
    ledger: Ledger, route: str, destination: Destination, wall: Callable[[], float]
) -> threading.Thread | None:
    """Abort the uploads of *route* that were begun and given up; what fails is tried next time.

    Returns:
        The thread that does it, as a store may take long to answer; None if there
        is nothing to do.
    """
    stale = abandoned_uploads(ledger, route, destination.name)
    if not stale:
        return None

    def abort() -> None:
        with suppress(SealiftError):
            destination.abort_stale_uploads([(key, upload_id) for _, key, upload_id in stale])
            for seq, _key, _upload_id in stale:
                DeliveryParts(ledger, seq, destination.name, wall).clear()

    thread = threading.Thread(target=abort, name="sealift-abort", daemon=True)
    thread.start()
    return thread
