"""Every error of the database has its class, its exit code and a sentence without values."""

import pymongo.errors as theirs
import pytest
from bson.errors import InvalidDocument

from sealift import errors as ours
from sealift.datasets.mongo_errors import (
    _BY_CODE,
    NoTransactionsError,
    OvertakenError,
    mongo_errors,
)

SECRET = "value-of-a-document"


def mapped(error: Exception) -> ours.SealiftError:
    with pytest.raises(ours.SealiftError) as caught, mongo_errors("Syncing"):
        raise error
    assert str(caught.value).startswith("Syncing")
    assert SECRET not in str(caught.value)
    assert caught.value.hint or isinstance(caught.value, NoTransactionsError)
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "exit_code"),
    [
        (18, ours.CredentialsError, 4),
        (8000, ours.CredentialsError, 4),
        (13, ours.AccessDeniedError, 4),
        (14031, ours.StoreFullError, 3),
        (10334, ours.TooLargeError, 3),
        (121, ours.ItemRefusedError, 3),
        (26, OvertakenError, 3),
        (11000, OvertakenError, 3),
        (20, NoTransactionsError, 3),
        (10107, ours.OutcomeUnknownError, 3),
        (112, ours.TransientError, 3),
        (2, ours.StoreRefusedError, 4),
    ],
)
def test_a_code_has_its_class_wherever_it_stands(
    code: int, kind: type[ours.SealiftError], exit_code: int
) -> None:
    said = {"code": code, "codeName": "Name", "errmsg": SECRET}
    for error in (
        theirs.OperationFailure(SECRET, code, said),
        theirs.BulkWriteError({"writeErrors": [said], "writeConcernErrors": []}),
        theirs.BulkWriteError({"writeErrors": [], "writeConcernErrors": [said]}),
    ):
        found = mapped(error)
        assert (type(found), found.exit_code) == (kind, exit_code)


@pytest.mark.parametrize("code", _BY_CODE)
def test_every_known_code_makes_an_error(code: int) -> None:
    mapped(theirs.OperationFailure(SECRET, code))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (theirs.ServerSelectionTimeoutError(SECRET), ours.NotSentError),
        (theirs.AutoReconnect(SECRET), ours.OutcomeUnknownError),
        (theirs.NetworkTimeout(SECRET), ours.OutcomeUnknownError),
        (theirs.NotPrimaryError(SECRET), ours.OutcomeUnknownError),
        (theirs.DocumentTooLarge(SECRET), ours.TooLargeError),
        (theirs.InvalidURI(SECRET), ours.ConfigError),
        (theirs.ConfigurationError(SECRET), ours.ConfigError),
        (theirs.WTimeoutError(SECRET), ours.TransientError),
        (InvalidDocument(SECRET), ours.ItemRefusedError),
        (theirs.PyMongoError(SECRET), ours.StoreRefusedError),
    ],
)
def test_an_error_without_a_code_has_its_class(
    error: Exception, kind: type[ours.SealiftError]
) -> None:
    assert type(mapped(error)) is kind


def test_other_errors_are_left_alone() -> None:
    for error in (ValueError("x"), ours.UsageError("y")):
        with pytest.raises(type(error)) as caught, mongo_errors("Syncing"):
            raise error
        assert caught.value is error
