"""Turns MongoDB's errors into ours. It needs no pymongo: names and codes tell enough."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sealift.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    ItemRefusedError,
    NoTransactionsError,
    NotSentError,
    OutcomeUnknownError,
    OvertakenError,
    SealiftError,
    StoreFullError,
    StoreRefusedError,
    TooLargeError,
    TransientError,
)

Make = Callable[[str], SealiftError]


def no_uri(message: str) -> SealiftError:
    """Say that the connection string is none."""
    return ConfigError(
        f"{message}: the URI is no MongoDB connection string, or has an unknown option.",
        hint="Write mongodb://USER:PASSWORD@HOST/ and percent-encode user and password.",
    )


def _lost(message: str) -> SealiftError:
    return OutcomeUnknownError(
        f"{message}: the connection broke, or the primary was lost.",
        hint="Run it again; readers still see a whole set.",
    )


def _credentials(message: str) -> SealiftError:
    return CredentialsError(
        f"{message}: the server does not accept the user and password.",
        hint="Correct the URI, or the user's rights to log in (authSource).",
    )


def _denied(message: str) -> SealiftError:
    return AccessDeniedError(
        f"{message}: the user may not do this.",
        hint="Give it the role readWrite on the database.",
    )


def _full(message: str) -> SealiftError:
    return StoreFullError(
        f"{message}: the server's disk or quota is full.",
        hint="Make room there and run it again; readers still see the set from before.",
    )


def _large(message: str) -> SealiftError:
    return TooLargeError(
        f"{message}: a document is over MongoDB's 16 MB.",
        hint='Use mode = "records", which stores each record by itself.',
    )


def _refused(message: str) -> SealiftError:
    return ItemRefusedError(
        f"{message}: the collection's validator refuses a record.",
        hint="Correct the validator, or the dataset's schema, so that both say the same.",
    )


def overtaken(message: str) -> SealiftError:
    """Say that another sync was quicker."""
    return OvertakenError(f"{message}: another sync was quicker.", hint="Run it again.")


def _no_transactions(message: str) -> SealiftError:
    return NoTransactionsError(f"{message}: the server has no transactions.")


def _later(message: str) -> SealiftError:
    return TransientError(f"{message}: the server could not do it now.", hint="Run it again.")


_BY_CODE: Final[Mapping[int, Make]] = {
    **dict.fromkeys((18, 8000), _credentials),
    13: _denied,
    **dict.fromkeys((14031, 12501, 39), _full),
    **dict.fromkeys((10334, 17280, 17419, 17420), _large),
    121: _refused,
    26: overtaken,
    11000: overtaken,
    **dict.fromkeys((20, 263, 303), _no_transactions),
    **dict.fromkeys((6, 7, 89, 91, 189, 9001, 10107, 11600, 11602, 13435, 13436), _lost),
    **dict.fromkeys((24, 46, 50, 64, 112, 202, 246, 251, 262), _later),
}
"""https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml"""

_BY_NAME: Final[Mapping[str, Make]] = {
    "ServerSelectionTimeoutError": lambda message: NotSentError(
        f"{message}: the server was not reached, or has no primary.",
        hint="Check the hosts in the URI, the network, TLS and that the server runs.",
    ),
    "DocumentTooLarge": _large,
    "WTimeoutError": _later,
    "ExecutionTimeout": _later,
    "AutoReconnect": _lost,
    "ConnectionFailure": _lost,
    "InvalidURI": no_uri,
    "ConfigurationError": lambda message: ConfigError(
        f"{message}: the options of the connection cannot be.",
        hint="Correct the URI and the TLS settings.",
    ),
    "InvalidOperation": _lost,
}


@contextmanager
def mongo_errors(doing: str) -> Iterator[None]:
    """Turn what pymongo raises into our errors; *doing* begins the message.

    The server's own words are not shown: they may hold values of documents.
    """
    try:
        yield
    except SealiftError:
        raise
    except Exception as error:
        names = [kind.__name__ for kind in type(error).__mro__]
        if not {"PyMongoError", "BSONError"} & set(names):
            raise
        raised = _explain(doing, error, names)
    else:
        return
    raise raised


def _explain(doing: str, error: Any, names: list[str]) -> SealiftError:
    codes = list(_codes(error))
    for code, _ in codes:
        if code in _BY_CODE:
            return _BY_CODE[code](doing)
    for name in names:
        if name in _BY_NAME:
            return _BY_NAME[name](doing)
    if "BSONError" in names:
        return ItemRefusedError(
            f"{doing}: a record cannot be written as BSON ({names[0]}).",
            hint="Rename its fields, or correct its values.",
        )
    told = ", ".join(f"{code} {name}".strip() for code, name in codes) or names[0]
    return StoreRefusedError(
        f"{doing}: the server refuses it ({told}).",
        hint="Look the code up in MongoDB's list of error codes, and into the server's log.",
    )


def _codes(error: Any) -> Iterator[tuple[int, str]]:
    """Give every code that the error tells: its own, and those of a bulk write."""
    details = getattr(error, "details", None)
    details = details if isinstance(details, dict) else {}
    for one in (*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())):
        yield one.get("code", 0), one.get("codeName", "")
    if isinstance(getattr(error, "code", None), int):
        yield error.code, str(details.get("codeName", ""))
