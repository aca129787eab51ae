"""Every condition that S3 and the way to it can be in, and the error each becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sealift.errors import (
    AccessDeniedError,
    AlreadyThereError,
    BucketError,
    ChangedMeanwhileError,
    ClockError,
    CredentialsError,
    ItemRefusedError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    SealiftError,
    StoreFullError,
    StoreRefusedError,
    ThrottledError,
    TooLargeError,
    TransientError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one condition is met."""

    error: type[SealiftError]
    says: str
    """What happened, as the end of a sentence."""

    hint: str = ""
    """One order to the person who reads it."""


_KEYS = "Check the access key and its secret, or log in again."
_REGION = "Set region to the bucket's own."
_POLICY = "Let the credentials do s3:PutObject and s3:GetObject on the bucket and prefix."
_CLOCK = "Set this machine's clock, for instance with NTP."
_KMS = "Check the KMS key and that the credentials may use it."
_SUPPORT = "Run sealift check to see what this store supports."
_PROXY = "Check the endpoint and the proxy: the answer does not look like S3's."
_ITEM = "Change the item or the route's options, then release it."

_UNCLEAR = Rule(error=OutcomeUnknownError, says="the store failed while it worked on the request")
_AGAIN = Rule(error=TransientError, says="the store asks to send it again")
_SLOW = Rule(error=ThrottledError, says="the store asks for fewer requests")
_FULL = Rule(
    error=StoreFullError,
    says="the store has no room left",
    hint="Make room in the store or raise its quota.",
)
_BAD_KEYS = Rule(error=CredentialsError, says="the store rejects the credentials", hint=_KEYS)
_EXPIRED = Rule(error=CredentialsError, says="the credentials have expired", hint=_KEYS)
_DENIED = Rule(error=AccessDeniedError, says="the credentials may not do this", hint=_POLICY)
_SKEWED = Rule(error=ClockError, says="this machine's clock differs from the store's", hint=_CLOCK)
_ELSEWHERE = Rule(error=BucketError, says="the bucket lives in another region", hint=_REGION)
_NO_BUCKET = Rule(
    error=BucketError,
    says="the bucket does not exist",
    hint="Create the bucket or correct its name.",
)
_NO_KMS = Rule(error=StoreRefusedError, says="the KMS key cannot be used", hint=_KMS)
_REFUSED = Rule(error=StoreRefusedError, says="the store refuses the request", hint=_SUPPORT)
_NOT_S3 = Rule(error=StoreRefusedError, says="the answer is not one of S3", hint=_PROXY)
_UNWANTED = Rule(error=ItemRefusedError, says="the store refuses this item", hint=_ITEM)
_DAMAGED = Rule(
    error=ItemRefusedError,
    says="the store received other bytes than were sent, three times",
    hint="Look for a proxy that changes uploads, or for bad memory.",
)
_TAKEN = Rule(error=AlreadyThereError, says="an object is already under the key")
_CONFLICT = Rule(error=OutcomeUnknownError, says="another request for the key came in between")

BY_CODE: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(("InternalError", "ServiceUnavailable"), _UNCLEAR),
    **dict.fromkeys(
        (
            *("SlowDown", "Throttling", "ThrottlingException", "ThrottledException"),
            *("RequestThrottled", "RequestThrottledException", "TooManyRequests"),
            *("TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded"),
            *("EC2ThrottledException", "KMS.ThrottlingException", "ThrottlingError"),
        ),
        _SLOW,
    ),
    **dict.fromkeys(
        (
            *("RequestTimeout", "PriorRequestNotComplete"),
            *("ConditionalRequestConflict", "OperationAborted"),
        ),
        _AGAIN,
    ),
    **dict.fromkeys(("XMinioStorageFull", "InsufficientStorage", "QuotaExceeded"), _FULL),
    "PreconditionFailed": _TAKEN,
    # Answered to If-Match only: a GET that finds nothing is no error.
    "NoSuchKey": Rule(error=ChangedMeanwhileError, says="the object is gone"),
    # The Complete that was sent before may have won, and its answer was lost.
    "NoSuchUpload": Rule(error=OutcomeUnknownError, says="the upload is no longer known"),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), _SKEWED),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), _EXPIRED),
    **dict.fromkeys(
        (
            *("InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
            *("AllAccessDisabled", "AccountProblem", "NotSignedUp", "Unauthorized"),
        ),
        _BAD_KEYS,
    ),
    **dict.fromkeys(("AccessDenied", "Forbidden", "InvalidObjectState"), _DENIED),
    **dict.fromkeys(
        (
            *("KMS.DisabledException", "KMS.NotFoundException", "KMS.AccessDeniedException"),
            *("KMS.KMSInvalidStateException", "KMS.InvalidStateException"),
        ),
        _NO_KMS,
    ),
    **dict.fromkeys(
        (
            *("PermanentRedirect", "TemporaryRedirect", "Redirect"),
            *("AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
            "IllegalLocationConstraint",
        ),
        _ELSEWHERE,
    ),
    **dict.fromkeys(("NoSuchBucket", "InvalidBucketName"), _NO_BUCKET),
    **dict.fromkeys(
        (
            *("NotImplemented", "MethodNotAllowed", "InvalidRequest", "InvalidStorageClass"),
            *("InvalidEncryptionAlgorithmError", "NotModified"),
        ),
        _REFUSED,
    ),
    **dict.fromkeys(
        (
            *("BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"),
            *("XAmzContentChecksumMismatch", "IncompleteBody", "MissingContentLength"),
        ),
        _DAMAGED,
    ),
    "EntityTooLarge": Rule(
        error=TooLargeError, says="the item is too large for the store", hint=_ITEM
    ),
    "KeyTooLongError": Rule(error=KeyNameError, says="the key is too long", hint=_ITEM),
    **dict.fromkeys(
        ("EntityTooSmall", "MetadataTooLarge", "InvalidTag", "InvalidURI", "MalformedXML"),
        _UNWANTED,
    ),
}
"""S3's codes, as S3 and its look-alikes answer them.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

BY_STATUS: Final[Mapping[int, Rule]] = {
    # An object may be there that we cannot judge from here: look.
    **dict.fromkeys((304, 412), _TAKEN),
    409: _CONFLICT,
    **dict.fromkeys((301, 307, 308), _ELSEWHERE),
    **dict.fromkeys((302, 303), _NOT_S3),
    400: _REFUSED,
    401: _BAD_KEYS,
    403: _DENIED,
    404: _NOT_S3,  # S3 always says what it did not find
    405: _REFUSED,
    407: Rule(
        error=StoreRefusedError,
        says="the proxy wants a login",
        hint="Give it in the environment variable HTTPS_PROXY.",
    ),
    408: _AGAIN,
    411: _DAMAGED,
    413: BY_CODE["EntityTooLarge"],
    **dict.fromkeys((429, 509), _SLOW),
    **dict.fromkeys((500, 502, 503, 504), _UNCLEAR),
    **dict.fromkeys((501, 505), _REFUSED),
    507: _FULL,
}

BY_TROUBLE: Final[Mapping[str, Rule]] = {
    "connect": Rule(
        error=NotSentError,
        says="the store cannot be reached",
        hint="Check the network and the endpoint.",
    ),
    "name": Rule(
        error=NotSentError,
        says="the store's host name is not known",
        hint="Check the network, the region and the endpoint.",
    ),
    "certificate": Rule(
        error=StoreRefusedError,
        says="the store's TLS certificate is not trusted",
        hint="Give its authority's certificate as ca_bundle.",
    ),
    "timeout": Rule(error=OutcomeUnknownError, says="the store did not answer in time"),
    "broken": Rule(error=OutcomeUnknownError, says="the connection broke before the answer"),
    "no-etag": Rule(
        error=OutcomeUnknownError,
        says="the answer lacks the ETag that S3 always gives",
        hint=_PROXY,
    ),
    "region": _ELSEWHERE,
    "credentials": Rule(
        error=CredentialsError,
        says="no credentials could be had",
        hint="Log in, or set access_key_id and secret_access_key.",
    ),
    "panic": _UNWANTED,
    "key": Rule(error=KeyNameError, says="the key is not one that S3 clients can send", hint=_ITEM),
    "unknown": Rule(error=OutcomeUnknownError, says="the S3 client failed in an unknown way"),
}

RELOCATED: Final = frozenset(name for name, rule in BY_CODE.items() if rule is _ELSEWHERE)
EXPIRED: Final = frozenset(name for name, rule in BY_CODE.items() if rule is _EXPIRED)
DAMAGED: Final = frozenset(name for name, rule in BY_CODE.items() if rule is _DAMAGED)
UNSUPPORTED: Final = frozenset({"NotImplemented", "MethodNotAllowed", "InvalidRequest"})
