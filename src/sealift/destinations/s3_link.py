"""The way to one bucket: made at first use, and mended when region or credentials were wrong."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sealift.destinations.s3_bucket import DEFAULT_REGION, is_aws
from sealift.destinations.s3_connection import Connection
from sealift.destinations.s3_credentials import (
    Credentials,
    CredentialSource,
    chain_region,
    source_for,
)
from sealift.destinations.s3_errors import Answer, explain, read_obstore, rule_for
from sealift.destinations.s3_options import S3Options
from sealift.destinations.s3_rules import DAMAGED, EXPIRED, RELOCATED
from sealift.errors import ClockError, SealiftError, StateError, TransientError

if TYPE_CHECKING:
    from sealift.destinations.s3_unsigned import Seen

_DAMAGED_TRIES: Final = 3


class Link:
    """Holds the connection to the bucket that all threads share.

    Args:
        options: Checked options.
        clock: Wall clock, seconds since 1970.
        source: Resolves credentials; by default the options or the AWS chain.
    """

    def __init__(
        self,
        options: S3Options,
        *,
        clock: Callable[[], float],
        source: CredentialSource | None = None,
    ) -> None:
        self.options = options
        self.clock = clock
        self.credentials = Credentials(source or source_for(options), clock=clock)
        self._use_chain = source is None and not options.access_key_id
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def connection(self) -> Connection:
        """Give the connection, and make it at first use.

        Raises:
            StateError: This process is a fork of the one that made it.
        """
        connection = self._connection or self._connect()
        # obstore's threads do not survive a fork: its next call would hang for ever.
        if connection.pid != os.getpid():
            raise StateError(
                f"The connection to s3://{self.options.bucket} was made before this process "
                "was forked, and cannot be used in it.",
                hint="Start processes with spawn, or use threads.",
            )
        return connection

    def close(self) -> None:
        """Let go of the connection. The next use makes a new one."""
        with self._lock:
            self._connection = None

    def _connect(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = self._open(self._first_region())
            return self._connection

    def _open(self, region: str) -> Connection:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - 16 MB, wanted late

        try:
            return Connection(self.options, region=region, credentials=self.credentials)
        except (BaseError, ValueError, OSError) as error:
            raise TransientError(
                f"The S3 client for s3://{self.options.bucket} could not be made: "
                f"{type(error).__name__}.",
                hint="Check the endpoint, the proxy and the ca_bundle.",
            ) from None

    def _first_region(self) -> str:
        if self.options.region:
            return self.options.region
        if self._use_chain and (region := chain_region(self.options.profile)):
            return region
        if not is_aws(self.options):
            return DEFAULT_REGION
        seen = self.look(DEFAULT_REGION)
        return seen.region if seen and seen.region else DEFAULT_REGION

    def look(self, region: str) -> "Seen | None":
        """Ask the bucket without a signature where it is, and what time it is there."""
        from sealift.destinations.s3_unsigned import look_at_bucket  # noqa: PLC0415 - slow

        return look_at_bucket(self.options, region=region, clock=self.clock)

    def mend(
        self, error: BaseException, connection: Connection, tried: list[str], *, doing: str
    ) -> Connection:
        """Give a connection with which a failed put may go right, or raise why not.

        Args:
            error: What obstore raised. Nothing is stored if this returns.
            connection: The one that failed.
            tried: What was mended before for this call; grows.
            doing: Names the call and the bucket.

        Raises:
            SealiftError: Nothing here can mend it.
        """
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise error
        answer = read_obstore(error)
        if mended := self.mended(answer, connection, tried):
            return mended
        raise self.explain(answer, doing=doing, writing=True) from None

    def mended(self, answer: Answer, connection: Connection, tried: list[str]) -> Connection | None:
        """Give a connection that may do better, or None: each remedy is tried once a call."""
        if answer.code in DAMAGED and tried.count("damaged") < _DAMAGED_TRIES - 1:
            tried.append("damaged")
            return connection
        if answer.code in EXPIRED and "expired" not in tried:
            tried.append("expired")
            return self._replace(connection, self._renewed)
        if (answer.code in RELOCATED or answer.trouble == "region") and "region" not in tried:
            tried.append("region")
            return self._replace(connection, self._relocated)
        return None

    def _replace(
        self, stale: Connection, make: Callable[[Connection], Connection | None]
    ) -> Connection | None:
        """Replace *stale* once, however many threads found it so."""
        with self._lock:
            if self._connection is stale or self._connection is None:
                made = make(stale)
                if made is None:
                    return None
                self._connection = made
            return self._connection

    def _renewed(self, stale: Connection) -> Connection:
        self.credentials.forget()
        return self._open(stale.region)

    def _relocated(self, stale: Connection) -> Connection | None:
        seen = self.look(stale.region)
        if seen is None or seen.region in {"", stale.region}:
            return None
        return self._open(seen.region)

    def explain(self, answer: Answer, *, doing: str, writing: bool) -> SealiftError:
        """Make the error for *answer*, with what can be found out besides."""
        if answer.trouble == "credentials" and self.credentials.failure:
            return self.credentials.failure
        if rule_for(answer).error is ClockError:
            answer = replace(answer, detail=self._skew())
        elif answer.code in RELOCATED or answer.trouble == "region":
            answer = replace(answer, detail=self._whereabouts())
        return explain(answer, doing=doing, writing=writing)

    def _skew(self) -> str:
        seen = self.look(self._region())
        if seen is None or seen.skew_seconds is None:
            return ""
        way = "ahead of" if seen.skew_seconds > 0 else "behind"
        return f"This clock is {abs(seen.skew_seconds):.0f} s {way} the store's."

    def _whereabouts(self) -> str:
        seen = self.look(self._region())
        return f"It is in {seen.region}." if seen and seen.region else ""

    def _region(self) -> str:
        connection = self._connection
        return connection.region if connection else DEFAULT_REGION
