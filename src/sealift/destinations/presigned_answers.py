"""The one place where the answers of a presigner, and of S3 to a presigned PUT, become errors."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from sealift.destinations.presigned_link import HttpAnswer
from sealift.destinations.presigned_signing import WINDOW_SECONDS
from sealift.destinations.s3_errors import Answer, explain
from sealift.destinations.s3_rules import BY_STATUS, BY_TROUBLE, DAMAGED, EXPIRED
from sealift.errors import (
    AccessDeniedError,
    ClockError,
    CredentialsError,
    ItemRefusedError,
    KeyNameError,
    NotSentError,
    OutcomeUnknownError,
    PausedError,
    SealiftError,
    StoreRefusedError,
    ThrottledError,
    TooLargeError,
)

ASKING: Final = "Asking the presigner"
PUTTING: Final = "Storing by a presigned URL"

_PROBLEM: Final = re.compile(r"[\w.-]{1,60}", re.ASCII)
_MD5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MOST_SAID: Final = 300
_CODE: Final = re.compile(rb"<Code>([\w.]{1,80})</Code>")
_TELL: Final = "Tell whoever runs the presigner."
_LOGIN: Final = "Log in to the network, or check url and the proxy."
_ITEM: Final = "Change the file or its name, then release it."

_BY_PROBLEM: Final[Mapping[str, type[SealiftError]]] = {
    "device_mismatch": AccessDeniedError,
    "device_name": AccessDeniedError,
    "invalid_filename": KeyNameError,
    "length_over_limit": TooLargeError,
    **dict.fromkeys(("missing_field", "unknown_field", "invalid_field"), ItemRefusedError),
    **dict.fromkeys(("rate_limited", "daily_quota"), ThrottledError),
    **dict.fromkeys(
        ("internal", "store_unavailable", "credentials_unavailable", "minimal_refused"),
        NotSentError,
    ),
}
"""What the presigner's codes become; any other is `StoreRefusedError`."""


def unreachable(trouble: str) -> SealiftError:
    """Make the error for a presigner that gave no answer. Nothing was sent of the item."""
    rule = BY_TROUBLE[trouble]
    kind = rule.error if issubclass(rule.error, PausedError) else NotSentError
    says = rule.says.replace("the store's", "its").replace("the store", "it")
    return kind(f"{ASKING}: {says}.", hint="Check the network and the destination's url.")


def problem_of(answer: HttpAnswer) -> Mapping[str, Any]:
    """Read problem details of a presigner of ours; empty if the answer is none."""
    if "json" not in answer.header("content-type"):
        return {}
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) and _is_code(found.get("code")) else {}


def refused(problem: Mapping[str, Any], retry_after_seconds: float = 0.0) -> SealiftError:
    """Make the error for problem details."""
    code = problem["code"] if _is_code(problem.get("code")) else "unknown"
    kind = _BY_PROBLEM.get(code, StoreRefusedError)
    detail = _said(problem.get("detail") or problem.get("title"))
    message = f"{ASKING}: it refuses ({code}). {detail}".rstrip()
    if kind is ThrottledError:
        return ThrottledError(message, retry_after_seconds=retry_after_seconds)
    return kind(message, hint=_ITEM if issubclass(kind, ItemRefusedError | KeyNameError) else "")


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _PROBLEM.fullmatch(value) is not None


def _said(text: object) -> str:
    """Give what may be repeated of a presigner's words: no URL, no controls, not for ever."""
    if not isinstance(text, str) or "://" in text or "X-Amz-" in text:
        return ""
    return "".join(c if c.isprintable() else " " for c in text[:_MOST_SAID])


def refusal(answer: HttpAnswer, skew_seconds: float | None) -> SealiftError:
    """Make the error for an answer of the presigner that gives nothing.

    Args:
        answer: The answer.
        skew_seconds: This machine's clock minus the presigner's; None if not known.
    """
    if answer.status == 401:
        return _unauthorized(skew_seconds)
    if problem := problem_of(answer):
        return refused(problem, answer.retry_after_seconds)
    return _unexplained(answer)


def not_understood(answer: HttpAnswer) -> SealiftError:
    """Make the error for what no presigner answers, such as the login page of a network."""
    kind = "a web page" if answer.is_html else "not the answer of a presigner"
    return StoreRefusedError(
        f"{ASKING}: what came is {kind} ({answer.status}); nothing was sent.", hint=_LOGIN
    )


def is_stored(answer: HttpAnswer, md5: str) -> bool:
    """Tell whether an answer to a PUT bears the marks of S3, as no login page does.

    These are an ETag, and either the body's MD5 in it or an `x-amz-` header. Without
    them, a 200 says nothing; nor does it with the MD5 of another body.
    """
    etag = answer.header("etag").strip('"')
    if answer.status != 200 or not etag or answer.is_html:
        return False
    marks = ("x-amz-request-id", "x-amz-id-2", "x-amz-version-id", "x-amz-server-side-encryption")
    return etag == md5 or (any(map(answer.header, marks)) and not is_of_others(answer))


def is_of_others(answer: HttpAnswer) -> bool:
    """Tell whether the ETag, known not to be the body's MD5, is that of another body.

    It is no MD5 where the store encrypts with keys of KMS or of the customer.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    encryption = "x-amz-server-side-encryption"
    return (
        _MD5.fullmatch(answer.header("etag").strip('"')) is not None
        and not answer.header(encryption).startswith("aws:kms")
        and not answer.header(f"{encryption}-customer-algorithm")
    )


def remedy(answer: HttpAnswer) -> str:
    """Say what may help after a refused PUT; empty if nothing that can be done at once.

    `expired`: another URL for the same key. `denied`: the same, once. `damaged`: the
    same bytes again.
    """
    code = _code_of(answer)
    if code in DAMAGED:
        return "damaged"
    if code in EXPIRED or code == "RequestExpired":
        return "expired"
    if answer.status != 403:
        return ""
    # S3 says AccessDenied, and in the message that the request has expired.
    return "expired" if b"expired" in answer.body.lower() else "denied"


def put_error(answer: HttpAnswer) -> SealiftError:
    """Make the error for the answer to a PUT that was not stored, or not for certain."""
    if answer.status == 200 and is_of_others(answer):
        return OutcomeUnknownError(
            f"{PUTTING}: the answer is for other bytes than were sent.",
            hint="Look for a proxy that changes uploads or mixes up answers.",
        )
    if answer.status < 300:
        rule = BY_TROUBLE["no-etag"]
        return OutcomeUnknownError(
            f"{PUTTING}: the answer lacks the marks of S3 ({answer.status}).", hint=rule.hint
        )
    return _explained(
        Answer(
            status=answer.status,
            code=_code_of(answer),
            retry_after_seconds=answer.retry_after_seconds,
        )
    )


def put_unanswered(trouble: str) -> SealiftError:
    """Make the error for a PUT that got no answer."""
    return _explained(Answer(trouble=trouble))


def _unexplained(answer: HttpAnswer) -> SealiftError:
    """Make the error for an answer that a gateway or a proxy gave in the presigner's place."""
    status = answer.status
    if status == 407:
        rule = BY_STATUS[407]
        return StoreRefusedError(f"{ASKING}: {rule.says} (407).", hint=rule.hint)
    if status == 429 or (status == 503 and answer.retry_after_seconds):
        return ThrottledError(
            f"{ASKING}: it asks for fewer requests ({status}).",
            retry_after_seconds=answer.retry_after_seconds,
        )
    if status >= 500 and status != 511:
        return NotSentError(f"{ASKING}: it failed ({status}).", hint=_TELL)
    if status == 403 and not answer.is_html:
        return AccessDeniedError(f"{ASKING}: it denies this device access (403).", hint=_TELL)
    return not_understood(answer)


def _explained(answer: Answer) -> SealiftError:
    error = explain(answer, doing=PUTTING, writing=True)
    if isinstance(error, CredentialsError | AccessDeniedError):
        return type(error)(error.message, hint=_TELL)  # the keys are not this machine's
    return error


def _code_of(answer: HttpAnswer) -> str:
    found = _CODE.search(answer.body)
    return found[1].decode() if found else ""


def _unauthorized(skew_seconds: float | None) -> SealiftError:
    if skew_seconds is not None and abs(skew_seconds) > WINDOW_SECONDS:
        return ClockError(
            f"{ASKING}: this machine's clock differs from its by {skew_seconds:+.0f} s.",
            hint="Set this machine's clock, for instance with NTP.",
        )
    return CredentialsError(
        f"{ASKING}: it does not accept this device (401).",
        hint="Check device_id and the device's secret or token.",
    )
